// JSON off the hot path: Boost.JSON with its limits set, and small readers with clear errors.
// (On the hot path: chat/request.h, which uses simdjson and keeps the raw bytes.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace understudy {

namespace json = boost::json;

inline constexpr size_t kMaxJsonDepth = 128;

// Parses one complete JSON text. Errors name the byte offset. Numbers that fit neither int64 nor
// uint64 become double; use raw bytes where the exact digits matter.
Result<json::value> ParseJson(std::string_view text);

// Members of an object, or a default. A member of another type counts as absent.
const json::value* Find(const json::value& object, std::string_view key);
std::string_view StringOr(const json::value& object, std::string_view key,
                          std::string_view otherwise = {});
int64_t IntOr(const json::value& object, std::string_view key, int64_t otherwise);
double NumberOr(const json::value& object, std::string_view key, double otherwise);
bool BoolOr(const json::value& object, std::string_view key, bool otherwise);

// Same JSON value, whatever the order of members, white space, or 1 against 1.0.
bool SameJson(const json::value& a, const json::value& b);

// Keys sorted, no white space: equal values give equal bytes. For hashing and comparing.
std::string CanonicalJson(const json::value& value);

// Appends `text` as a JSON string with its quotes. Invalid UTF-8 is passed through.
void AppendJsonString(std::string& out, std::string_view text);
std::string JsonString(std::string_view text);

}  // namespace understudy
