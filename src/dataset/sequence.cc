#include "dataset/sequence.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "dataset/fold.h"

namespace understudy {
namespace {

// An example as tokens: cut behind its answer.
struct Rendered {
  ChatAsTokens chat;
  AnswerSpan turn;  // the answer's
};

class SequenceBuilder {
 public:
  SequenceBuilder(ExampleSet& set, const Renderer& renderer, const SequenceOptions& options)
      : set_(set), renderer_(renderer), options_(options) {}

  std::vector<Sequence> Run() {
    if (!options_.fold) {
      for (size_t i = 0; i < set_.examples.size(); ++i) AddAlone(i);
    } else {
      for (const Chain& chain : Fold(set_.examples)) AddChain(chain);
    }
    Count();
    return std::move(sequences_);
  }

 private:
  const Example& example(size_t index) const { return set_.examples[index]; }

  // nullopt where it cannot be used, which is counted.
  std::optional<Rendered> Render(size_t index) {
    json::array messages = MessagesOf(example(index), *set_.texts);
    messages.push_back(ParsePooled(*set_.texts, example(index).answer));
    auto chat = renderer_.Render(messages, ParsePooled(*set_.texts, example(index).tools));
    if (!chat) {
      set_.report.Skip(SkipReason::kUnrenderable, example(index).line, chat.error().message);
      return std::nullopt;
    }
    const auto turn = std::ranges::find(chat->answers, messages.size() - 1, &AnswerSpan::message);
    if (turn == chat->answers.end() || turn->begin >= turn->end || turn->begin == 0) {
      set_.report.Skip(SkipReason::kUnrenderable, example(index).line, "it leaves the answer out");
      return std::nullopt;
    }
    if (turn->end > options_.max_tokens) {
      set_.report.Skip(SkipReason::kTooLong, example(index).line,
                       fmt::format("{} tokens", turn->end));
      return std::nullopt;
    }
    Rendered rendered{*std::move(chat), *turn};
    rendered.chat.tokens.resize(turn->end);
    set_.report.tokens_unfolded += static_cast<int64_t>(turn->end);
    return rendered;
  }

  // Sets the loss on an answer; `rendered` is a prefix of the sequence.
  void AddTarget(Sequence& sequence, size_t index, const Rendered& rendered) {
    for (size_t i = rendered.turn.begin; i < rendered.turn.end; ++i) sequence.weights[i] = 1;
    sequence.lines.push_back(example(index).line);
    if (example(index).logprobs == 0) return;
    ++set_.report.with_logprobs;
    auto soft = AlignLogprobs(ParsePooled(*set_.texts, example(index).logprobs), rendered.chat,
                              rendered.turn, renderer_);
    set_.report.aligned += !soft.empty();
    std::ranges::move(soft, std::back_inserter(sequence.soft));
  }

  void AddRendered(size_t index, Rendered rendered) {
    Sequence& sequence = sequences_.emplace_back();
    sequence.weights.assign(rendered.chat.tokens.size(), 0);
    AddTarget(sequence, index, rendered);
    sequence.tokens = std::move(rendered.chat.tokens);
  }

  void AddAlone(size_t index) {
    if (auto rendered = Render(index)) AddRendered(index, *std::move(rendered));
  }

  // The longest conversation that fits carries the others; where the template writes a prefix
  // differently (it drops old reasoning, say), that example stands alone.
  void AddChain(const Chain& chain) {
    std::optional<Rendered> head = Render(chain.head);
    size_t head_index = chain.head;
    std::vector<std::pair<size_t, Rendered>> inside;
    for (auto next = chain.folded.rbegin(); next != chain.folded.rend(); ++next) {
      auto rendered = Render(*next);
      if (!rendered) continue;
      if (!head) {
        head = std::move(rendered);
        head_index = *next;
      } else if (IsPrefix(*rendered, *head)) {
        inside.emplace_back(*next, *std::move(rendered));
      } else {
        ++set_.report.not_nesting;
        AddRendered(*next, *std::move(rendered));
      }
    }
    if (!head) return;
    Sequence& sequence = sequences_.emplace_back();
    sequence.weights.assign(head->chat.tokens.size(), 0);
    for (auto next = inside.rbegin(); next != inside.rend(); ++next) {
      AddTarget(sequence, next->first, next->second);
    }
    AddTarget(sequence, head_index, *head);
    sequence.tokens = std::move(head->chat.tokens);
    set_.report.folded += static_cast<int64_t>(inside.size());
  }

  static bool IsPrefix(const Rendered& shorter, const Rendered& longer) {
    const auto& a = shorter.chat.tokens;
    const auto& b = longer.chat.tokens;
    return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
  }

  void Count() {
    DataReport& report = set_.report;
    report.sequences += static_cast<int64_t>(sequences_.size());
    report.used = 0;
    for (const Sequence& sequence : sequences_) {
      report.used += static_cast<int64_t>(sequence.lines.size());
      report.tokens += static_cast<int64_t>(sequence.tokens.size());
      report.target_tokens += std::ranges::count(sequence.weights, 1.0F);
    }
  }

  ExampleSet& set_;
  const Renderer& renderer_;
  const SequenceOptions& options_;
  std::vector<Sequence> sequences_;
};

Error NothingFits(const DataReport& report, const SequenceOptions& options) {
  const SkipCount& too_long = report[SkipReason::kTooLong];
  const SkipCount& refused = report[SkipReason::kUnrenderable];
  if (too_long.rows >= refused.rows) {
    return InvalidInput(fmt::format("every example is longer than {} tokens", options.max_tokens))
        .At(fmt::format("{}:{}", report.file, too_long.first_line))
        .Mend("Raise --max-length, up to the model's context.");
  }
  return InvalidInput("the model's chat template refuses every example: " + refused.first_detail)
      .At(fmt::format("{}:{}", report.file, refused.first_line))
      .Mend("Tools need a template that renders them; see the model's card.");
}

}  // namespace

Result<std::vector<Sequence>> BuildSequences(ExampleSet& set, const Renderer& renderer,
                                             const SequenceOptions& options) {
  auto sequences = SequenceBuilder(set, renderer, options).Run();
  if (sequences.empty()) return Fail(NothingFits(set.report, options));
  return sequences;
}

}  // namespace understudy
