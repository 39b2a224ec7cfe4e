// `understudy keys`: the API keys of the gateway and their roles. A running gateway takes changes
// over by itself (serve.cc).
#include "access/api_key_ring.h"
#include "access/audit_entry.h"
#include "access/key_book.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct KeysFlags {
  std::string workspace, name, role, expires, key, grace;
  bool json = false, all = false;
};

int64_t NowMs() {
  return Clock::System().WallMs();
}

// A config that is broken, or that asks for a key which is about to be made, is in nobody's way
// here: then only the workspace is known.
Result<Options> OptionsFor(const std::string& workspace) {
  TRY(const auto folder, LocateWorkspace(workspace));
  if (auto options = LoadConfig(folder)) return options;
  Options bare;
  bare.workspace = folder.string();
  return bare;
}

std::string_view StateOf(const ApiKey& key, int64_t now_ms) {
  if (key.revoked_ms > 0) return "revoked";
  return key.ValidAt(now_ms) ? "valid" : "expired";
}

std::string When(int64_t ms) {
  return ms > 0 ? FormatWallMs(ms) : "-";
}

json::value MomentJson(int64_t ms) {
  return ms > 0 ? json::value(FormatWallMs(ms)) : json::value(nullptr);
}

json::object KeyJson(const ApiKey& key, int64_t now_ms) {
  return {{"id", key.id},
          {"name", key.name},
          {"role", Name(key.role)},
          {"state", StateOf(key, now_ms)},
          {"source", key.id.empty() ? "config.toml" : "api-keys.json"},
          {"created", MomentJson(key.created_ms)},
          {"expires", MomentJson(key.expires_ms)},
          {"revoked", MomentJson(key.revoked_ms)}};
}

Status Note(const Options& options, std::string_view action, const ApiKey& key,
            std::string detail) {
  return NoteInAudit(options.workspace, action, fmt::format("{} {}", key.id, key.name),
                     std::move(detail));
}

void PrintMade(const MadeKey& made, bool json, Console& console) {
  if (json) {
    json::object out = KeyJson(made.key, NowMs());
    out["key"] = made.secret;
    console.Out(json::serialize(out) + '\n');
    return;
  }
  console.Out(fmt::format("{}\n", made.secret));
  console.Err(fmt::format("API key \"{}\" ({}), role {}{}: shown once, only its hash is kept\n",
                          made.key.name, made.key.id, Name(made.key.role),
                          made.key.expires_ms > 0
                              ? fmt::format(", until {}", FormatWallMs(made.key.expires_ms))
                              : std::string()));
}

// From now on: a duration, else a moment.
Result<int64_t> ExpiryMs(const std::string& text, int64_t now_ms) {
  if (text.empty()) return 0;
  if (const auto duration = ParseDurationMs(text)) return now_ms + *duration;
  return ParseMomentMs(text, now_ms);
}

Result<ExitCode> Create(const KeysFlags& flags, Console& console) {
  TRY(const Options options, OptionsFor(flags.workspace));
  TRY(const KeyRole role, ParseKeyRole(flags.role));
  TRY(const int64_t expires_ms, ExpiryMs(flags.expires, NowMs()));
  TRY(auto book, KeyBook::Open(options));
  TRY(const MadeKey made, book.Create(flags.name, role, NowMs(), expires_ms));
  TRY_VOID(Note(options, audit_action::kKeyCreated, made.key, std::string(Name(role))));
  TRY_VOID(book.Save());
  PrintMade(made, flags.json, console);
  return ExitCode::kOk;
}

Result<ExitCode> Revoke(const KeysFlags& flags, Console& console) {
  TRY(const Options options, OptionsFor(flags.workspace));
  TRY(auto book, KeyBook::Open(options));
  TRY(const ApiKey key, book.Revoke(flags.key, NowMs()));
  TRY_VOID(Note(options, audit_action::kKeyRevoked, key, ""));
  TRY_VOID(book.Save());
  console.Out(flags.json ? json::serialize(KeyJson(key, NowMs())) + '\n'
                         : fmt::format("{} ({}) is revoked\n", key.name, key.id));
  return ExitCode::kOk;
}

Result<ExitCode> Rotate(const KeysFlags& flags, Console& console) {
  TRY(const Options options, OptionsFor(flags.workspace));
  int64_t grace_ms = 0;
  if (!flags.grace.empty()) {
    TRY(grace_ms, ParseDurationMs(flags.grace));
  }
  TRY(auto book, KeyBook::Open(options));
  TRY(const MadeKey made, book.Rotate(flags.key, NowMs(), grace_ms));
  TRY_VOID(Note(options, audit_action::kKeyRotated, made.key, "in place of " + flags.key));
  TRY_VOID(book.Save());
  PrintMade(made, flags.json, console);
  return ExitCode::kOk;
}

Result<ExitCode> List(const KeysFlags& flags, Console& console) {
  TRY(const Options options, OptionsFor(flags.workspace));
  TRY(const ApiKeyRing ring, ApiKeyRing::Load(options));
  const int64_t now_ms = NowMs();
  Table table({{"NAME"}, {"ROLE"}, {"STATE"}, {"CREATED"}, {"EXPIRES"}, {"ID"}});
  json::array list;
  for (const ApiKey& key : ring.keys()) {
    if (!flags.all && !key.ValidAt(now_ms)) continue;
    list.push_back(KeyJson(key, now_ms));
    table.Add({key.name, std::string(Name(key.role)), std::string(StateOf(key, now_ms)),
               When(key.created_ms), When(key.expires_ms),
               key.id.empty() ? "config.toml" : key.id});
  }
  if (flags.json) {
    console.Out(json::serialize(list) + '\n');
    return ExitCode::kOk;
  }
  if (table.rows() > 0) table.Print(console);
  console.Err(ring.closed() ? fmt::format("{}\n", Counted(std::ssize(list), "key"))
                            : "no agent's or admin's key: on loopback, anyone may call\n");
  return ExitCode::kOk;
}

std::string CheckName(const std::string& name) {
  return IsApiKeyName(name) ? "" : "a key's name is 1 to 64 of A-Z a-z 0-9 . _ -";
}

std::string CheckExpiry(const std::string& text) {
  const auto moment = ExpiryMs(text, NowMs());
  if (!moment) return moment.error().ToString();
  return *moment > NowMs() ? "" : "that is over already";
}

}  // namespace

Action DefineKeysCreate(CLI::App& app) {
  const auto flags = std::make_shared<KeysFlags>();
  AddValue(app, "--role", flags->role, "ROLE",
           "agent (calls), viewer (counts and costs), curator (masked bodies) or admin (all)")
      ->required()
      ->check(CLI::IsMember({"agent", "viewer", "curator", "admin"}));
  AddValue(app, "--name", flags->name, "NAME", "what to call it in lists and in the audit log")
      ->required()
      ->check(CheckName);
  AddValue(app, "--expires", flags->expires, "WHEN", "90d, 12h, or 2026-12-31 (default: never)")
      ->check(CheckExpiry);
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy keys create --role viewer --name dashboard --expires 90d");
  return [flags](Console& console) { return Create(*flags, console); };
}

Action DefineKeysList(CLI::App& app) {
  const auto flags = std::make_shared<KeysFlags>();
  app.add_flag("--all", flags->all, "also those that are revoked or have expired");
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy keys list --all");
  return [flags](Console& console) { return List(*flags, console); };
}

Action DefineKeysRevoke(CLI::App& app) {
  const auto flags = std::make_shared<KeysFlags>();
  app.add_option("KEY", flags->key, "its name or id")->required();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy keys revoke dashboard");
  return [flags](Console& console) { return Revoke(*flags, console); };
}

Action DefineKeysRotate(CLI::App& app) {
  const auto flags = std::make_shared<KeysFlags>();
  app.add_option("KEY", flags->key, "its name or id")->required();
  AddValue(app, "--grace", flags->grace, "DURATION",
           "the old one goes on for so long (default: it ends at once)")
      ->check(IsDuration());
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy keys rotate dashboard --grace 24h");
  return [flags](Console& console) { return Rotate(*flags, console); };
}

}  // namespace understudy
