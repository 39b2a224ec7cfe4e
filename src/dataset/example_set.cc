#include "dataset/example_set.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"
#include "chat/exchange_json.h"

namespace understudy {
namespace {

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void ReadLine(std::string_view line, int64_t number, ExampleSet& set) {
  const auto exchange = ParseExchangeLine(line);
  if (!exchange) {
    return set.report.Skip(SkipReason::kMalformed, number, exchange.error().message);
  }
  auto example = ReadExample(*exchange, number, *set.texts);
  if (!example) return set.report.Skip(example.error().reason, number, example.error().detail);
  set.examples.push_back(*std::move(example));
}

struct AnswerCount {
  uint32_t answer;
  size_t first;  // example
  int64_t rows;
};
using Request = std::pair<uint32_t, std::vector<uint32_t>>;  // tools, messages

AnswerCount& CountOf(std::vector<AnswerCount>& answers, uint32_t answer, size_t example) {
  const auto known = std::ranges::find(answers, answer, &AnswerCount::answer);
  if (known != answers.end()) return *known;
  return answers.emplace_back(AnswerCount{answer, example, 0});
}

void RemoveRepeated(ExampleSet& set) {
  std::map<Request, std::vector<AnswerCount>> requests;
  for (size_t i = 0; i < set.examples.size(); ++i) {
    const Example& example = set.examples[i];
    ++CountOf(requests[{example.tools, example.messages}], example.answer, i).rows;
  }
  std::vector<bool> stays(set.examples.size(), false);
  for (const auto& [request, answers] : requests) {
    set.report.contradictory_requests += answers.size() > 1;
    // max_element gives the first of the greatest, and answers are in order of appearance.
    stays[std::ranges::max_element(answers, {}, &AnswerCount::rows)->first] = true;
  }
  std::vector<Example> kept;
  for (size_t i = 0; i < set.examples.size(); ++i) {
    Example& example = set.examples[i];
    if (stays[i]) {
      kept.push_back(std::move(example));
      continue;
    }
    auto& answers = requests[{example.tools, example.messages}];
    const bool contradicts = !stays[CountOf(answers, example.answer, i).first];
    set.report.Skip(contradicts ? SkipReason::kContradiction : SkipReason::kDuplicate,
                    example.line);
  }
  set.examples = std::move(kept);
}

Error NothingUsable(const DataReport& report) {
  if (report.rows == 0) {
    return InvalidInput(fmt::format("{} has no rows", report.file))
        .Mend("One exchange a line; docs/format-exchange.md describes them.");
  }
  const auto most = std::ranges::max_element(report.skipped, {}, &SkipCount::rows);
  const auto reason = static_cast<SkipReason>(most - report.skipped.begin());
  return InvalidInput(fmt::format("none of the {} rows can be trained on; {} of them: {}",
                                  report.rows, most->rows, Describe(reason)))
      .At(fmt::format("{}:{}", report.file, most->first_line))
      .Mend(most->first_detail.empty() ? "docs/format-exchange.md describes what a row holds."
                                       : "The first one: " + most->first_detail + ".");
}

// What belongs together: a session, else a request.
std::string GroupOf(const Example& example) {
  if (!example.session.empty()) return "s" + example.session;
  std::string group = fmt::format("r{}", example.tools);
  for (const uint32_t message : example.messages) group += fmt::format(",{}", message);
  return group;
}

// The same from run to run whatever else stands in the file: by texts, not by their numbers.
uint64_t HashOf(const Example& example, const TextPool& pool, uint64_t key) {
  if (!example.session.empty()) return FastHash(example.session, key);
  uint64_t hash = FastHash(pool[example.tools], key);
  for (const uint32_t message : example.messages) hash = FastHash(pool[message], hash);
  return hash;
}

struct Group {
  uint64_t hash;
  std::vector<size_t> members;
};

std::vector<Group> GroupsByHash(const ExampleSet& set, uint64_t key) {
  std::map<std::string, Group> by_name;
  for (size_t i = 0; i < set.examples.size(); ++i) {
    Group& group = by_name[GroupOf(set.examples[i])];
    if (group.members.empty()) group.hash = HashOf(set.examples[i], *set.texts, key);
    group.members.push_back(i);
  }
  std::vector<Group> groups;
  for (auto& [name, group] : by_name) groups.push_back(std::move(group));
  std::ranges::stable_sort(groups, {}, &Group::hash);
  return groups;
}

}  // namespace

Result<ExampleSet> ParseExampleSet(std::string_view lines, std::string_view name) {
  ExampleSet set;
  set.texts = std::make_shared<TextPool>();
  set.report.file = name;
  int64_t number = 0;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    ++number;
    if (IsBlank(line)) continue;
    ++set.report.rows;
    ReadLine(line, number, set);
  }
  RemoveRepeated(set);
  set.report.used = static_cast<int64_t>(set.examples.size());
  if (set.examples.empty()) return Fail(NothingUsable(set.report));
  return set;
}

Result<ExampleSet> ReadExampleSet(const std::filesystem::path& path) {
  TRY(const std::string bytes, ReadFile(path, uint64_t{1} << 36));
  if (bytes.starts_with("\x1f\x8b")) {
    return Fail(InvalidInput("the data is packed by gzip")
                    .At(path.string())
                    .Mend("Unpack it first: gunzip -k " + path.string()));
  }
  return ParseExampleSet(bytes, path.string());
}

Split SplitExamples(ExampleSet set, const SplitOptions& options) {
  const size_t total = set.examples.size();
  const auto share = static_cast<size_t>(std::llround(options.share * static_cast<double>(total)));
  const size_t wanted = std::min(std::clamp(share, options.least, options.most), total / 2);
  std::vector<bool> in_valid(total, false);
  size_t taken = 0;
  for (const Group& group : GroupsByHash(set, options.key)) {
    if (taken >= wanted) break;
    if (taken + group.members.size() > std::max(total / 2, size_t{1}) ||
        taken + group.members.size() > std::max(options.most, wanted)) {
      continue;  // a session too large for what is left
    }
    for (const size_t member : group.members) in_valid[member] = true;
    taken += group.members.size();
  }
  Split split{{set.texts, {}, set.report}, {set.texts, {}, set.report}};
  for (size_t i = 0; i < total; ++i) {
    (in_valid[i] ? split.valid : split.train).examples.push_back(std::move(set.examples[i]));
  }
  for (ExampleSet* part : {&split.train, &split.valid}) {
    part->report.used = static_cast<int64_t>(part->examples.size());
  }
  return split;
}

void HoldOut(ExampleSet& train, const ExampleSet& valid) {
  // By texts: the two sets may have pools of their own.
  const auto request = [](const Example& example, const TextPool& pool) {
    std::string all(pool[example.tools]);
    for (const uint32_t message : example.messages) {
      all += '\n';  // canonical JSON has no line breaks
      all += pool[message];
    }
    return FastHash128(all);
  };
  std::set<Hash128> held_out;
  for (const Example& example : valid.examples) held_out.insert(request(example, *valid.texts));
  std::erase_if(train.examples, [&](const Example& example) {
    if (!held_out.contains(request(example, *train.texts))) return false;
    train.report.Skip(SkipReason::kHeldOut, example.line);
    return true;
  });
  train.report.used = static_cast<int64_t>(train.examples.size());
}

}  // namespace understudy
