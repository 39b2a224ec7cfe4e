// `understudy models`: the models of config.toml, listed and edited. Edits keep the file as its
// owner wrote it, and are checked as a whole before they are written.
#include "base/config.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/config_edit.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/model_block.h"
#include "cli/serve_file.h"
#include "cli/table.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct ListFlags {
  std::string workspace;
  bool json = false;
};
struct AddFlags : ModelFlags {
  std::string workspace;
};
struct RemoveFlags {
  std::string workspace, name;
};

std::string SourceOf(const ModelOptions& model) {
  return model.kind == "openai" ? model.url : model.kind == "replay" ? model.file : model.gguf;
}

std::string PartOf(const ModelOptions& model, const Options& options) {
  if (model.name == ReferenceModel(options)) return "reference";
  return model.name == LocalModel(options) ? "local" : "-";
}

Result<ExitCode> List(const ListFlags& flags, Console& console) {
  TRY(const Options options, OpenWorkspace(flags.workspace));
  Table table(
      {{"NAME"}, {"KIND"}, {"PART"}, {"SMALL"}, {"ZONE"}, {"USD/M IN"}, {"USD/M OUT"}, {"SOURCE"}});
  json::array rows;
  for (const ModelOptions& model : options.models) {
    table.Add({model.name, model.kind, PartOf(model, options), model.small ? "yes" : "no",
               model.zone, fmt::format("{}", model.input_usd), fmt::format("{}", model.output_usd),
               SourceOf(model)});
    rows.push_back(json::object{{"name", model.name},
                                {"kind", model.kind},
                                {"part", PartOf(model, options)},
                                {"small", model.small},
                                {"zone", model.zone},
                                {"input_usd", model.input_usd},
                                {"output_usd", model.output_usd},
                                {"source", SourceOf(model)}});
  }
  if (flags.json) {
    console.Out(json::serialize(rows) + '\n');
  } else {
    table.Print(console);
  }
  return ExitCode::kOk;
}

void SayHowToReload(const std::filesystem::path& workspace, Console& console) {
  if (const auto serving = FindServe(workspace)) {
    console.Err(
        fmt::format("A gateway is running; it takes this over with: kill -HUP {}\n", serving->pid));
  }
}

Result<ExitCode> Add(const AddFlags& flags, Console& console) {
  TRY(const std::string block, ModelBlock(flags));
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const std::string toml, ReadFile(ConfigPath(folder)));
  TRY_VOID(ReplaceConfig(folder, AppendBlock(toml, block)));
  console.Out(fmt::format("Added {} to {}\n", flags.name, ConfigPath(folder).string()));
  SayHowToReload(folder, console);
  return ExitCode::kOk;
}

Result<ExitCode> Remove(const RemoveFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const std::string toml, ReadFile(ConfigPath(folder)));
  TRY(const std::string cut, CutModel(toml, flags.name));
  TRY_VOID(ReplaceConfig(folder, cut));
  console.Out(fmt::format("Removed {} from {}\n", flags.name, ConfigPath(folder).string()));
  SayHowToReload(folder, console);
  return ExitCode::kOk;
}

}  // namespace

Action DefineModelsList(CLI::App& app) {
  const auto flags = std::make_shared<ListFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy models list");
  return [flags](Console& console) { return List(*flags, console); };
}

Action DefineModelsAdd(CLI::App& app) {
  const auto flags = std::make_shared<AddFlags>();
  app.add_option("NAME", flags->name, "its name here: a-z 0-9 . _ -")->required();
  AddValue(app, "--url", flags->url, "URL", "an OpenAI-compatible API: https://host/v1");
  AddValue(app, "--model", flags->model, "NAME",
           "the name that the API knows it by (default: what the client asks for)");
  AddValue(app, "--api-key", flags->api_key, "env:NAME",
           "variable with its key (default: the client's own key is passed on)");
  AddValue(app, "--gguf", flags->gguf, "FILE", "a local model, run by llama-server");
  AddValue(app, "--adapter", flags->adapters, "NAME=PATH", "one of its LoRA adapters; repeatable");
  AddValue(app, "--file", flags->file, "FILE", "exchange JSONL to answer from");
  AddValue(app, "--on-miss", flags->on_miss, "WHAT", "for calls that are not in it")
      ->check(CLI::IsMember({"error", "nearest"}));
  AddValue(app, "--kind", flags->kind, "KIND", "openai, replay or local, if not clear from these")
      ->check(CLI::IsMember({"openai", "replay", "local"}));
  app.add_flag("--small", flags->small, "a small model behind an API: verify its answers");
  AddValue(app, "--input-usd", flags->input_usd, "USD", "price of a million prompt tokens")
      ->check(CLI::NonNegativeNumber);
  AddValue(app, "--output-usd", flags->output_usd, "USD", "price of a million answer tokens")
      ->check(CLI::NonNegativeNumber);
  AddValue(app, "--set", flags->settings, "KEY=VALUE",
           "any other option of models[], the value as in TOML; repeatable");
  AddWorkspaceFlag(app, flags->workspace);
  app.footer(
      "  understudy models add small --gguf models/small.gguf --set context=8192\n"
      "  understudy models add big --url https://api.openai.com/v1 --api-key env:OPENAI_API_KEY");
  return [flags](Console& console) { return Add(*flags, console); };
}

Action DefineModelsRemove(CLI::App& app) {
  const auto flags = std::make_shared<RemoveFlags>();
  app.add_option("NAME", flags->name, "the model's name")->required();
  AddWorkspaceFlag(app, flags->workspace);
  app.footer("  understudy models remove small");
  return [flags](Console& console) { return Remove(*flags, console); };
}

}  // namespace understudy
