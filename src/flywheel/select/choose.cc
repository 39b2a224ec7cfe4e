#include "flywheel/select/choose.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr int64_t kFewExamples = 100;
constexpr double kSameLatency = 1.1;

using Candidates = std::vector<MeasuredCandidate>;

bool HasPart(const MeasuredCandidate& one, const std::string& part) {
  const auto place = one.card.parts.find(part);
  return place != one.card.parts.end() && place->second.all.total > 0;
}

Result<std::string> PartFor(const Candidates& candidates, const std::string& wanted) {
  const auto all_have = [&](const std::string& part) {
    return std::ranges::all_of(candidates, [&](const auto& one) { return HasPart(one, part); });
  };
  if (!wanted.empty()) {
    if (all_have(wanted)) return wanted;
    return Fail(InvalidInput(fmt::format("not every scorecard has the part {}", wanted))
                    .Mend("Evaluate all candidates on it."));
  }
  for (const char* part : {"valid", "calib", "test", "train"}) {
    if (all_have(part)) return part;
  }
  return Fail(InvalidInput("the scorecards have no part of the data in common")
                  .Mend("Evaluate all candidates on the same examples."));
}

Status CheckTasks(const Candidates& candidates) {
  if (candidates.empty()) return Fail(InvalidInput("there are no scorecards to choose from"));
  for (const MeasuredCandidate& one : candidates) {
    if (one.card.task == candidates.front().card.task) continue;
    return Fail(InvalidInput(fmt::format("the scorecards are of different tasks: {} and {}",
                                         candidates.front().card.task, one.card.task))
                    .At(one.folder.string()));
  }
  return {};
}

bool Dominates(const MeasuredCandidate& a, const MeasuredCandidate& b) {
  const double left[] = {-a.quality.share(), a.card.p50_ms,
                         static_cast<double>(a.card.memory_bytes), a.card.usd_per_1000};
  const double right[] = {-b.quality.share(), b.card.p50_ms,
                          static_cast<double>(b.card.memory_bytes), b.card.usd_per_1000};
  bool better = false;
  for (size_t i = 0; i < std::size(left); ++i) {
    if (left[i] > right[i]) return false;
    better = better || left[i] < right[i];
  }
  return better;
}

void Mark(Candidates& candidates, const std::string& part, const MachineFacts& machine) {
  for (MeasuredCandidate& one : candidates) {
    const PartScore& score = one.card.parts.at(part);
    one.quality = score.replaceable.total > 0 ? score.replaceable : score.all;
    one.fits = FitsMachine(one.card.memory_bytes, machine);
  }
  std::ranges::stable_sort(candidates, [](const auto& a, const auto& b) {
    if (a.quality.share() != b.quality.share()) return a.quality.share() > b.quality.share();
    return a.card.p50_ms < b.card.p50_ms;
  });
  const auto best = std::ranges::find_if(candidates, &MeasuredCandidate::fits);
  for (MeasuredCandidate& one : candidates) {
    one.as_good = best != candidates.end() && one.quality.share() >= best->quality.bounds().low;
    one.on_front = std::ranges::none_of(
        candidates, [&](const MeasuredCandidate& other) { return Dominates(other, one); });
  }
}

// Leaves those with the least `measure`, or within `slack` of it.
template <class Measure>
void KeepLeast(std::vector<size_t>& left, double slack, Measure measure) {
  double least = measure(left.front());
  for (const size_t i : left) least = std::min(least, measure(i));
  std::erase_if(left, [&](size_t i) { return measure(i) > least * slack; });
}

size_t Pick(const Candidates& candidates) {
  std::vector<size_t> left;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].as_good && candidates[i].fits) left.push_back(i);
  }
  KeepLeast(left, 1, [&](size_t i) { return candidates[i].card.usd_per_1000; });
  KeepLeast(left, kSameLatency, [&](size_t i) { return candidates[i].card.p50_ms; });
  KeepLeast(left, 1,
            [&](size_t i) { return static_cast<double>(candidates[i].card.memory_bytes); });
  return left.front();  // the best first
}

std::string Percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string Quality(const MeasuredCandidate& one) {
  const BinomialBounds bounds = one.quality.bounds();
  return fmt::format("{} of {} right ({}; {:.1f} to {:.1f} %)", one.quality.right,
                     one.quality.total, Percent(one.quality.share()), 100 * bounds.low,
                     100 * bounds.high);
}

std::string Measures(const MeasuredCandidate& one) {
  return fmt::format("{:.0f} ms in the median, {:.0f} MiB, ${:.4f} per 1,000 calls",
                     one.card.p50_ms, static_cast<double>(one.card.memory_bytes) / (1 << 20),
                     one.card.usd_per_1000);
}

std::string Why(const Selection& selection) {
  const MeasuredCandidate& chosen = selection.candidates[selection.chosen];
  const auto best = std::ranges::find_if(selection.candidates, &MeasuredCandidate::fits);
  std::string why = fmt::format("{}: {}, {}.", chosen.name(), Quality(chosen), Measures(chosen));
  if (selection.candidates.size() == 1) return why + " It is the only candidate that was measured.";
  if (&chosen == &*best) {
    why += " It is the best of those that fit this machine";
    const auto equals = std::ranges::count_if(
        selection.candidates, [](const auto& one) { return one.as_good && one.fits; });
    return why + (equals > 1 ? ", and none that is as good is cheaper, faster or smaller."
                             : ", and no other one is as good.");
  }
  return why + fmt::format(
                   " The best, {}, has {}, {}: the chosen one's share is not below that "
                   "interval's lower end, and it is cheaper, faster or smaller.",
                   best->name(), Quality(*best), Measures(*best));
}

void NoteData(Selection& selection) {
  const int64_t examples = selection.candidates.front().quality.total;
  for (const MeasuredCandidate& one : selection.candidates) {
    if (one.quality.total != examples) {
      selection.notes.emplace_back(
          "the candidates were measured on different numbers of examples: compare with care");
      break;
    }
  }
  if (examples < kFewExamples) {
    selection.notes.push_back(fmt::format(
        "{} examples tell little apart: the best one's interval is {:.0f} points wide", examples,
        100 * (selection.candidates.front().quality.bounds().high -
               selection.candidates.front().quality.bounds().low)));
  }
  if (selection.part == "test") {
    selection.notes.emplace_back(
        "chosen on test: its share there is no longer an unbiased last word");
  }
  if (selection.candidates[selection.chosen].quality.right == 0) {
    selection.notes.emplace_back("no candidate answers a single example right: tune one first");
  }
}

void NoteBases(Selection& selection) {
  std::set<std::string> bases;
  for (const MeasuredCandidate& one : selection.candidates) bases.insert(one.card.base.sha256);
  if (bases.size() > 1) return;
  std::string note = "only one base model was measured";
  std::vector<std::string> others;
  for (const ListedModel& listed : selection.catalogue) {
    if (listed.fits && !listed.measured) others.push_back(listed.model.name);
  }
  if (!others.empty()) {
    note += fmt::format("; of the catalogue, these would fit this machine too: {}",
                        fmt::join(others, ", "));
  }
  selection.notes.push_back(std::move(note));
}

json::object CandidateJson(const MeasuredCandidate& one) {
  const BinomialBounds bounds = one.quality.bounds();
  return {{"name", one.name()},
          {"folder", one.folder.string()},
          {"base", {{"file", one.card.base.file}, {"sha256", one.card.base.sha256}}},
          {"adapter", one.card.adapter ? json::value{{"file", one.card.adapter->file},
                                                     {"sha256", one.card.adapter->sha256}}
                                       : json::value(nullptr)},
          {"parameters", one.card.parameters},
          {"total", one.quality.total},
          {"right", one.quality.right},
          {"share", one.quality.share()},
          {"low", bounds.low},
          {"high", bounds.high},
          {"p50_ms", one.card.p50_ms},
          {"p90_ms", one.card.p90_ms},
          {"memory_bytes", one.card.memory_bytes},
          {"cost_usd_per_1000", one.card.usd_per_1000},
          {"on_front", one.on_front},
          {"as_good", one.as_good},
          {"fits", one.fits}};
}

json::object ListedJson(const ListedModel& listed) {
  json::array scores;
  for (const PublishedScore& score : listed.model.scores) {
    scores.push_back(
        {{"benchmark", score.benchmark}, {"value", score.value}, {"source", score.source}});
  }
  return {{"name", listed.model.name},
          {"file", listed.model.file.string()},
          {"url", listed.model.url},
          {"architecture", listed.model.architecture},
          {"family", listed.model.family()},
          {"parameters", listed.model.parameters},
          {"context", listed.model.context},
          {"licence", listed.model.licence},
          {"memory_bytes", listed.memory_bytes},
          {"fits", listed.fits},
          {"here", listed.here},
          {"measured", listed.measured},
          {"scores", std::move(scores)}};
}

}  // namespace

std::string MeasuredCandidate::name() const {
  if (!card.adapter) return card.base_name;
  const std::filesystem::path file = card.adapter->file;
  const std::string folder = file.parent_path().filename().string();
  return fmt::format("{} + {}", card.base_name,
                     file.stem() == "adapter" && !folder.empty() ? folder : file.stem().string());
}

bool FitsMachine(int64_t bytes, const MachineFacts& machine) {
  if (machine.memory_bytes == 0) return true;  // unknown
  return static_cast<double>(bytes) <= kMemoryShare * static_cast<double>(machine.memory_bytes);
}

Result<Selection> Choose(std::vector<MeasuredCandidate> candidates, std::string part,
                         std::vector<ListedModel> catalogue, MachineFacts machine) {
  TRY_VOID(CheckTasks(candidates));
  Selection selection;
  TRY(selection.part, PartFor(candidates, part));
  selection.task = candidates.front().card.task;
  selection.candidates = std::move(candidates);
  selection.catalogue = std::move(catalogue);
  selection.machine = std::move(machine);
  Mark(selection.candidates, selection.part, selection.machine);
  if (std::ranges::none_of(selection.candidates, &MeasuredCandidate::fits)) {
    return Fail(InvalidInput("none of the measured candidates fits this machine's memory")
                    .Mend("Evaluate a smaller model, or with less context and fewer slots."));
  }
  selection.chosen = Pick(selection.candidates);
  selection.why = Why(selection);
  NoteData(selection);
  NoteBases(selection);
  return selection;
}

json::object ToJson(const Selection& selection) {
  json::array candidates, catalogue;
  for (const auto& one : selection.candidates) candidates.push_back(CandidateJson(one));
  for (const auto& listed : selection.catalogue) catalogue.push_back(ListedJson(listed));
  return {{"v", 1},
          {"task", selection.task},
          {"part", selection.part},
          {"chosen", CandidateJson(selection.candidates[selection.chosen])},
          {"why", selection.why},
          {"notes", json::value_from(selection.notes)},
          {"candidates", std::move(candidates)},
          {"catalogue", std::move(catalogue)},
          {"machine", ToJson(selection.machine)}};
}

}  // namespace understudy
