// Edits of a request's raw bytes (chat/request.h): everything that is not edited stays as it came.
#include <algorithm>

#include "base/json.h"
#include "chat/request.h"

namespace understudy {
namespace {

// Inserts `member` as the first of the object that opens just before `begin`.
Splice InsertMember(std::string_view body, uint32_t begin, std::string member) {
  const size_t next = body.find_first_not_of(" \t\n\r", begin);
  if (next != std::string_view::npos && body[next] != '}') member += ',';
  return {{begin, begin}, std::move(member)};
}

// Sets a member of the body's object, whether it is there or not.
Splice SetMember(const ChatRequest& request, Span span, std::string_view key,
                 std::string_view value) {
  if (!span.empty()) return {span, std::string(value)};
  return InsertMember(request.body, request.members_begin,
                      JsonString(key) + ':' + std::string(value));
}

Splice AskForUsage(const ChatRequest& request) {
  if (!request.include_usage_span.empty()) return {request.include_usage_span, "true"};
  const Span options = request.stream_options_span;
  if (!options.empty() && request.body[options.begin] == '{') {
    return InsertMember(request.body, options.begin + 1, R"("include_usage":true)");
  }
  return SetMember(request, options, "stream_options", R"({"include_usage":true})");
}

}  // namespace

std::string SpliceBody(std::string_view body, std::vector<Splice> edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Splice& a, const Splice& b) { return a.span.begin < b.span.begin; });
  size_t grown = body.size();
  for (const Splice& edit : edits) grown += edit.text.size();
  std::string out;
  out.reserve(grown);
  size_t at = 0;
  for (const Splice& edit : edits) {
    out.append(body, at, edit.span.begin - at);
    out += edit.text;
    at = edit.span.end;
  }
  out.append(body, at);
  return out;
}

std::vector<Splice> EditsForUpstream(const ChatRequest& request, std::string_view model,
                                     UpstreamWants wants) {
  std::vector<Splice> edits;
  if (!model.empty() && request.model != model) {
    edits.push_back(SetMember(request, request.model_span, "model", JsonString(model)));
  }
  const bool stream = wants.stream;
  if (request.stream != stream) {
    edits.push_back(SetMember(request, request.stream_span, "stream", stream ? "true" : "false"));
  }
  if (stream && wants.count_usage && !request.include_usage) edits.push_back(AskForUsage(request));
  if (!stream && !request.stream_options_span.empty()) {
    edits.push_back({request.stream_options_span, "null"});
  }
  if (!wants.reasoning) {
    for (const Span span : request.reasoning) edits.push_back({span, ""});
  }
  return edits;
}

std::string BodyForUpstream(const ChatRequest& request, std::string_view model,
                            UpstreamWants wants) {
  return SpliceBody(request.body, EditsForUpstream(request, model, wants));
}

}  // namespace understudy
