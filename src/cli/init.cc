// `understudy init`: a workspace that works as it is. It never deletes or overwrites anything but
// config.toml, and that only with --force, after keeping a copy.
#include "access/api_key.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"
#include "cli/config_edit.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/starter_config.h"
#include "cli/workspace.h"
#include "seal/master_key.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

struct InitFlags {
  std::string folder;    // empty: $UNDERSTUDY_WORKSPACE, else ./understudy
  std::string key_name;  // empty: no API key wanted
  bool force = false;
};

struct NewKey {
  std::string secret, entry;
};

Status MakeOriginKey(const fs::path& workspace) {
  const fs::path path = OriginKeyPath(workspace);
  if (Exists(path)) return {};
  TRY_VOID(MakeFolders(path.parent_path(), 0700));
  return WriteFileAtomically(path, RandomBytes(32), 0600);
}

// Not beside a store that another one sealed: a missing key must be missed.
Status MakeMasterKey(const fs::path& workspace) {
  if (Exists(StorePath(workspace))) return {};
  return MakeMasterKeyFile(workspace / "keys" / "master.key");
}

Status MakeAllFolders(const fs::path& workspace) {
  TRY_VOID(MakeFolders(workspace, 0700));
  for (const char* name : {"models", "adapters", "runs", "run"}) {
    TRY_VOID(MakeFolders(workspace / name, 0700));
  }
  TRY_VOID(MakeMasterKey(workspace));
  return MakeOriginKey(workspace);
}

// Where the old config goes when --force replaces it.
fs::path FreeCopyName(const fs::path& config) {
  for (int number = 1;; ++number) {
    fs::path copy = fmt::format("{}.old-{}", config.string(), number);
    if (!Exists(copy)) return copy;
  }
}

// The config of a new workspace, or with --force of an old one; else the old one with the key.
Status WriteConfig(const InitFlags& flags, const std::string& entry, Console& console) {
  const fs::path folder = flags.folder, config = ConfigPath(folder);
  const bool there = Exists(config);
  if (there && !flags.force) {
    TRY(const std::string old, ReadFile(config));
    TRY(const std::string edited, AddApiKey(old, entry));
    return ReplaceConfig(folder, edited);
  }
  if (there) {
    const fs::path copy = FreeCopyName(config);
    TRY(const std::string old, ReadFile(config));
    TRY_VOID(WriteFileAtomically(copy, old, 0600));
    console.Err(fmt::format("The old configuration is kept as {}\n", copy.string()));
  }
  return ReplaceConfig(folder, StarterConfig(entry));
}

Status RefuseToOverwrite(const InitFlags& flags) {
  const bool there = Exists(ConfigPath(flags.folder));
  if (!there || flags.force || !flags.key_name.empty()) return {};
  return Fail(InvalidInput("there is a workspace already")
                  .At(ConfigPath(flags.folder).string())
                  .Mend("--force writes a new config.toml and keeps the old one beside it; "
                        "--api-key NAME only adds a key."));
}

std::string NextSteps(const InitFlags& flags, const NewKey& key) {
  std::string text = fmt::format("Workspace: {}\n", flags.folder);
  if (!key.secret.empty()) {
    text += fmt::format("API key \"{}\" (shown once, only its hash is kept):\n{}\n", flags.key_name,
                        key.secret);
  }
  return text + fmt::format(
                    "Next:\n  edit {}\n  understudy doctor --workspace {}\n"
                    "  understudy serve --workspace {}\n",
                    ConfigPath(flags.folder).string(), flags.folder, flags.folder);
}

std::string DefaultFolder() {
  const char* from_environment = std::getenv("UNDERSTUDY_WORKSPACE");
  return from_environment && *from_environment ? from_environment : "./understudy";
}

Result<ExitCode> Init(InitFlags flags, Console& console) {
  if (flags.folder.empty()) flags.folder = DefaultFolder();
  TRY_VOID(RefuseToOverwrite(flags));
  NewKey key;
  if (!flags.key_name.empty()) {
    key.secret = NewApiKey();
    key.entry = ApiKeyEntry(flags.key_name, key.secret);
  }
  TRY_VOID(MakeAllFolders(flags.folder));
  TRY_VOID(WriteConfig(flags, key.entry, console));
  console.Out(NextSteps(flags, key));
  return ExitCode::kOk;
}

}  // namespace

Action DefineInit(CLI::App& app) {
  const auto flags = std::make_shared<InitFlags>();
  app.add_option("DIR", flags->folder,
                 "the folder to make (default: $UNDERSTUDY_WORKSPACE, else ./understudy)");
  app.add_option("-w,--workspace", flags->folder, "the same as DIR")->option_text("DIR");
  AddValue(app, "--api-key", flags->key_name, "NAME",
           "also make an API key, named NAME (default: \"default\"), and print it once; on an "
           "existing workspace only this is done")
      ->expected(0, 1)
      ->default_str("default")
      ->check([](const std::string& name) {
        return IsApiKeyName(name) ? "" : "a key's name is 1 to 64 of A-Z a-z 0-9 . _ -";
      });
  app.add_flag("--force", flags->force,
               "write a new config.toml even where there is one (a copy is kept); keys and data "
               "stay");
  app.footer("  understudy init ./understudy --api-key laptop");
  return [flags](Console& console) { return Init(*flags, console); };
}

}  // namespace understudy
