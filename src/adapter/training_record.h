// What a training leaves behind beside the weights: manifest.json for programs, card.md for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/base_identity.h"
#include "adapter/curve.h"
#include "base/json.h"
#include "gguf/adapter_check.h"

namespace understudy {

// One data file: what it is and what came of it.
struct DataSource {
  std::string role;  // "train", "valid", "replay"
  std::string file;
  std::string sha256;   // of the file, hex
  std::string licence;  // empty where it is not known
  json::object report;  // dataset/report.h as JSON: rows, used, skipped, tokens
};

struct TrainingRecord {
  std::string task;
  int64_t created_ms = 0;  // Unix epoch
  double minutes = 0;      // of training
  BaseIdentity base;
  std::vector<DataSource> data;
  json::object settings;  // every option that holds, by its flag's name
  json::object before;    // scorecard of the base on the validation data; empty: not measured
  json::object after;     // of the adapted model: {"total", "right", "kinds", ...}
  std::vector<Curve> curves;
  // Earlier adapters this one continues, the oldest first: "labels/v3" or a file's SHA-256.
  std::vector<std::string> lineage;
  std::string licence;     // of the adapter; empty: follows the base's and the data's
  AdapterSummary summary;  // filled in when the adapter is written
};

inline constexpr int kManifestVersion = 1;

// manifest.json: {"v": 1, "task", "version", "created", "program", "base": {...}, "data": [...],
// "settings", "adapter": {...}, "scores": {"before", "after"}, "curves", "lineage", "licence"}.
// `version` is "v3", or empty outside of a registry.
json::object MakeManifest(const TrainingRecord& record, std::string_view version);

// card.md: a model card in Markdown with the front matter that Hugging Face's hub reads.
std::string MakeCard(const TrainingRecord& record, std::string_view version);

// `value` with two blanks a level, a line a member: for files that people read. Numbers that are
// not finite become null.
std::string PrettyJson(const json::value& value);

}  // namespace understudy
