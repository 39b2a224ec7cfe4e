// Readers that requests and answers share: what a message's content and tool calls look like.
#pragma once

#include <string>
#include <vector>

#include "chat/json_reader.h"
#include "chat/request.h"

namespace understudy {

struct Content {
  std::string text;          // text (and refusal) parts joined by newlines
  bool has_content = false;  // not null
  bool has_image = false;    // parts of any other type: image_url, input_audio, file
};

// null, a string, or an array of typed parts.
bool ReadContent(JsonReader& in, JsonReader::Value value, Content* content);

// null or an array of {"index", "id", "type", "function": {"name", "arguments"}} in any order,
// every member optional (streams send pieces). Appends. With `positional` an item's index is its
// position, else what it says, else kNoIndex.
bool ReadToolCalls(JsonReader& in, JsonReader::Value value, bool positional,
                   std::vector<ToolCall>* calls);

}  // namespace understudy
