// ReplayIndex: finds the recorded answer to a request in a file of exchanges.
//
// The file (exchange JSONL, see chat/exchange_json.h) is read once; of each exchange the index
// keeps about 130 bytes: keys (models/replay_key.h), a sketch of its words, and where its line is.
// An answer is read from the file when asked for, and checked against its line's hash.
//
// Which of several recorded exchanges answers:
//   - same exact key, same answers: the first recorded;
//   - same exact key, different answers: in recorded order, in turn, over and over, by a counter of
//     that key which all threads share: a log in which the model was asked twice plays back as it
//     was;
//   - same loose key: the one whose words are most like the request's; the first recorded of
//   equals;
//   - nearest: the most similar of all by sketch, in time linear in their number (some 5 ns each),
//     then, among the best few, by the exact similarity of their words.
//
// Lines that are no exchange, or have no answer or an error for one, are passed over and counted.
// Thread-safe once made.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/line_file.h"
#include "models/replay_key.h"

namespace understudy {

enum class ReplayHit : uint8_t { kExact, kLoose, kNearest };

struct ReplayAnswer {
  ReplayHit hit = ReplayHit::kExact;
  double similarity = 1;  // of the words; 1 for kExact
  std::string id;         // of the recorded exchange
  std::string request;    // JSON, as recorded
  std::string response;   // JSON, as recorded
};

class ReplayIndex {
 public:
  // Progress goes to the log when it takes longer than a second. Fails where the file cannot be
  // read or holds no usable exchange; the error then names the first bad line.
  static Result<std::unique_ptr<const ReplayIndex>> Open(const std::filesystem::path& path);

  // The recorded answer to `request`; kNotFound (code "replay_miss") when there is none. With
  // `or_nearest` only a request that shares no word with any recorded one is a miss.
  Result<ReplayAnswer> Find(std::string_view request, bool or_nearest) const;

  size_t size() const { return entries_.size(); }          // exchanges that can answer
  size_t skipped() const { return skipped_; }              // lines passed over
  size_t repeated() const { return repeated_; }            // same request, same answer again
  size_t turns() const { return turns_.size(); }           // requests with different answers
  const std::string& problem() const { return problem_; }  // of the first line passed over

 private:
  struct Entry {
    Hash128 exact, loose;
    uint64_t offset = 0;
    uint64_t line_hash = 0;
    uint64_t answer_hash = 0;
    uint32_t length = 0;
    bool has_loose = false;
  };
  struct Match {
    uint32_t entry = 0;
    ReplayHit hit = ReplayHit::kExact;
    double similarity = 1;
  };

  explicit ReplayIndex(LineFile file) : file_(std::move(file)) {}
  Status ScanFile();
  Status AddLine(const LineFile::Line& line);
  void Skip(const LineFile::Line& line, const Error& why);
  void Sort();

  std::optional<Match> FindExact(const Hash128& key) const;
  std::optional<Match> FindLoose(const ReplayKeys& keys) const;
  std::optional<Match> FindNearest(const ReplayKeys& keys) const;
  std::vector<uint32_t> MostAlike(const Sketch& sketch) const;
  Result<ReplayAnswer> Read(const Match& match) const;
  double SimilarityTo(uint32_t entry, const TokenSet& tokens) const;

  LineFile file_;
  std::vector<Entry> entries_;      // by exact key, then by place in the file
  std::vector<Sketch> sketches_;    // of the entries
  std::vector<uint32_t> by_loose_;  // entries by loose key, then by place in the file
  // By the first entry of an exact key with different answers.
  mutable std::map<uint32_t, std::atomic<uint32_t>> turns_;
  size_t skipped_ = 0, repeated_ = 0;
  std::string problem_;
};

std::string_view Name(ReplayHit hit);

}  // namespace understudy
