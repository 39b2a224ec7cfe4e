// JSON as llama-server's templates read and write it.
//
// Written as the `tojson` filter of llama-server's templates writes it: on one line, ", " and ": "
// between members, keys in their order, text as it is but for what JSON must
// escape, numbers with a point or an exponent as the shortest text that reads back the same.
#pragma once

#include <string>

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

void AppendTemplateJson(std::string& out, const json::value& value);

// Arguments of a tool call, given as text: parsed with exact numbers (whole ones beyond
// 64 bits may be off in the last place), the last of members of one
// name counts, in the first one's place. kInvalidInput for what is no JSON, or too large a number.
Result<json::value> ParseArguments(std::string_view text);

}  // namespace understudy
