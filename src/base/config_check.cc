#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "base/config.h"
#include "base/config_problems.h"
#include "base/listen.h"

namespace understudy {
namespace {

bool AllOf(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
constexpr std::string_view kVariableLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

bool IsVariable(std::string_view text) {
  return text.starts_with("env:") && AllOf(text.substr(4), kVariableLetters);
}

// Names of headers that carry credentials.
bool SoundsSecret(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view word : {"auth", "key", "token", "secret", "password", "cookie"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

struct Listen {
  std::string host;
  bool valid = false;
  bool beyond_loopback = false;
};

Listen ReadListen(std::string_view text) {
  if (text.starts_with("unix:")) return {"", text.size() > 6 && text[5] == '/', false};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view port = text.substr(colon + 1);
  const bool port_fits = AllOf(port, "0123456789") && port.size() <= 5 &&
                         std::atoi(std::string(port).c_str()) <= 65535;
  std::string host(text.substr(0, colon));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) return {host, port_fits && address.is_v6() == bracketed, !address.is_loopback()};
  const bool host_fits = host.find_first_of(":[]/@ ") == std::string::npos;
  return {host, port_fits && host_fits && !bracketed, host != "localhost"};
}

// In config.toml, or in the file that `understudy keys` writes; what is in that is checked when it
// is loaded (access/api_key_ring.h).
bool HasKeys(const Options& options) {
  std::error_code missing;
  return !options.auth.api_keys.empty() ||
         std::filesystem::exists(
             std::filesystem::path(options.workspace) / "keys" / "api-keys.json", missing);
}

class Checker {
 public:
  Checker(const Options& options, ConfigProblems& problems)
      : options_(options), problems_(problems) {
    for (const ModelOptions& model : options.models) names_.push_back(model.name);
  }

  void CheckAll() {
    CheckListen();
    CheckKeys();
    CheckStore();
    for (size_t i = 0; i < options_.models.size(); ++i) CheckModel(i);
    CheckRouting();
    for (size_t i = 0; i < options_.routing.rules.size(); ++i) CheckRule(i);
    for (size_t i = 0; i < options_.routing.tasks.size(); ++i) CheckTask(i);
  }

 private:
  void CheckListen();
  void CheckKeys();
  void CheckStore();
  void CheckModel(size_t index);
  void CheckUpstream(const ModelOptions& model, const std::string& path);
  void CheckHeader(std::string_view header, const std::string& path);
  void CheckAdapters(const ModelOptions& model, const std::string& path);
  void CheckRouting();
  void CheckRule(size_t index);
  void CheckTask(size_t index);
  void CheckModelExists(const std::string& path, const std::string& name);
  void CheckTarget(const std::string& path, const std::string& to);
  bool Require(const std::string& path, std::string_view value);

  std::string Suggest(std::string_view name, const std::vector<std::string>& known) const {
    const std::string nearest = NearestName(name, known);
    if (!nearest.empty()) return fmt::format("; did you mean \"{}\"?", nearest);
    return known.empty() ? "; there is none"
                         : fmt::format("; there are: {}", fmt::join(known, ", "));
  }

  const Options& options_;
  ConfigProblems& problems_;
  std::vector<std::string> names_;
};

bool Checker::Require(const std::string& path, std::string_view value) {
  if (value.empty()) problems_.Add(path, "required");
  return !value.empty();
}

void Checker::CheckListen() {
  const std::string& text = options_.server.listen;
  const Listen listen = ReadListen(text);
  if (!listen.valid) {
    problems_.Add("server.listen",
                  fmt::format("expected \"HOST:PORT\", \"[V6]:PORT\", \":PORT\" or "
                              "\"unix:/path.sock\", got \"{}\"",
                              text));
  } else if (listen.beyond_loopback && !HasKeys(options_)) {
    problems_.Add("server.listen",
                  fmt::format("\"{}\" is open beyond this machine and there are no auth.api_keys; "
                              "make one with `understudy init --api-key`, or listen on 127.0.0.1",
                              text));
  }
}

void Checker::CheckKeys() {
  std::set<std::string_view> names;
  for (size_t i = 0; i < options_.auth.api_keys.size(); ++i) {
    const std::string_view key = options_.auth.api_keys[i];
    const std::string path = fmt::format("auth.api_keys[{}]", i);
    const size_t colon = key.rfind(':');
    const bool fits = colon != std::string_view::npos && colon > 0 && key.size() - colon == 65 &&
                      AllOf(key.substr(colon + 1), "0123456789abcdef");
    if (!fits) {
      problems_.Add(path,
                    "expected NAME:HEX with 64 lower-case hex digits (not shown here, it may be "
                    "a key); make one with `understudy init --api-key`");
    } else if (!names.insert(key.substr(0, colon)).second) {
      problems_.Add(path, fmt::format("the name \"{}\" is taken", key.substr(0, colon)));
    }
  }
}

void Checker::CheckStore() {
  const std::string_view source = options_.store.master_key;
  const bool known = std::ranges::any_of(
      std::array<std::string_view, 3>{"file:", "env:", "command:"}, [&](std::string_view kind) {
        return source.starts_with(kind) && source.size() > kind.size();
      });
  if (!known) {
    problems_.Add("store.master_key",
                  "expected \"file:PATH\", \"env:NAME\" or \"command:LINE\" (not shown here, "
                  "it may be a key)");
  }
  for (size_t i = 0; i < options_.store.rules.size(); ++i) {
    const RetentionRule& rule = options_.store.rules[i];
    const std::string path = fmt::format("store.rules[{}]", i);
    Require(path + ".name", rule.name);
    if (rule.origin.empty() && rule.agent.empty() && rule.task.empty() && rule.outcome.empty()) {
      problems_.Add(path, "has no condition; store.retain_days is for all other calls");
    }
  }
}

void Checker::CheckModel(size_t index) {
  const ModelOptions& model = options_.models[index];
  const std::string path = fmt::format("models[{}]", index);
  if (Require(path + ".name", model.name)) {
    static const std::set<std::string_view> kReserved{"auto", "none", "local", "reference"};
    if (!AllOf(model.name, kNameLetters)) {
      problems_.Add(path + ".name",
                    fmt::format("expected a-z 0-9 . _ - only, got \"{}\"", model.name));
    } else if (kReserved.contains(model.name)) {
      problems_.Add(path + ".name", fmt::format("\"{}\" has a meaning of its own", model.name));
    } else if (std::find(names_.begin(), names_.end(), model.name) - names_.begin() <
               static_cast<std::ptrdiff_t>(index)) {
      problems_.Add(path + ".name", fmt::format("the name \"{}\" is taken", model.name));
    }
  }
  Require(path + ".kind", model.kind);
  if (model.kind == "openai") CheckUpstream(model, path);
  if (model.kind == "replay") Require(path + ".file", model.file);
  if (model.kind == "local") Require(path + ".gguf", model.gguf);
  CheckAdapters(model, path);
}

void Checker::CheckUpstream(const ModelOptions& model, const std::string& path) {
  if (Require(path + ".url", model.url)) {
    const size_t slashes = model.url.find("://");
    const std::string_view scheme = std::string_view(model.url).substr(0, slashes);
    const std::string_view rest =
        slashes == std::string::npos ? "" : std::string_view(model.url).substr(slashes + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (host.find('@') != std::string_view::npos) {
      problems_.Add(path + ".url", "has credentials in it; put them into api_key as \"env:NAME\"");
    } else if ((scheme != "http" && scheme != "https") || host.empty() || host.starts_with(':') ||
               model.url.find_first_of(" \t\r\n") != std::string::npos) {
      problems_.Add(path + ".url", "expected a URL such as \"https://host/v1\"");
    }
  }
  if (!model.api_key.empty() && !IsVariable(model.api_key)) {
    problems_.Add(path + ".api_key",
                  "expected \"env:NAME\": keys stay out of files; put it into an environment "
                  "variable and name that");
  }
  for (size_t i = 0; i < model.headers.size(); ++i) {
    CheckHeader(model.headers[i], fmt::format("{}.headers[{}]", path, i));
  }
}

void Checker::CheckHeader(std::string_view header, const std::string& path) {
  const size_t colon = header.find(':');
  const std::string_view name = header.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() ||
      name.find_first_of(" \t()<>@,;\\\"/[]?={}") != std::string_view::npos ||
      header.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return problems_.Add(path, "expected \"Name: value\" on one line");
  }
  std::string_view value = header.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (!IsVariable(value) && (value.starts_with("env:") || SoundsSecret(name))) {
    problems_.Add(path,
                  fmt::format("\"{}\" may carry a secret: write \"{}: env:NAME\"", name, name));
  }
}

void Checker::CheckAdapters(const ModelOptions& model, const std::string& path) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < model.adapters.size(); ++i) {
    const AdapterOptions& adapter = model.adapters[i];
    const std::string at = fmt::format("{}.adapters[{}]", path, i);
    Require(at + ".path", adapter.path);
    if (Require(at + ".name", adapter.name) && !names.insert(adapter.name).second) {
      problems_.Add(at + ".name", fmt::format("the name \"{}\" is taken", adapter.name));
    }
  }
}

void Checker::CheckModelExists(const std::string& path, const std::string& name) {
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
  problems_.Add(path, fmt::format("no model \"{}\"{}", name, Suggest(name, names_)));
}

void Checker::CheckRouting() {
  const RoutingOptions& routing = options_.routing;
  if (!routing.reference.empty()) CheckModelExists("routing.reference", routing.reference);
  if (!routing.local.empty()) CheckModelExists("routing.local", routing.local);
  if (routing.fallback != "auto" && routing.fallback != "none") {
    CheckModelExists("routing.fallback", routing.fallback);
  }
}

void Checker::CheckTarget(const std::string& path, const std::string& to) {
  if (to == "local" || to == "reference") {
    const std::string name = to == "local" ? LocalModel(options_) : ReferenceModel(options_);
    if (name.empty()) problems_.Add(path, fmt::format("there is no {} model", to));
    return;
  }
  if (!to.starts_with("task:")) return CheckModelExists(path, to);
  std::vector<std::string> tasks;
  for (const TaskOptions& task : options_.routing.tasks) tasks.push_back(task.name);
  const std::string name = to.substr(5);
  if (std::find(tasks.begin(), tasks.end(), name) == tasks.end()) {
    problems_.Add(path, fmt::format("no task \"{}\"{}", name, Suggest(name, tasks)));
  }
}

void Checker::CheckRule(size_t index) {
  const RouteRule& rule = options_.routing.rules[index];
  const std::string path = fmt::format("routing.rules[{}]", index);
  Require(path + ".name", rule.name);
  if (Require(path + ".to", rule.to)) CheckTarget(path + ".to", rule.to);
  if (rule.max_bytes > 0 && rule.min_bytes > rule.max_bytes) {
    problems_.Add(path + ".min_bytes", "is above max_bytes: the rule can never match");
  }
  const bool always = rule.agent.empty() && rule.model.empty() && rule.tools.empty() &&
                      rule.system_contains.empty() && rule.response_format.empty() &&
                      rule.max_bytes == 0 && rule.min_bytes == 0;
  if (always && index + 1 < options_.routing.rules.size()) {
    problems_.Add(path, "has no condition: the rules after it can never match");
  }
}

void Checker::CheckTask(size_t index) {
  const auto& tasks = options_.routing.tasks;
  const TaskOptions& task = tasks[index];
  const std::string path = fmt::format("routing.tasks[{}]", index);
  if (Require(path + ".name", task.name)) {
    const auto same = [&](const TaskOptions& other) { return other.name == task.name; };
    if (std::find_if(tasks.begin(), tasks.begin() + index, same) != tasks.begin() + index) {
      problems_.Add(path + ".name", fmt::format("the name \"{}\" is taken", task.name));
    }
  }
  if (!Require(path + ".model", task.model)) return;
  CheckModelExists(path + ".model", task.model);
  if (task.adapter.empty()) return;
  std::vector<std::string> adapters;
  for (const ModelOptions& model : options_.models) {
    if (model.name != task.model) continue;
    for (const AdapterOptions& adapter : model.adapters) adapters.push_back(adapter.name);
  }
  if (std::find(adapters.begin(), adapters.end(), task.adapter) == adapters.end()) {
    problems_.Add(path + ".adapter", fmt::format("model \"{}\" has no adapter \"{}\"{}", task.model,
                                                 task.adapter, Suggest(task.adapter, adapters)));
  }
}

}  // namespace

bool ListensBeyondLoopback(std::string_view listen) {
  return ReadListen(listen).beyond_loopback;
}

void CheckOptions(const Options& options, ConfigProblems& problems) {
  Checker(options, problems).CheckAll();
}

}  // namespace understudy
