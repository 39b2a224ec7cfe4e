// Rules about header fields that both sides need (RFC 9110 section 7.6, RFC 9112 section 3).
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace understudy {

// Where a chunk's size is due, at least this much is still to come: "0", CRLF, CRLF. Beast 1.81
// must not be shown less there: it asserts this much when the last chunk comes in pieces.
inline constexpr size_t kLeastChunkedRest = 5;

// Whether a chunk's head (what precedes its data: CRLF of the chunk before, size, extensions) has a
// quoted string that its line does not end. Beast 1.81 asks for more then, and counts the chunk
// against the body's limit each time.
bool IsChunkHeadBroken(std::string_view rest);

// Belongs to one connection and is never passed on: Connection, Keep-Alive, TE, Trailer,
// Transfer-Encoding, Upgrade, Proxy-*.
bool IsHopByHop(std::string_view name);

// Removes the fields that a Connection field's comma-separated list names. Fields that carry a
// message's meaning (Host, Content-Type, Authorization...) stay: a client cannot drop them so.
void RemoveListed(Headers& headers, std::string_view list);

// A token (RFC 9110 section 5.6.2); no control characters but tab.
bool IsFieldName(std::string_view name);
bool IsFieldValue(std::string_view value);

// "http://host/path?x" -> "/path?x"; other targets as they are.
std::string_view OriginForm(std::string_view target);

// Appends "name: value\r\n".
void AppendField(std::string& out, std::string_view name, std::string_view value);

// "OK" for 200; "Status" for those without a name.
std::string_view ReasonPhrase(int status);

}  // namespace understudy
