// What recorded exchanges went into: runs of the flywheel and adapters. A run holds an exchange if
// a line of one of its files has the exchange's id; it is made from one if one of its inputs is a
// file of such a run, by its SHA-256; so is an adapter whose training data is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace understudy {

struct Artefact {
  std::filesystem::path folder;
  std::string kind;                 // "curate", "tune", ..., "adapter"
  int64_t exchanges = 0;            // how many of them stand in its files; 0: only made from them
  std::vector<std::string> serves;  // deployments that use it now: "d-1 (live)"
};

// In order of their folders. What cannot be read is left out, and counted.
struct Provenance {
  std::vector<Artefact> artefacts;
  int64_t unreadable = 0;
};
Provenance FindArtefacts(const std::filesystem::path& workspace,
                         const std::unordered_set<std::string>& ids);

// Writes stale.json into its folder: {"at", "origin", "exchanges"}.
Status MarkStale(const Artefact& artefact, const std::string& origin, int64_t now_ms);

}  // namespace understudy
