#include "chat/answer.h"

#include <algorithm>
#include <limits>

#include "chat/json_reader.h"
#include "chat/message_json.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;

// An upstream's {"error": {"message", "type", "code", "param"}}; some send a plain string.
bool ReadError(JsonReader& in, Value value, std::optional<Error>* error) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  Error said;
  said.kind = ErrorKind::kUpstream;
  said.source = ErrorSource::kUpstream;
  if (in.Kind(value) == JsonKind::kString) {
    if (!in.String(value, &said.message)) return false;
  } else if (!in.Members(value, [&](std::string_view key, Value member) {
               const bool text = in.Kind(member) == JsonKind::kString;
               if (key == "message" && text) return in.String(member, &said.message);
               if (key == "code" && text) return in.String(member, &said.code);
               if (key == "param" && text) return in.String(member, &said.param);
               return in.Skip(member);
             })) {
    return false;
  }
  if (said.message.empty()) said.message = "the upstream reports an error without a message";
  *error = std::move(said);
  return true;
}

bool ReadUsageDetails(JsonReader& in, Value value, Usage* usage) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "cached_tokens") return in.Int(member, &usage->cached_tokens);
    if (key == "reasoning_tokens") return in.Int(member, &usage->reasoning_tokens);
    return in.Skip(member);
  });
}

bool ReadUsage(JsonReader& in, Value value, Usage* usage) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  usage->known = true;
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "prompt_tokens") return in.Int(member, &usage->prompt_tokens);
    if (key == "completion_tokens") return in.Int(member, &usage->completion_tokens);
    if (key == "prompt_tokens_details" || key == "completion_tokens_details")
      return ReadUsageDetails(in, member, usage);
    return in.Skip(member);
  });
}

bool ReadIndex(JsonReader& in, Value value, int* index) {
  int64_t wide = *index;
  if (!in.Int(value, &wide)) return false;
  if (wide < 0 || wide > std::numeric_limits<int>::max()) return in.Fail("is out of range");
  *index = static_cast<int>(wide);
  return true;
}

bool ReadFinish(JsonReader& in, Value value, FinishReason* finish) {
  std::string word;
  if (!in.String(value, &word)) return false;
  *finish = ParseFinishReason(word);
  return true;
}

// What a whole choice's message and a stream's delta have in common. T: Choice, ChatChunk::Delta.
template <class T>
bool ReadSaid(JsonReader& in, Value value, bool whole, T* said) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "content") {
      Content content;
      if (!ReadContent(in, member, &content)) return false;
      said->content = std::move(content.text);
      said->has_content = content.has_content;
      return true;
    }
    if (key == "refusal") return in.String(member, &said->refusal);
    if (key == "reasoning_content") return in.String(member, &said->reasoning);
    if (key == "tool_calls") return ReadToolCalls(in, member, whole, &said->tool_calls);
    return in.Skip(member);
  });
}

// Candidates for one token, in any order: how far the best is above the next.
template <class T>
bool ReadMargin(JsonReader& in, Value value, T* said) {
  constexpr double least = std::numeric_limits<double>::lowest();
  double first = least, second = least;
  const bool read = in.Items(value, [&](Value item) {
    double logprob = least;
    const bool known = in.Members(item, [&](std::string_view key, Value member) {
      return key == "logprob" ? in.Number(member, &logprob) : in.Skip(member);
    });
    second = std::max(second, std::min(first, logprob));
    first = std::max(first, logprob);
    return known;
  });
  if (second > least) said->token_margins.push_back(static_cast<float>(first - second));
  return read;
}

template <class T>
bool ReadTokenLogprob(JsonReader& in, Value value, T* said) {
  double logprob = 0;
  bool told = false;
  Span span;
  const bool read = in.Spanned(value, &span, [&] {
    return in.Members(value, [&](std::string_view key, Value member) {
      if (key == "top_logprobs" && in.Kind(member) == JsonKind::kArray) {
        return ReadMargin(in, member, said);
      }
      if (key != "logprob") return in.Skip(member);
      told = in.Kind(member) != JsonKind::kNull;
      return in.Number(member, &logprob);
    });
  });
  if (!read) return false;
  if (!said->logprobs.empty()) said->logprobs += ',';
  said->logprobs += in.Text(span);
  if (told) said->token_logprobs.push_back(static_cast<float>(logprob));
  return true;
}

template <class T>
bool ReadLogprobs(JsonReader& in, Value value, T* said) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key != "content" || in.Kind(member) == JsonKind::kNull) return in.Skip(member);
    return in.Items(member, [&](Value item) { return ReadTokenLogprob(in, item, said); });
  });
}

// A text where a stop sequence ended the answer; a token's number or null elsewhere.
bool ReadStopText(JsonReader& in, Value value, std::string* text) {
  return in.Kind(value) == JsonKind::kString ? in.String(value, text) : in.Skip(value);
}

template <class T>
bool ReadChoice(JsonReader& in, Value value, bool whole, T* choice) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "index") return ReadIndex(in, member, &choice->index);
    if (key == (whole ? "message" : "delta")) return ReadSaid(in, member, whole, choice);
    if (key == "finish_reason") return ReadFinish(in, member, &choice->finish);
    if (key == "stop_reason" || key == "matched_stop") {
      return ReadStopText(in, member, &choice->stop_text);
    }
    if (key == "logprobs") return ReadLogprobs(in, member, choice);
    return in.Skip(member);
  });
}

template <class T>
bool ReadChoices(JsonReader& in, Value value, bool whole, std::vector<T>* choices) {
  return in.Items(value, [&](Value item) {
    T choice;
    choice.index = static_cast<int>(choices->size());
    if (!ReadChoice(in, item, whole, &choice)) return false;
    choices->push_back(std::move(choice));
    return true;
  });
}

// What answer and chunk have in common at the top.
template <class T>
struct Top {
  std::string* id;
  std::string* model;
  std::vector<T>* choices;
  Usage usage;
  bool has_choices = false;
  std::optional<Error> error;
  std::string stop_text;
};

// llama-server's own members, where they were asked for.
bool ReadVerbose(JsonReader& in, Value value, std::string* stop_text) {
  if (in.Kind(value) != JsonKind::kObject) return in.Skip(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    return key == "stopping_word" ? ReadStopText(in, member, stop_text) : in.Skip(member);
  });
}

template <class T>
Status Read(std::string& text, bool whole, Top<T>* top) {
  JsonReader in(text);
  const bool read = in.Document([&](std::string_view key, Value value) {
    if (key == "choices" && in.Kind(value) != JsonKind::kNull) {
      top->has_choices = true;
      return ReadChoices(in, value, whole, top->choices);
    }
    if (key == "id") return in.String(value, top->id);
    if (key == "model") return in.String(value, top->model);
    if (key == "usage") return ReadUsage(in, value, &top->usage);
    if (key == "error") return ReadError(in, value, &top->error);
    if (key == "__verbose") return ReadVerbose(in, value, &top->stop_text);
    return in.Skip(value);
  });
  if (!read) {
    return Fail(
        ProtocolError("the model's answer is not a chat completion: " + in.problem().message)
            .At(in.problem().path));
  }
  if (top->error) return Fail(*std::move(top->error));
  for (T& choice : *top->choices) {
    if (choice.stop_text.empty()) choice.stop_text = top->stop_text;
  }
  if (top->has_choices || (!whole && top->usage.known)) return {};
  return Fail(ProtocolError("the model's answer has no 'choices'").At("choices"));
}

}  // namespace

Result<ChatAnswer> ParseChatAnswer(std::string body) {
  ChatAnswer answer;
  answer.body = std::move(body);
  Top<Choice> top{&answer.id, &answer.model, &answer.choices, {}, false, {}, {}};
  TRY_VOID(Read(answer.body, true, &top));
  answer.usage = top.usage;
  return answer;
}

Result<ChatChunk> ParseChatChunk(std::string data) {
  ChatChunk chunk;
  chunk.data = std::move(data);
  Top<ChatChunk::Delta> top{&chunk.id, &chunk.model, &chunk.deltas, {}, false, {}, {}};
  TRY_VOID(Read(chunk.data, false, &top));
  if (top.usage.known) chunk.usage = top.usage;
  return chunk;
}

std::string_view Name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone: return "";
    case FinishReason::kStop: return "stop";
    case FinishReason::kLength: return "length";
    case FinishReason::kToolCalls: return "tool_calls";
    case FinishReason::kContentFilter: return "content_filter";
    case FinishReason::kOther: return "other";
  }
  return "other";
}

FinishReason ParseFinishReason(std::string_view name) {
  if (name.empty()) return FinishReason::kNone;
  if (name == "stop") return FinishReason::kStop;
  if (name == "length") return FinishReason::kLength;
  if (name == "tool_calls" || name == "function_call") return FinishReason::kToolCalls;
  if (name == "content_filter") return FinishReason::kContentFilter;
  return FinishReason::kOther;
}

}  // namespace understudy
