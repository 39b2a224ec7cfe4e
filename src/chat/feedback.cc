#include "chat/feedback.h"

#include <vector>

#include "base/clock.h"
#include "chat/exchange_shape.h"
#include "chat/json_reader.h"

namespace understudy {
namespace {

constexpr std::string_view kMember = "feedback";

Error Wrong(const JsonReader& in) {
  return InvalidInput(in.problem().message).Param(in.problem().path);
}

// A text, or an assistant's message, as its bytes.
bool ReadCorrected(JsonReader& in, JsonReader::Value value, std::string* out) {
  const JsonKind kind = in.Kind(value);
  if (kind == JsonKind::kNull) return in.Skip(value);
  if (kind != JsonKind::kString && kind != JsonKind::kObject) {
    return in.FailType("a text or a message", value);
  }
  if (!in.Raw(value, out)) return false;
  for (char& c : *out) {  // line breaks stand between tokens only, and an exchange is a line
    if (c == '\n' || c == '\r') c = ' ';
  }
  return true;
}

bool IsMessage(std::string corrected) {
  if (!corrected.starts_with('{')) return true;
  std::string role;
  bool says = false;
  JsonReader in(corrected);
  const bool read = in.Document([&](std::string_view key, JsonReader::Value value) {
    if (key == "role") return in.String(value, &role);
    says = says || key == "content" || key == "tool_calls";
    return in.Skip(value);
  });
  return read && role == "assistant" && says;
}

Status Check(const Feedback& feedback) {
  if (feedback.exchange.empty()) {
    return Fail(InvalidInput("feedback needs the id of its exchange")
                    .Mend("Each answer has it as its header x-understudy-id.")
                    .Param("id"));
  }
  if (feedback.rating && !(*feedback.rating >= -1 && *feedback.rating <= 1)) {
    return Fail(InvalidInput("rating must be from -1 (wrong) to 1 (right)").Param("rating"));
  }
  if (feedback.label.size() > kMaxFeedbackLabelBytes) {
    return Fail(InvalidInput(fmt::format("label has more than {} bytes", kMaxFeedbackLabelBytes))
                    .Param("label"));
  }
  if (!IsMessage(feedback.corrected)) {
    return Fail(InvalidInput("corrected must be a text, or a message of role assistant with "
                             "content or tool_calls")
                    .Param("corrected"));
  }
  if (feedback.rating || !feedback.corrected.empty() || !feedback.label.empty()) return {};
  return Fail(InvalidInput("feedback needs a rating, a corrected answer or a label"));
}

// Members of an object, as they are written.
Result<std::vector<RawMember>> MembersOf(std::string object) {
  std::vector<RawMember> members;
  if (object.empty()) return members;
  JsonReader in(object);
  const bool read = in.Document([&](std::string_view, JsonReader::Value value) {
    RawMember member{std::string(in.raw_key()), {}};
    if (!in.Raw(value, &member.value)) return false;
    members.push_back(std::move(member));
    return true;
  });
  if (!read) return Fail(Wrong(in));
  return members;
}

// The entries of a list, without its brackets; another value as the one entry.
std::string_view EntriesOf(std::string_view value) {
  if (!value.starts_with('[')) return value;
  value = value.substr(1, value.size() - 2);
  return value.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view() : value;
}

}  // namespace

Result<Feedback> ParseFeedback(std::string body) {
  if (body.size() > kMaxFeedbackBytes) {
    Error error = InvalidInput(fmt::format("feedback has more than {} bytes", kMaxFeedbackBytes));
    error.kind = ErrorKind::kTooLarge;
    return Fail(std::move(error));
  }
  Feedback feedback;
  JsonReader in(body);
  const bool read = in.Document([&](std::string_view key, JsonReader::Value value) {
    if (key == "id") return in.String(value, &feedback.exchange);
    if (key == "label") return in.String(value, &feedback.label);
    if (key == "corrected") return ReadCorrected(in, value, &feedback.corrected);
    if (key == "rating") {
      if (in.Kind(value) == JsonKind::kNull) return in.Skip(value);
      return in.Number(value, &feedback.rating.emplace());
    }
    return in.Fail("is not known here; known are id, rating, corrected, label");
  });
  if (!read) return Fail(Wrong(in));
  TRY_VOID(Check(feedback));
  return feedback;
}

std::string FeedbackExtra(const Feedback& feedback, std::string_view by, int64_t at_ms) {
  std::string entry =
      fmt::format(R"({{"at":{},"by":{})", JsonString(FormatWallMs(at_ms)), JsonString(by));
  if (feedback.rating) entry += fmt::format(R"(,"rating":{})", *feedback.rating);
  if (!feedback.corrected.empty()) entry += R"(,"corrected":)" + feedback.corrected;
  if (!feedback.label.empty()) entry += R"(,"label":)" + JsonString(feedback.label);
  return fmt::format(R"({{"{}":[{}}}]}})", kMember, entry);
}

Result<std::string> AddFeedback(const std::string& extra, const std::string& more) {
  TRY(std::vector<RawMember> members, MembersOf(extra));
  TRY(const std::vector<RawMember> added, MembersOf(more));
  if (added.size() != 1 || added[0].key != kMember) {
    return Fail(InvalidInput("this is no feedback"));
  }
  for (RawMember& member : members) {
    if (member.key != kMember) continue;
    const std::string_view before = EntriesOf(member.value);
    const std::string_view after = EntriesOf(added[0].value);
    member.value = fmt::format("[{}{}{}]", before, before.empty() ? "" : ",", after);
    return ObjectOf(members);
  }
  members.push_back(added[0]);
  return ObjectOf(members);
}

}  // namespace understudy
