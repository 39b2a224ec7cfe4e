#include "models/replay_index.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "chat/answer.h"
#include "chat/exchange_json.h"

namespace understudy {
namespace {

constexpr size_t kReranked = 8;

// Says how far a long scan is, once a second.
class Progress {
 public:
  explicit Progress(const LineFile& file) : file_(file), told_(Clock::System().Now()) {}
  void At(uint64_t offset) {
    const Monotonic now = Clock::System().Now();
    if (now - told_ < std::chrono::seconds(1)) return;
    told_ = now;
    LOG_INFO("replay: indexing {}: {} %", file_.name(), offset * 100 / file_.size());
  }

 private:
  const LineFile& file_;
  Monotonic told_;
};

Error Miss(const std::string& file) {
  return NotFound("no recorded answer fits this request")
      .At(file)
      .Mend("Record the call first, or set the model's on_miss = \"nearest\"")
      .Code("replay_miss");
}

}  // namespace

Result<std::unique_ptr<const ReplayIndex>> ReplayIndex::Open(const std::filesystem::path& path) {
  TRY(LineFile file, LineFile::Open(path));
  auto index = std::unique_ptr<ReplayIndex>(new ReplayIndex(std::move(file)));
  const Monotonic begun = Clock::System().Now();
  TRY_VOID(index->ScanFile());
  if (index->entries_.empty()) {
    const std::string found = index->problem_.empty() ? "it is empty" : index->problem_;
    return Fail(
        InvalidInput(fmt::format("{} holds no exchange that can answer: {}", path.string(), found))
            .Mend("Give a file of exchanges, one JSON object a line with \"request\" and "
                  "\"response\""));
  }
  index->Sort();
  LOG_INFO("replay: {}: {} answers, {} repeated, {} lines passed over{}{}, {} ms", path.string(),
           index->size(), index->repeated_, index->skipped_, index->skipped_ ? ", the first: " : "",
           index->problem_, MicrosBetween(begun, Clock::System().Now()) / 1000);
  return index;
}

Status ReplayIndex::ScanFile() {
  Progress progress(file_);
  return file_.ForEach(
      [&](const LineFile::Line& line) {
        if (auto added = AddLine(line); !added) Skip(line, added.error());
        progress.At(line.offset);
      },
      [&](const LineFile::Line& line) { Skip(line, InvalidInput("the line is too long")); });
}

Status ReplayIndex::AddLine(const LineFile::Line& line) {
  TRY(Exchange exchange, ParseExchangeLine(line.text));
  if (exchange.response.empty()) return Fail(InvalidInput("no response"));
  const uint64_t answer_hash = FastHash(exchange.response);
  TRY_VOID(ParseChatAnswer(std::move(exchange.response)));
  TRY(const ReplayKeys keys, MakeReplayKeys(exchange.request));
  entries_.push_back({.exact = keys.exact,
                      .loose = keys.loose,
                      .offset = line.offset,
                      .line_hash = FastHash(line.text),
                      .answer_hash = answer_hash,
                      .length = static_cast<uint32_t>(line.text.size()),
                      .has_loose = keys.has_loose});
  sketches_.push_back(MakeSketch(keys.tokens));
  return {};
}

void ReplayIndex::Skip(const LineFile::Line& line, const Error& why) {
  if (skipped_++ == 0) problem_ = fmt::format("line {}: {}", line.number, why.message);
}

void ReplayIndex::Sort() {
  std::vector<uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto exact_key = [&](uint32_t i) {
    return std::tie(entries_[i].exact, entries_[i].offset);
  };
  std::ranges::sort(order, {}, exact_key);
  std::vector<Entry> entries;
  std::vector<Sketch> sketches;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && entries_[order[end]].exact == entries_[order[begin]].exact) ++end;
    const std::span<const uint32_t> group(order.data() + begin, end - begin);
    const bool same = std::ranges::all_of(group, [&](uint32_t i) {
      return entries_[i].answer_hash == entries_[group.front()].answer_hash;
    });
    if (same) repeated_ += group.size() - 1;
    if (!same) turns_.try_emplace(static_cast<uint32_t>(entries.size()), 0U);
    for (const uint32_t i : group.first(same ? 1 : group.size())) {
      entries.push_back(entries_[i]);
      sketches.push_back(sketches_[i]);
    }
  }
  entries_ = std::move(entries);
  sketches_ = std::move(sketches);
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].has_loose) by_loose_.push_back(i);
  }
  std::ranges::sort(by_loose_, {},
                    [&](uint32_t i) { return std::tie(entries_[i].loose, entries_[i].offset); });
}

Result<ReplayAnswer> ReplayIndex::Find(std::string_view request, bool or_nearest) const {
  TRY(const ReplayKeys keys, MakeReplayKeys(request));
  std::optional<Match> match = FindExact(keys.exact);
  if (!match) match = FindLoose(keys);
  if (!match && or_nearest) match = FindNearest(keys);
  if (!match) return Fail(Miss(file_.name()));
  return Read(*match);
}

std::optional<ReplayIndex::Match> ReplayIndex::FindExact(const Hash128& key) const {
  const auto found = std::ranges::equal_range(entries_, key, {}, &Entry::exact);
  if (found.empty()) return std::nullopt;
  auto first = static_cast<uint32_t>(found.begin() - entries_.begin());
  if (const auto turn = turns_.find(first); turn != turns_.end()) {
    const uint32_t asked = turn->second.fetch_add(1, std::memory_order_relaxed);
    first += asked % static_cast<uint32_t>(found.size());
  }
  return Match{.entry = first};
}

std::optional<ReplayIndex::Match> ReplayIndex::FindLoose(const ReplayKeys& keys) const {
  if (!keys.has_loose) return std::nullopt;
  const auto key_of = [&](uint32_t i) { return entries_[i].loose; };
  const auto found = std::ranges::equal_range(by_loose_, keys.loose, {}, key_of);
  if (found.empty()) return std::nullopt;
  const Sketch sketch = MakeSketch(keys.tokens);
  const auto best = std::ranges::max_element(
      found, {}, [&](uint32_t i) { return SharedLanes(sketches_[i], sketch); });
  return Match{*best, ReplayHit::kLoose, SimilarityTo(*best, keys.tokens)};
}

std::optional<ReplayIndex::Match> ReplayIndex::FindNearest(const ReplayKeys& keys) const {
  Match best{.hit = ReplayHit::kNearest, .similarity = 0};
  for (const uint32_t entry : MostAlike(MakeSketch(keys.tokens))) {
    const double similarity = SimilarityTo(entry, keys.tokens);
    if (similarity <= best.similarity) continue;
    best.entry = entry;
    best.similarity = similarity;
  }
  if (best.similarity <= 0) return std::nullopt;
  return best;
}

std::vector<uint32_t> ReplayIndex::MostAlike(const Sketch& sketch) const {
  // More shared lanes first, then the earlier recorded.
  std::vector<std::tuple<int, uint64_t, uint32_t>> best;
  int needed = 1;
  for (uint32_t i = 0; i < sketches_.size(); ++i) {
    const int shared = SharedLanes(sketches_[i], sketch);
    if (shared < needed) continue;
    best.emplace_back(-shared, entries_[i].offset, i);
    if (best.size() < 4 * kReranked) continue;
    std::ranges::sort(best);
    best.resize(kReranked);
    needed = -std::get<0>(best.back());
  }
  std::ranges::sort(best);
  if (best.size() > kReranked) best.resize(kReranked);
  std::vector<uint32_t> entries;
  for (const auto& [shared, offset, entry] : best) entries.push_back(entry);
  return entries;
}

double ReplayIndex::SimilarityTo(uint32_t entry, const TokenSet& tokens) const {
  const auto recorded = Read({.entry = entry});
  if (!recorded) return 0;
  const auto keys = MakeReplayKeys(recorded->request);
  return keys ? Similarity(keys->tokens, tokens) : 0;
}

Result<ReplayAnswer> ReplayIndex::Read(const Match& match) const {
  const Entry& entry = entries_[match.entry];
  TRY(const std::string line, file_.Read(entry.offset, entry.length));
  if (FastHash(line) != entry.line_hash) {
    return Fail(IoError(file_.name() + " was changed while in use")
                    .Mend("Publish a new recording by rename, then reload the configuration"));
  }
  TRY(Exchange exchange, ParseExchangeLine(line));
  ReplayAnswer answer{.hit = match.hit, .similarity = match.similarity};
  answer.id = std::move(exchange.id);
  answer.request = std::move(exchange.request);
  answer.response = std::move(exchange.response);
  return answer;
}

std::string_view Name(ReplayHit hit) {
  switch (hit) {
    case ReplayHit::kExact: return "exact";
    case ReplayHit::kLoose: return "loose";
    case ReplayHit::kNearest: return "nearest";
  }
  return "exact";
}

}  // namespace understudy
