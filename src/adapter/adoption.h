// A finished adapter from elsewhere (a run's folder, a file from another machine) that a workspace
// takes over: checked against the base model that it shall serve on, then copied with its papers,
// so that it lives on when the place where it was made does not. AdapterRegistry::Adopt
// (adapter/adapter_registry.h) does it; here are its parts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "adapter/base_identity.h"
#include "base/json.h"
#include "base/result.h"
#include "gguf/adapter_check.h"

namespace understudy {

// manifest.json of an adopted adapter says, beside what its training wrote:
//   "adopted":{"from","sha256","at","by","base":{"file","sha256"},"run":{"stage","hash"}|null,
//              "scorecard","follows":"v2"|null}
// run.json is the run's meta.json, word for word: its inputs, parameters and seed.
inline constexpr std::string_view kRunFile = "run.json";
inline constexpr std::string_view kCardFile = "card.md";

struct Adoption {
  std::string task;            // whose version it becomes
  std::filesystem::path file;  // the GGUF; manifest, card, curve, peft/ and meta.json beside it
                               // come along where they are
  std::filesystem::path base;  // GGUF of the model that it shall serve on
  std::string by;              // "refine", "ann"
  int64_t at_ms = 0;           // Unix epoch
  std::string scorecard;       // where it was measured; may be empty
};

// What is taken over, read once: what was checked is what is written.
struct AdoptedAdapter {
  std::string bytes, sha256;  // of the GGUF
  AdapterSummary summary;
  BaseIdentity base;
  json::object manifest;  // of the training; empty: there is none
  json::object run;       // its meta.json; likewise
};

// Whether an adapter's file fits a base's: its tensors (gguf/adapter_check.h), and where a manifest
// lies beside it, that it was trained on this base and no other, byte for byte. kNotFound where a
// file is missing; kInvalidInput says which base it was trained on.
Status CheckAdapterFile(const std::filesystem::path& base, const std::filesystem::path& adapter);

// Reads and checks as CheckAdapterFile does.
Result<AdoptedAdapter> ReadAdoption(const Adoption& adoption);

// Into `folder`, made here: all but the papers. Everything is synced.
Status WriteAdoption(const std::filesystem::path& folder, const Adoption& adoption,
                     const AdoptedAdapter& adapter);
// Card and manifest, which name the version; `follows` is the task's version before, or empty.
Status WriteAdoptionPapers(const std::filesystem::path& folder, std::string_view version,
                           std::string_view follows, const Adoption& adoption,
                           const AdoptedAdapter& adapter);

}  // namespace understudy
