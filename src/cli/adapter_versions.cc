#include "cli/adapter_versions.h"

#include <fmt/format.h>

#include "base/file.h"
#include "cli/table.h"
#include "cli/text.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostManifestBytes = uint64_t{64} << 20;

json::object ManifestOf(const AdapterVersion& version) {
  const auto text = ReadFile(version.folder / kManifestFile, kMostManifestBytes);
  auto manifest = text ? ParseJson(*text) : Result<json::value>(Fail(text.error()));
  return manifest && manifest->is_object() ? std::move(manifest->get_object()) : json::object();
}

std::string_view Member(const json::object& manifest, std::string_view object,
                        std::string_view key) {
  const json::value* found = manifest.if_contains(object);
  return found ? StringOr(*found, key) : std::string_view();
}

// When it was trained, or else taken over.
std::string_view MadeAt(const json::object& manifest) {
  const json::value* created = manifest.if_contains("created");
  if (created && created->is_string()) return created->get_string();
  return Member(manifest, "adopted", "at");
}

std::string Serves(const AdapterVersionRow& row) {
  if (row.bytes == 0) return "nothing: adapter.gguf is missing";
  std::string serves;
  for (const Deployment* one : row.deployments) {
    serves += fmt::format("{}{} ({})", serves.empty() ? "" : ", ", Name(one->stage), one->id);
  }
  return serves.empty() ? "-" : serves;
}

}  // namespace

Result<std::vector<AdapterVersionRow>> AdapterVersions(const fs::path& workspace,
                                                       const Deployments& deployments) {
  TRY(auto versions, AdapterRegistry(workspace).List());
  std::vector<AdapterVersionRow> rows;
  for (AdapterVersion& version : versions) {
    AdapterVersionRow row{.version = std::move(version)};
    row.manifest = ManifestOf(row.version);
    const fs::path file = row.version.gguf().lexically_normal();
    std::error_code missing;
    const auto bytes = fs::file_size(file, missing);
    row.bytes = missing ? 0 : bytes;
    for (const Deployment& one : deployments.deployments) {
      const bool is_it =
          !one.adapter_path.empty() && (workspace / one.adapter_path).lexically_normal() == file;
      if (is_it) row.deployments.push_back(&one);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string AdapterVersionsText(const std::vector<AdapterVersionRow>& rows) {
  if (rows.empty()) return {};
  Table table(
      {{"TASK"}, {"VERSION"}, {"BASE"}, {"MADE"}, {"SIZE", Table::Align::kRight}, {"DEPLOYED"}});
  for (const AdapterVersionRow& row : rows) {
    const std::string_view base = Member(row.manifest, "base", "name");
    table.Add({row.version.task, row.version.name(), base.empty() ? "-" : Printable(base),
               Printable(MadeAt(row.manifest).substr(0, 16)),
               HumanBytes(static_cast<int64_t>(row.bytes)), Serves(row)});
  }
  return "\nAdapters\n" + table.Render();
}

json::array AdapterVersionsJson(const std::vector<AdapterVersionRow>& rows,
                                const fs::path& workspace) {
  json::array list;
  for (const AdapterVersionRow& row : rows) {
    json::object out{{"task", row.version.task},
                     {"version", row.version.name()},
                     {"path", row.version.gguf().lexically_relative(workspace).string()},
                     {"bytes", row.bytes}};
    const auto add = [&](std::string_view key, std::string_view text) {
      if (!text.empty()) out[key] = text;
    };
    add("base", Member(row.manifest, "base", "name"));
    add("base_sha256", Member(row.manifest, "base", "sha256"));
    add("sha256", Member(row.manifest, "adopted", "sha256"));
    add("made", MadeAt(row.manifest));
    add("from", Member(row.manifest, "adopted", "from"));
    const json::value* adopted = row.manifest.if_contains("adopted");
    if (const json::value* run = adopted ? Find(*adopted, "run") : nullptr; run) out["run"] = *run;
    json::array deployments;
    for (const Deployment* one : row.deployments) {
      deployments.push_back({{"id", one->id}, {"stage", Name(one->stage)}});
    }
    out["deployments"] = std::move(deployments);
    list.push_back(std::move(out));
  }
  return list;
}

}  // namespace understudy
