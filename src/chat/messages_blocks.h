// The content blocks of a Messages request, read and written out as chat-completions messages.
// For messages_request.cc, whose header tells what becomes of what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/json_reader.h"
#include "chat/request.h"

namespace understudy {

struct MessagesBlock {
  std::string type;
  std::string text;    // of text and thinking blocks
  std::string id;      // id of tool_use, tool_use_id of tool_result
  std::string name;    // of tool_use
  std::string input;   // raw JSON
  std::string title;   // of documents
  std::string source;  // "base64", "url", "text", "content"
  std::string media_type, data, url;
  std::vector<MessagesBlock> content;  // of tool_result, and of documents
  bool is_error = false;
};

// A string, as one text block, or an array of blocks; null counts as absent. Every block is one
// that can be said in chat completions where it stands, or the reader fails and names it.
bool ReadMessagesContent(JsonReader& in, JsonReader::Value value,
                         std::vector<MessagesBlock>* blocks);

// Each appends messages to `out`, a comma after each. `left_out` gets the types of the blocks that
// are passed over.
void AppendUserTurn(const std::vector<MessagesBlock>& blocks, std::string* out,
                    std::vector<std::string>* left_out);
// `reasoning` gets where in `out` the turn's thinking stands, as a member with its leading comma.
void AppendAssistantTurn(const std::vector<MessagesBlock>& blocks, std::string* out,
                         std::vector<Span>* reasoning, std::vector<std::string>* left_out);
void AppendSystem(const std::vector<MessagesBlock>& blocks, std::string* out);

}  // namespace understudy
