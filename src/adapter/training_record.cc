#include "adapter/training_record.h"

#include <cmath>

#include <fmt/format.h>

#include "base/clock.h"

namespace understudy {
namespace {

json::object AdapterJson(const AdapterSummary& summary) {
  return {{"alpha", summary.alpha},
          {"targets", summary.targets},
          {"least_rank", summary.least_rank},
          {"most_rank", summary.most_rank},
          {"parameters", summary.parameters}};
}

json::array DataJson(const std::vector<DataSource>& data) {
  json::array out;
  for (const DataSource& source : data) {
    out.push_back(json::object{{"role", source.role},
                               {"file", source.file},
                               {"sha256", source.sha256},
                               {"licence", source.licence},
                               {"report", source.report}});
  }
  return out;
}

json::value OrNull(const json::object& object) {
  return object.empty() ? json::value(nullptr) : json::value(object);
}

std::string OrUnknown(std::string_view text) {
  return text.empty() ? "not known" : std::string(text);
}

// A cell of a table, or a title: one line, no bars, no markup that starts something.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '`') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string Short(std::string_view hash) {
  return hash.empty() ? "none" : fmt::format("`{}`", hash.substr(0, 16));
}

std::string FrontMatter(const TrainingRecord& record) {
  return fmt::format(
      "---\nlibrary_name: peft\nbase_model: {}\ntags:\n- lora\n- gguf\n- understudy\n{}---\n\n",
      JsonString(record.base.name),
      record.licence.empty() ? std::string()
                             : fmt::format("license: {}\n", JsonString(record.licence)));
}

std::string BaseSection(const TrainingRecord& record) {
  const BaseIdentity& base = record.base;
  std::string out = fmt::format(
      "## Base model\n\n{} ({}, {} parameters). It fits this file and no other:\n\n"
      "| what | begin of its SHA-256 |\n|---|---|\n| file | {} |\n| tokenizer | {} |\n"
      "| chat template | {} |\n\n",
      Cell(base.name), base.architecture, base.parameters, Short(base.sha256),
      Short(base.tokenizer_sha256), Short(base.template_sha256));
  if (!record.lineage.empty()) {
    out += "It continues";
    for (const std::string& parent : record.lineage) out += fmt::format(" {}", Cell(parent));
    out += ".\n\n";
  }
  return out;
}

std::string DataSection(const TrainingRecord& record) {
  std::string out =
      "## Data\n\n| part | file | rows | used | tokens | SHA-256 | licence |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const DataSource& source : record.data) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", Cell(source.role),
                       Cell(source.file), IntOr(source.report, "rows", 0),
                       IntOr(source.report, "used", 0), IntOr(source.report, "tokens", 0),
                       Short(source.sha256), Cell(OrUnknown(source.licence)));
  }
  for (const DataSource& source : record.data) {
    const json::value* skipped = source.report.if_contains("skipped");
    if (!skipped || !skipped->is_object() || skipped->get_object().empty()) continue;
    out += fmt::format("\nLeft out of {}:", Cell(source.role));
    std::string before = " ";
    for (const auto& [reason, count] : skipped->get_object()) {
      out += fmt::format("{}{} {}", before, IntOr(count, "rows", 0), std::string(reason));
      before = ", ";
    }
    out += ".\n";
  }
  return out + "\n";
}

// As people write it: 0.002, where JSON's serializer has 2E-3.
std::string Spelled(const json::value& value) {
  if (value.is_string()) return value.get_string().c_str();
  return value.is_double() ? fmt::format("{}", value.get_double()) : json::serialize(value);
}

std::string SettingsSection(const TrainingRecord& record) {
  std::string out = "## Settings\n\n| option | value |\n|---|---|\n";
  for (const auto& [key, value] : record.settings) {
    out += fmt::format("| {} | {} |\n", Cell(std::string(key)), Cell(Spelled(value)));
  }
  return out +
         fmt::format("\nTrained for {:.1f} minutes; {} matrices, {} parameters, alpha {:g}.\n\n",
                     record.minutes, record.summary.targets, record.summary.parameters,
                     record.summary.alpha);
}

std::string Share(const json::object& card, std::string_view kind) {
  const json::value* row = nullptr;
  const json::value whole(card);
  if (kind.empty()) {
    row = &whole;
  } else if (const json::value* kinds = Find(whole, "kinds")) {
    row = Find(*kinds, kind);
  }
  const int64_t total = row ? IntOr(*row, "total", 0) : 0;
  if (total == 0) return "-";
  const int64_t right = IntOr(*row, "right", 0);
  return fmt::format("{} of {} ({:.1f} %)", right, total,
                     100.0 * static_cast<double>(right) / static_cast<double>(total));
}

std::string ScoreSection(const TrainingRecord& record) {
  if (record.after.empty()) return "## Scores\n\nNothing was held out, so nothing was scored.\n\n";
  std::string out =
      "## Scores\n\nExact match on the validation data: tool calls and JSON compared as values, "
      "numbers numerically, text up to white space.\n\n"
      "| answers | base | with the adapter |\n|---|---|---|\n";
  out += fmt::format("| all | {} | {} |\n", Share(record.before, ""), Share(record.after, ""));
  const json::value* kinds = record.after.if_contains("kinds");
  if (kinds && kinds->is_object()) {
    for (const auto& member : kinds->get_object()) {
      const std::string kind(member.key());
      out += fmt::format("| {} | {} | {} |\n", Cell(kind), Share(record.before, kind),
                         Share(record.after, kind));
    }
  }
  return out + "\n";
}

std::string CurveSection(const TrainingRecord& record) {
  std::string out = "## Curves\n\n![loss over steps](curve.svg)\n\n";
  for (const Curve& curve : record.curves) {
    if (curve.points.empty()) continue;
    const CurvePoint &first = curve.points.front(), &last = curve.points.back();
    out += fmt::format("{}: {:.4f} at step {:g}", Cell(curve.name), first.loss, first.step);
    if (curve.points.size() > 1) out += fmt::format(", {:.4f} at step {:g}", last.loss, last.step);
    out += ".\n\n";
  }
  return out;
}

std::string LicenceSection(const TrainingRecord& record) {
  std::string out = "## Licence\n\n";
  if (!record.licence.empty()) {
    out += fmt::format("{}.\n", Cell(record.licence));
  } else {
    out +=
        "It was given none of its own. What may be done with it follows from the base model and "
        "the data.\n";
  }
  return out + fmt::format("\nBase model: {}.\n", Cell(OrUnknown(record.base.licence)));
}

void Pretty(const json::value& value, size_t level, std::string& out);

// Lists of objects and long lists have a line an item.
void PrettyList(const json::array& list, size_t level, std::string& out) {
  const bool in_lines = list.size() > 8 || (!list.empty() && list.front().is_object());
  const std::string indent(2 * level, ' ');
  std::string before = in_lines ? "[\n" + indent + "  " : "[";
  for (const json::value& item : list) {
    out += before;
    Pretty(item, level + 1, out);
    before = in_lines ? ",\n" + indent + "  " : ", ";
  }
  out += list.empty() ? "[]" : in_lines ? "\n" + indent + "]" : "]";
}

void Pretty(const json::value& value, size_t level, std::string& out) {
  const std::string indent(2 * level, ' ');
  if (const auto* object = value.if_object(); object && !object->empty()) {
    std::string before = "{\n";
    for (const auto& member : *object) {
      out += before + indent + "  " + JsonString(member.key()) + ": ";
      Pretty(member.value(), level + 1, out);
      before = ",\n";
    }
    out += "\n" + indent + "}";
  } else if (const auto* list = value.if_array()) {
    PrettyList(*list, level, out);
  } else if (value.is_double()) {
    const double number = value.get_double();
    out += std::isfinite(number) ? fmt::format("{}", number) : "null";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

json::object MakeManifest(const TrainingRecord& record, std::string_view version) {
  return {
      {"v", kManifestVersion},
      {"task", record.task},
      {"version", version},
      {"created", FormatWallMs(record.created_ms)},
      {"program", "understudy " UNDERSTUDY_VERSION},
      {"minutes", record.minutes},
      {"base", ToJson(record.base)},
      {"data", DataJson(record.data)},
      {"settings", record.settings},
      {"adapter", AdapterJson(record.summary)},
      {"scores", json::object{{"before", OrNull(record.before)}, {"after", OrNull(record.after)}}},
      {"curves", ToJson(record.curves)},
      {"lineage", json::array(record.lineage.begin(), record.lineage.end())},
      {"licence", record.licence}};
}

std::string MakeCard(const TrainingRecord& record, std::string_view version) {
  const std::string title = record.task.empty() ? "LoRA adapter" : record.task;
  return FrontMatter(record) +
         fmt::format(
             "# {}{}{}\n\nA LoRA adapter for {}, made by Understudy {} on {}. `adapter.gguf` "
             "is for llama-server, `peft/` for Hugging Face's PEFT.\n\n",
             Cell(title), version.empty() ? "" : " ", version, Cell(record.base.name),
             UNDERSTUDY_VERSION, FormatWallMs(record.created_ms)) +
         BaseSection(record) + DataSection(record) + SettingsSection(record) +
         ScoreSection(record) + CurveSection(record) + LicenceSection(record);
}

std::string PrettyJson(const json::value& value) {
  std::string out;
  Pretty(value, 0, out);
  return out + "\n";
}

}  // namespace understudy
