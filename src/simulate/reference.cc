#include "simulate/reference.h"

#include <fmt/format.h>

#include "simulate/office_values.h"

namespace understudy {
namespace {

constexpr size_t kBytesPerToken = 4;  // of the estimate
constexpr size_t kLongestWish = 2048;

constexpr std::string_view kNotOurs =
    "I am the simulated reference of Understudy's office simulation and answer only what its agent "
    "asks. Please put a language model in my place for anything else.";

int64_t EstimatedTokens(size_t bytes) {
  return static_cast<int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken);
}

const Desk* DeskOf(const ChatRequest& request) {
  for (const Message& message : request.messages) {
    if (message.role != Role::kSystem && message.role != Role::kDeveloper) continue;
    const auto found = std::ranges::find(Desks(), message.text, &Desk::system);
    return found == Desks().end() ? nullptr : &*found;
  }
  return nullptr;
}

// The form with the most words of its own.
std::optional<Wish> ReadAt(const Desk& desk, std::string_view words, Recognizer recognizer) {
  std::optional<Wish> best;
  size_t own_bytes = 0;
  for (const DeskForm& form : desk.forms) {
    auto found = PhrasesOf(form).Match(words, recognizer);
    if (!found || (best && found->own_bytes <= own_bytes)) continue;
    own_bytes = found->own_bytes;
    best = Wish{&desk, &form, std::move(found->details)};
  }
  return best;
}

std::optional<Wish> ReadWith(const Desk& desk, std::string_view words, Recognizer recognizer) {
  if (auto wish = ReadAt(desk, words, recognizer)) return wish;
  for (const Desk& other : Desks()) {
    if (!other.open_ended || &other == &desk) continue;
    if (auto wish = ReadAt(other, words, recognizer)) return wish;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Wish> ReadWish(const Desk& desk, std::string_view words) {
  if (words.size() > kLongestWish) return std::nullopt;
  if (auto wish = ReadWith(desk, words, IsValue)) return wish;
  return ReadWith(desk, words, nullptr);
}

void Learn(const json::object& result, Details& details) {
  for (const auto& [name, value] : result) {
    const json::value* first = &value;
    if (const json::array* list = value.if_array()) {
      if (list->empty()) continue;
      first = &list->front();
    }
    if (first->is_string()) {
      details.insert_or_assign(std::string(name), std::string(first->get_string()));
    }
  }
}

DeskReply ReferenceReply(const ChatRequest& request) {
  const DeskReply not_ours{std::string(kNotOurs), {}, {}};
  const Desk* desk = DeskOf(request);
  const auto last = std::ranges::find(request.messages.rbegin(), request.messages.rend(),
                                      Role::kUser, &Message::role);
  if (!desk || last == request.messages.rend()) return not_ours;
  auto wish = ReadWish(*desk, last->text);
  if (!wish) return not_ours;
  size_t turn = 0;
  for (auto message = last.base(); message != request.messages.end(); ++message) {
    if (message->role != Role::kTool) continue;
    const auto result = ParseJson(message->text);
    if (!result || !result->is_object()) return not_ours;
    Learn(result->get_object(), wish->details);
    ++turn;
  }
  if (turn >= wish->form->turns.size()) return not_ours;
  return wish->form->turns[turn].reply(wish->details);
}

ChatAnswer AnswerOf(const DeskReply& reply, std::string_view call_id, std::string_view request,
                    int64_t wall_ms) {
  ChatAnswer answer;
  answer.id = fmt::format("chatcmpl-sim-{:016x}", HashOf(request));
  answer.model = kSimulatedReferenceName;
  Choice choice;
  choice.content = reply.text;
  choice.has_content = !reply.is_call();
  choice.finish = reply.is_call() ? FinishReason::kToolCalls : FinishReason::kStop;
  if (reply.is_call()) {
    choice.tool_calls.push_back({0, std::string(call_id), reply.tool, reply.arguments, false});
  }
  answer.usage.prompt_tokens = EstimatedTokens(request.size());
  answer.usage.completion_tokens =
      EstimatedTokens(reply.text.size() + reply.tool.size() + reply.arguments.size());
  answer.usage.known = true;
  answer.choices.push_back(std::move(choice));
  answer.body = SerializeAnswer(answer, wall_ms);
  return answer;
}

ChatAnswer ReferenceAnswer(const ChatRequest& request, int64_t wall_ms) {
  const std::string call_id = fmt::format("call_{:016x}", HashOf(request.body));
  return AnswerOf(ReferenceReply(request), call_id, request.body, wall_ms);
}

}  // namespace understudy
