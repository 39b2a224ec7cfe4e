#include "adapter/adapter_folder.h"

#include "adapter/lora_gguf.h"
#include "adapter/peft.h"
#include "base/file.h"

namespace understudy {
namespace {

std::string CurveTitle(const TrainingRecord& record) {
  return record.task.empty() ? "loss" : record.task + ": loss";
}

// Why there is no peft/; empty where there is one.
Result<std::string> TryPeft(const std::filesystem::path& folder, const LoraAdapter& adapter,
                            const GgufFile& base, const std::string& base_name) {
  const auto peft = MakePeft(adapter, base, base_name);
  if (!peft && peft.error().kind == ErrorKind::kUnsupported) return peft.error().message;
  if (!peft) return Fail(peft.error());
  TRY_VOID(WritePeft(*peft, folder / "peft"));
  return std::string();
}

}  // namespace

Status WriteAdapterPapers(const std::filesystem::path& folder, std::string_view version,
                          const TrainingRecord& record, std::string_view without_peft) {
  json::object manifest = MakeManifest(record, version);
  if (!without_peft.empty()) manifest["without_peft"] = without_peft;
  TRY_VOID(WriteFileAtomically(folder / "card.md", MakeCard(record, version)));
  return WriteFileAtomically(folder / kManifestFile, PrettyJson(manifest));
}

Status WriteAdapterFolder(const std::filesystem::path& folder, std::string_view version,
                          const LoraAdapter& adapter, TensorType type, const GgufFile& base,
                          TrainingRecord& record) {
  TRY_VOID(MakeFolders(folder));
  TRY(record.summary, PublishLoraGguf(adapter, type, base, folder / kAdapterFile));
  TRY(const std::string without_peft, TryPeft(folder, adapter, base, record.base.name));
  TRY_VOID(WriteFileAtomically(folder / "curve.svg", CurveSvg(record.curves, CurveTitle(record))));
  return WriteAdapterPapers(folder, version, record, without_peft);
}

}  // namespace understudy
