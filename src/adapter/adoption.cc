#include "adapter/adoption.h"

#include <fmt/format.h>

#include "adapter/adapter_folder.h"
#include "adapter/training_record.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"
#include "gguf/file.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostAdapterBytes = uint64_t{8} << 30;
constexpr uint64_t kMostPaperBytes = uint64_t{64} << 20;
constexpr std::string_view kMetaFile = "meta.json";  // of a run (flywheel/stage.h)
constexpr std::string_view kCurveFile = "curve.svg";
constexpr std::string_view kPeftFolder = "peft";

bool Exists(const fs::path& path) {
  std::error_code missing;
  return fs::exists(path, missing);
}

Error WrongBase(const fs::path& adapter, std::string_view trained_on, const fs::path& base) {
  return InvalidInput(fmt::format("the adapter was trained on another base model: on {}, not on {}",
                                  trained_on, base.string()))
      .At(adapter.string())
      .Mend("Serve it on that base, or train one for this base: understudy tune --base FILE.");
}

// An object, empty where the file is not there.
Result<json::object> ReadPaper(const fs::path& file) {
  if (!Exists(file)) return json::object();
  TRY(const std::string text, ReadFile(file, kMostPaperBytes));
  auto value = ParseJson(text);
  if (!value) return Fail(std::move(value).error().At(file.string()));
  if (!value->is_object()) return Fail(InvalidInput("must be an object").At(file.string()));
  return std::move(value->get_object());
}

// The base that the manifest names must be this one.
Status CheckTrainedOn(const json::object& manifest, const BaseIdentity& base,
                      const fs::path& adapter) {
  const json::value* trained_on = manifest.if_contains("base");
  if (!trained_on) return {};
  const std::string_view sha256 = StringOr(*trained_on, "sha256");
  if (sha256.empty() || sha256 == base.sha256) return {};
  const std::string name =
      fmt::format("{} ({}, SHA-256 {}...)", StringOr(*trained_on, "name", "an unnamed one"),
                  StringOr(*trained_on, "file", "no file"), sha256.substr(0, 16));
  return Fail(WrongBase(adapter, name, base.file));
}

Result<AdoptedAdapter> ReadChecked(const fs::path& base_path, const fs::path& file) {
  if (!Exists(file)) {
    return Fail(NotFound("there is no such adapter")
                    .At(file.string())
                    .Mend("understudy tune or refine makes one; it is the file adapter.gguf."));
  }
  AdoptedAdapter adapter;
  TRY(adapter.bytes, ReadFile(file, kMostAdapterBytes));
  TRY(const GgufFile parsed, GgufFile::Parse(adapter.bytes, file.string()));
  TRY(const GgufFile base, GgufFile::Open(base_path));
  auto summary = CheckAdapter(base, parsed);
  if (!summary) {
    Error error = std::move(summary).error();
    if (error.where.empty()) error.where = file.string();
    return Fail(std::move(error));
  }
  adapter.summary = *summary;
  adapter.sha256 = Sha256Hex(adapter.bytes);
  TRY(adapter.manifest, ReadPaper(file.parent_path() / kManifestFile));
  return adapter;
}

// The papers of one that came without: what its file tells, and no more.
json::object ManifestOf(const AdoptedAdapter& adapter) {
  TrainingRecord record;
  record.base = adapter.base;
  record.summary = adapter.summary;
  json::object manifest = MakeManifest(record, "");
  for (const char* unknown : {"created", "program", "minutes", "data", "settings", "scores",
                              "curves", "lineage", "licence"}) {
    manifest.erase(unknown);
  }
  return manifest;
}

json::value OrNull(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object AdoptedJson(const Adoption& adoption, const AdoptedAdapter& adapter,
                         std::string_view follows) {
  json::value run(nullptr);
  if (!adapter.run.empty()) {
    const json::value meta(adapter.run);
    run = {{"stage", StringOr(meta, "stage")}, {"hash", StringOr(meta, "hash")}};
  }
  return {{"from", adoption.file.string()},
          {"sha256", adapter.sha256},
          {"at", FormatWallMs(adoption.at_ms)},
          {"by", adoption.by},
          {"base", {{"file", adapter.base.file}, {"sha256", adapter.base.sha256}}},
          {"run", std::move(run)},
          {"scorecard", adoption.scorecard},
          {"follows", OrNull(follows)}};
}

// Of a name or path in a line of the card.
std::string Quoted(std::string_view text) {
  std::string out = "`";
  for (const char c : text) out += c == '`' || static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out + "`";
}

Result<std::string> CardOf(const Adoption& adoption, const AdoptedAdapter& adapter) {
  const fs::path card = adoption.file.parent_path() / kCardFile;
  if (Exists(card)) return ReadFile(card, kMostPaperBytes);
  return fmt::format(
      "# {}\n\nA LoRA adapter for {} ({}). It came without papers, so nothing is known of its "
      "training; it was checked against {}.\n",
      adoption.task, adapter.base.name, adapter.base.architecture, Quoted(adapter.base.file));
}

std::string AdoptionSection(std::string_view version, std::string_view follows,
                            const Adoption& adoption, const AdoptedAdapter& adapter) {
  std::string out = fmt::format("\n## Version\n\nTaken over as {} {} on {} by {}, from {}.",
                                adoption.task, version, FormatWallMs(adoption.at_ms), adoption.by,
                                Quoted(adoption.file.string()));
  if (!follows.empty()) out += fmt::format(" The version before it is {}.", follows);
  if (!adoption.scorecard.empty()) {
    out += fmt::format(" It was measured in {}.", Quoted(adoption.scorecard));
  }
  if (!adapter.run.empty()) {
    out += fmt::format(" How it was made, input by input: {}.", Quoted(kRunFile));
  }
  return out + fmt::format("\n\nSHA-256 of `adapter.gguf`: `{}`.\n", adapter.sha256);
}

Status CopyIfThere(const fs::path& from, const fs::path& to) {
  if (!Exists(from)) return {};
  TRY(const std::string bytes, ReadFile(from, kMostAdapterBytes));
  return WriteFileAtomically(to, bytes);
}

}  // namespace

Status CheckAdapterFile(const fs::path& base, const fs::path& adapter) {
  TRY(const AdoptedAdapter read, ReadChecked(base, adapter));
  if (!read.manifest.contains("base")) return {};
  TRY(const BaseIdentity identity, IdentifyBase(base));
  return CheckTrainedOn(read.manifest, identity, adapter);
}

Result<AdoptedAdapter> ReadAdoption(const Adoption& adoption) {
  TRY(AdoptedAdapter adapter, ReadChecked(adoption.base, adoption.file));
  TRY(adapter.base, IdentifyBase(adoption.base));
  TRY_VOID(CheckTrainedOn(adapter.manifest, adapter.base, adoption.file));
  TRY(adapter.run, ReadPaper(adoption.file.parent_path() / kMetaFile));
  return adapter;
}

Status WriteAdoption(const fs::path& folder, const Adoption& adoption,
                     const AdoptedAdapter& adapter) {
  const fs::path from = adoption.file.parent_path();
  TRY_VOID(MakeFolders(folder));
  TRY_VOID(WriteFileAtomically(folder / kAdapterFile, adapter.bytes));
  TRY_VOID(CopyIfThere(from / kCurveFile, folder / kCurveFile));
  if (!adapter.run.empty()) {
    TRY_VOID(CopyIfThere(from / kMetaFile, folder / kRunFile));
  }
  if (!Exists(from / kPeftFolder)) return {};
  TRY_VOID(MakeFolders(folder / kPeftFolder));
  std::error_code failed;
  for (fs::directory_iterator at(from / kPeftFolder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (!at->is_regular_file()) continue;
    TRY_VOID(CopyIfThere(at->path(), folder / kPeftFolder / at->path().filename()));
  }
  if (failed) return Fail(IoErrorFromErrno("cannot list " + from.string(), failed.value()));
  return {};
}

Status WriteAdoptionPapers(const fs::path& folder, std::string_view version,
                           std::string_view follows, const Adoption& adoption,
                           const AdoptedAdapter& adapter) {
  TRY(const std::string card, CardOf(adoption, adapter));
  TRY_VOID(WriteFileAtomically(folder / kCardFile,
                               card + AdoptionSection(version, follows, adoption, adapter)));
  json::object manifest = adapter.manifest.empty() ? ManifestOf(adapter) : adapter.manifest;
  manifest["task"] = adoption.task;
  manifest["version"] = version;
  manifest["adopted"] = AdoptedJson(adoption, adapter, follows);
  return WriteFileAtomically(folder / kManifestFile, PrettyJson(manifest));
}

}  // namespace understudy
