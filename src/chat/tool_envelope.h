// Tool calls that a model wrote as text: the envelope of its own format, left in the content by a
// server that did not understand it, or that stopped before its end.
//
// Formats: <tool_call>JSON</tool_call> (Hermes, Qwen), <function_call>JSON</function_call>,
// [TOOL_CALLS]JSON (Mistral) and <|python_tag|>JSON (Llama 3) up to the end. JSON is an object with
// `name` and `arguments` (or `parameters`), or an array of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/request.h"

namespace understudy {

// Splits the content of one choice, piece by piece. Linear time.
class ToolEnvelope {
 public:
  // `tools`, which must outlive it: those on offer. A whole envelope that calls another one, or
  // nothing that can be read, is text.
  explicit ToolEnvelope(const std::vector<Tool>& tools) : tools_(&tools) {}

  // The text that `content` adds for the reader. What may be the beginning of an envelope is held
  // back; whole envelopes become calls (index kNoIndex, no id).
  std::string Take(std::string_view content, std::vector<ToolCall>& calls);
  // After the last piece. An envelope without its end becomes its call where that is complete, and
  // is otherwise left out: half a call is of no use to anybody.
  std::string End(std::vector<ToolCall>& calls);
  bool holds() const { return !held_.empty(); }

  // False: no envelope begins in this text. Cheap.
  static bool MayBegin(std::string_view content);

 private:
  bool Read(std::string_view inside, std::vector<ToolCall>& calls) const;

  const std::vector<Tool>* tools_;
  std::string held_;
  int open_ = -1;        // the format of the envelope that begins held_; -1: none does
  size_t searched_ = 0;  // its end does not begin before this
};

}  // namespace understudy
