// Edits of config.toml that keep everything else as its owner wrote it: comments, order, blanks.
// Positions come from the TOML parser, so strings and arrays over several lines do no harm. Each
// returns the new text; the caller checks it with ParseConfig before it is written.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// Appends a block ("[[models]]\n...") at the end, set off by a blank line.
std::string AppendBlock(std::string_view toml, std::string_view block);

// Cuts the [[models]] block of this name, with the tables inside it ([[models.adapters]]).
// Comments before the block and after its last key stay. kNotFound names the models there are;
// kUnsupported where the models are written as an inline array.
Result<std::string> CutModel(std::string_view toml, std::string_view name);

// Adds "NAME:HEX" to auth.api_keys, making the key or the [auth] table where they are missing.
// kInvalidInput where a key of that name is there already.
Result<std::string> AddApiKey(std::string_view toml, std::string_view entry);

}  // namespace understudy
