// A chat-completions request, parsed once at the edge.
//
// The body stays as it came: what the gateway does not need passes through untouched, and what it
// must change (the model's name, say) is spliced into the raw bytes. Everything the later steps
// ask about is read here, once, into native types.
//
// Source of the shapes: OpenAI API reference, "Create chat completion".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace understudy {

enum class Role : uint8_t { kSystem, kDeveloper, kUser, kAssistant, kTool, kOther };

inline constexpr int kNoIndex = -1;  // of a stream's piece that did not tell its call's index

struct ToolCall {
  int index = 0;           // position among its message's calls, from 0
  std::string id;          // "call_..."; given by the model's server
  std::string name;        // function name
  std::string arguments;   // JSON text, exactly as the model wrote it; may be invalid
  bool custom = false;     // of type "custom": arguments is free text
  bool as_object = false;  // arguments came as a JSON object, not as its text
};

struct Message {
  Role role = Role::kUser;
  std::string text;          // the text parts joined by newlines; empty for null content
  bool has_content = false;  // false where content was null or absent
  bool has_image = false;    // carried image, audio or file parts
  std::string name;
  std::string tool_call_id;          // of a tool message
  std::vector<ToolCall> tool_calls;  // of an assistant message
};

struct Tool {
  std::string name;
  std::string parameters;  // raw JSON schema; empty when absent
};

enum class ToolChoice : uint8_t { kAuto, kNone, kRequired, kFunction };
enum class ResponseFormat : uint8_t { kText, kJsonObject, kJsonSchema };

// Half-open byte range in `body`; empty (begin == end) when the member is absent.
struct Span {
  uint32_t begin = 0, end = 0;
  bool empty() const { return begin == end; }
};

struct ChatRequest {
  std::string body;  // the request, exactly as received

  std::string model;  // as asked; may be an alias such as "understudy/auto"
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice = ToolChoice::kAuto;
  std::string forced_tool;  // the function's name, for kFunction
  ResponseFormat response_format = ResponseFormat::kText;
  std::string response_schema;  // raw JSON schema, for kJsonSchema
  int n = 1;
  std::optional<int64_t> max_tokens;  // max_completion_tokens, else max_tokens
  std::optional<int64_t> seed;
  std::optional<double> temperature;
  bool logprobs = false;
  int top_logprobs = 0;
  std::string user;

  // Where to splice. Each covers the member's value (with quotes, braces); `members_begin` is
  // just after the opening brace of the body, where a new member can be inserted.
  Span model_span, stream_span, stream_options_span;
  Span include_usage_span;  // within stream_options
  uint32_t members_begin = 0;
  // Members with their leading comma that hold an earlier answer's thinking (`reasoning_content`)
  // and that a conversion put in: they go out again for upstreams that take none back.
  std::vector<Span> reasoning;
};

// Reads `body`. Errors are kInvalidInput with `param` set and say what was expected: malformed
// JSON, no messages, a wrong type in a field we read, a field we read given twice, nesting beyond
// kMaxJsonDepth (base/json.h). `param` is empty where the JSON itself is malformed. A null counts
// as absent. Fields we do not read are never rejected, nor are words we do not know in those we
// read (a new role, tool type or response format): judging them is the upstream's. Takes the body
// by value to keep it and may grow its capacity for the parser. Linear in the body's size;
// thread-safe.
Result<ChatRequest> ParseChatRequest(std::string body);

// One edit of a body: replace the bytes of `span` by `text`; an empty span inserts at its begin.
struct Splice {
  Span span;
  std::string text;
};
// The body with the edits made. Spans must not overlap; any order.
std::string SpliceBody(std::string_view body, std::vector<Splice> edits);

// The body for an upstream: its own model name (as asked where `model` is empty); `stream` set as
// given; when streaming with `count_usage`, stream_options.include_usage so that the gateway can
// count; when not streaming, stream_options null, as upstreams refuse them then; and without the
// thinking that a conversion put in unless the upstream takes it back.
struct UpstreamWants {
  bool stream = false;
  bool count_usage = false;
  bool reasoning = false;
};
std::string BodyForUpstream(const ChatRequest& request, std::string_view model,
                            UpstreamWants wants);
// The edits that make that body; none where it goes as it came, so that it need not be copied.
std::vector<Splice> EditsForUpstream(const ChatRequest& request, std::string_view model,
                                     UpstreamWants wants);

// The last message of role user; empty if none.
std::string_view LastUserText(const ChatRequest& request);
std::string_view Name(Role role);

}  // namespace understudy
