#include "flywheel/evaluate/eval_examples.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/line_reader.h"
#include "chat/exchange_json.h"
#include "dataset/canonical.h"
#include "dataset/example.h"
#include "flywheel/curate/refusal.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kParts[] = {"train", "valid", "calib", "test"};
constexpr std::string_view kMeasured[] = {"valid", "calib", "test"};

std::string PartOf(const fs::path& file) {
  const std::string name = file.filename().string();
  const std::string stem = name.substr(0, name.find('.'));
  return std::ranges::find(kParts, stem) != std::end(kParts) ? stem : "test";
}

bool HasBytes(const fs::path& file) {
  std::error_code missing;
  const auto bytes = fs::file_size(file, missing);
  return !missing && bytes > 0;
}

Result<std::vector<EvalInput>> InFolder(const fs::path& folder,
                                        const std::vector<std::string>& parts) {
  std::vector<EvalInput> found;
  for (const std::string& part : parts) {
    const fs::path file = folder / (part + ".jsonl");
    if (!fs::exists(file)) {
      return Fail(NotFound(fmt::format("there is no {}.jsonl in {}", part, folder.string())));
    }
    found.push_back({file, part});
  }
  if (!parts.empty()) return found;
  for (const std::string_view part : kMeasured) {
    const fs::path file = folder / (std::string(part) + ".jsonl");
    if (HasBytes(file)) found.push_back({file, std::string(part)});
  }
  if (!found.empty()) return found;
  return Fail(InvalidInput("there is nothing to measure on: no valid, calib or test.jsonl with "
                           "rows in it")
                  .At(folder.string())
                  .Mend("Make one with understudy curate, or name the files themselves."));
}

// Of a small model's answer alone nothing can be learnt about the reference.
bool HasReference(const Exchange& exchange) {
  const AnswerRecord* served = nullptr;
  for (const AnswerRecord& answer : exchange.answers) {
    if (answer.kind == AnswerKind::kReference && !answer.body.empty()) return true;
    if (answer.served) served = &answer;
  }
  return !served || served->kind == AnswerKind::kReference;
}

json::value HintsOf(const json::value& request) {
  json::object hints;
  if (const json::value* format = Find(request, "response_format")) {
    hints["response_format"] = *format;
  }
  return hints;
}

// The message of a bare refusal ({"refusal": "..."} without content), which dataset/example.h does
// not train on.
std::optional<json::value> BareRefusal(const Exchange& exchange) {
  const auto response = ParseJson(exchange.response);
  const json::value* choices = response ? Find(*response, "choices") : nullptr;
  const auto* list = choices ? choices->if_array() : nullptr;
  const json::value* message = list && !list->empty() ? Find(list->front(), "message") : nullptr;
  if (!message || StringOr(*message, "refusal").empty()) return std::nullopt;
  return json::object{{"role", "assistant"}, {"refusal", StringOr(*message, "refusal")}};
}

bool Declines(const json::value& message) {
  const json::value* calls = Find(message, "tool_calls");
  if (calls && calls->is_array() && !calls->get_array().empty()) return false;
  const auto text = ContentText(Find(message, "content"));
  return text && IsRefusal(*text);
}

std::expected<EvalExample, Unusable> ExampleOf(const Exchange& exchange, int64_t most_tokens) {
  EvalExample made;
  TextPool pool;
  const auto example = ReadExample(exchange, 0, pool);
  if (example) {
    made.reference = ParsePooled(pool, example->answer);
    made.refusal = Declines(made.reference);
  } else if (auto refusal = example.error().reason == SkipReason::kEmptyAnswer
                                ? BareRefusal(exchange)
                                : std::nullopt) {
    made.reference = *std::move(refusal);
    made.refusal = true;
  } else {
    return std::unexpected(example.error());
  }
  const auto request = ParseJson(exchange.request);
  if (!request) return std::unexpected(Unusable{SkipReason::kMalformed, "the request"});
  auto ask = GreedyRequest(*request, most_tokens);
  if (!ask) return std::unexpected(Unusable{SkipReason::kMalformed, ask.error().param});
  made.ask = *std::move(ask);
  made.hints = HintsOf(*request);
  made.kind = made.refusal ? TargetKind::kText : KindOf(made.reference, made.hints);
  made.id = exchange.id;
  made.of_reference = HasReference(exchange);
  return made;
}

// The `limit` examples with the least hash of their ids; 0: all.
void Thin(std::vector<EvalExample>& examples, size_t begin, int64_t limit) {
  const auto count = static_cast<int64_t>(examples.size() - begin);
  if (limit <= 0 || count <= limit) return;
  const auto mine = std::span(examples).subspan(begin);
  std::ranges::nth_element(mine, mine.begin() + limit, {},
                           [](const EvalExample& one) { return FastHash(one.id); });
  examples.resize(begin + static_cast<size_t>(limit));
}

// The rows of one file.
class FileOfExamples {
 public:
  FileOfExamples(const EvalInput& input, int64_t limit, int64_t most_tokens, EvalSet& set)
      : input_(input), limit_(limit), most_tokens_(most_tokens), set_(set) {}

  Status Read() {
    const size_t begin = set_.examples.size();
    TRY(LineReader reader, LineReader::Open(input_.file.string()));
    std::string line;
    for (;;) {
      const Result<bool> got = reader.Next(line);
      if (reader.failed()) return Fail(got.error());
      if (got && !*got) break;
      if (got && line.find_first_not_of(" \t\r") == std::string::npos) continue;
      ++set_.report.rows;
      Take(got ? std::string_view(line) : std::string_view(), reader.line_number());
      if (limit_ > 0 && set_.examples.size() - begin > 4 * static_cast<size_t>(limit_)) {
        Thin(set_.examples, begin, limit_);
      }
    }
    Thin(set_.examples, begin, limit_);
    std::ranges::sort(std::span(set_.examples).subspan(begin), {}, &EvalExample::row);
    return set_.examples.size() > begin ? Status() : Status(Fail(Nothing()));
  }

 private:
  void Take(std::string_view line, int64_t number) {
    const auto exchange = ParseExchangeLine(line);
    if (!exchange) return Skip({SkipReason::kMalformed, ""}, number);
    auto example = ExampleOf(*exchange, most_tokens_);
    if (!example) return Skip(example.error(), number);
    ++set_.report.used;
    example->part = input_.part;
    example->row = number;
    set_.examples.push_back(*std::move(example));
  }
  void Skip(const Unusable& why, int64_t number) {
    reason_ = why.reason;
    set_.report.Skip(why.reason, number, why.detail);
  }
  Error Nothing() const {
    return InvalidInput(fmt::format("the part {} is empty: {}", input_.part,
                                    reason_ ? fmt::format("none of its rows can be used ({})",
                                                          Describe(*reason_))
                                            : "it has no rows"))
        .At(input_.file.string())
        .Mend("Leave the part out (--parts), or curate more calls.");
  }

  const EvalInput& input_;
  const int64_t limit_, most_tokens_;
  EvalSet& set_;
  std::optional<SkipReason> reason_;  // of the last row that was none
};

}  // namespace

Result<std::vector<EvalInput>> FindEvalInputs(const std::vector<fs::path>& paths,
                                              const std::vector<std::string>& parts) {
  std::vector<EvalInput> inputs;
  for (const fs::path& path : paths) {
    if (fs::is_directory(path)) {
      TRY(auto found, InFolder(path, parts));
      inputs.insert(inputs.end(), found.begin(), found.end());
    } else if (fs::exists(path)) {
      inputs.push_back({path, PartOf(path)});
    } else {
      return Fail(NotFound("there is no file " + path.string()));
    }
  }
  return inputs;
}

Result<EvalSet> ReadEvalSet(const std::vector<EvalInput>& inputs, int64_t limit,
                            int64_t most_tokens) {
  EvalSet set;
  for (const EvalInput& input : inputs) {
    TRY_VOID(FileOfExamples(input, limit, most_tokens, set).Read());
  }
  return set;
}

Result<ChatRequest> GreedyRequest(const json::value& recorded, int64_t most_tokens) {
  if (!recorded.is_object()) return Fail(InvalidInput("the request is no JSON object"));
  json::object body = recorded.get_object();
  for (const char* field : {"stream", "stream_options", "n", "logprobs", "top_logprobs", "seed"}) {
    body.erase(field);
  }
  body["temperature"] = 0;
  const int64_t own = IntOr(recorded, "max_completion_tokens", IntOr(recorded, "max_tokens", 0));
  body.erase("max_completion_tokens");
  body["max_tokens"] = own > 0 ? std::min(own, most_tokens) : most_tokens;
  return ParseChatRequest(json::serialize(body));
}

}  // namespace understudy
