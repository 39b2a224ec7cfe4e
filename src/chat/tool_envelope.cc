#include "chat/tool_envelope.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/json.h"

namespace understudy {
namespace {

struct Format {
  std::string_view begin, end;  // an empty end: up to the end of the content
};
constexpr std::array<Format, 4> kFormats{{
    {"<tool_call>", "</tool_call>"},
    {"<function_call>", "</function_call>"},
    {"[TOOL_CALLS]", ""},
    {"<|python_tag|>", ""},
}};

// The first whole beginning.
struct Begin {
  size_t at = std::string_view::npos;
  int format = -1;
};
Begin FindBegin(std::string_view text) {
  Begin first;
  for (size_t i = 0; i < kFormats.size(); ++i) {
    const size_t at = text.find(kFormats[i].begin);
    if (at < first.at) first = {at, static_cast<int>(i)};
  }
  return first;
}

// How many bytes at the end of `text` may be the first of a beginning.
size_t PartialBegin(std::string_view text) {
  size_t most = 0;
  for (const Format& format : kFormats) {
    for (size_t n = std::min(format.begin.size() - 1, text.size()); n > most; --n) {
      if (text.ends_with(format.begin.substr(0, n))) most = n;
    }
  }
  return most;
}

std::optional<ToolCall> CallOf(const json::value& value) {
  ToolCall call;
  call.index = kNoIndex;
  call.name = StringOr(value, "name");
  if (call.name.empty()) return std::nullopt;
  const json::value* arguments = Find(value, "arguments");
  if (!arguments) arguments = Find(value, "parameters");
  if (!arguments) {
    call.arguments = "{}";
  } else if (arguments->is_string()) {
    call.arguments = arguments->get_string().c_str();
  } else if (arguments->is_object()) {
    call.arguments = json::serialize(*arguments);
  } else {
    return std::nullopt;
  }
  return call;
}

}  // namespace

bool ToolEnvelope::MayBegin(std::string_view content) {
  return content.find('<') != std::string_view::npos || content.find('[') != std::string_view::npos;
}

bool ToolEnvelope::Read(std::string_view inside, std::vector<ToolCall>& calls) const {
  const auto value = ParseJson(inside);
  if (!value) return false;
  std::vector<ToolCall> read;
  const auto add = [&](const json::value& item) {
    auto call = CallOf(item);
    const bool offered = call && std::ranges::any_of(*tools_, [&](const Tool& tool) {
                           return tool.name == call->name;
                         });
    if (offered) read.push_back(*std::move(call));
    return offered;
  };
  if (value->is_array()) {
    if (!std::ranges::all_of(value->get_array(), add)) return false;
  } else if (!value->is_object() || !add(*value)) {
    return false;
  }
  for (ToolCall& call : read) calls.push_back(std::move(call));
  return !read.empty();
}

std::string ToolEnvelope::Take(std::string_view content, std::vector<ToolCall>& calls) {
  held_ += content;
  std::string text;
  while (true) {
    if (open_ < 0) {
      const Begin begin = FindBegin(held_);
      const bool found = begin.format >= 0;
      const size_t before = found ? begin.at : held_.size() - PartialBegin(held_);
      text.append(held_, 0, before);
      held_.erase(0, before);
      if (!found) return text;
      open_ = begin.format;
      searched_ = 0;
    }
    const Format& format = kFormats[static_cast<size_t>(open_)];
    if (format.end.empty()) return text;
    const size_t first = format.begin.size();
    const size_t end = held_.find(format.end, std::max(searched_, first));
    if (end == std::string::npos) {
      const size_t overlap = format.end.size() - 1;
      searched_ = held_.size() > overlap ? held_.size() - overlap : 0;
      return text;
    }
    const size_t after = end + format.end.size();
    if (!Read(std::string_view(held_).substr(first, end - first), calls)) {
      text.append(held_, 0, after);
    }
    held_.erase(0, after);
    open_ = -1;
  }
}

std::string ToolEnvelope::End(std::vector<ToolCall>& calls) {
  std::string text;
  if (open_ < 0) {
    text = std::move(held_);
  } else {
    const size_t first = kFormats[static_cast<size_t>(open_)].begin.size();
    Read(std::string_view(held_).substr(first), calls);
  }
  held_.clear();
  open_ = -1;
  return text;
}

}  // namespace understudy
