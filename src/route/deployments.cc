#include "route/deployments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/config.h"
#include "base/file.h"
#include "base/ids.h"
#include "route/plain_name.h"

namespace understudy {
namespace {

constexpr int64_t kVersion = 1;
constexpr uint64_t kMaxBytes = uint64_t{16} << 20;
constexpr size_t kMaxText = 4000;       // bytes of a path
constexpr size_t kMaxModels = 100;      // each is a server
constexpr size_t kMaxServing = 10'000;  // deployments that are not retired
constexpr int64_t kMaxContext = 1 << 20;
constexpr int64_t kMaxSlots = 256;
constexpr std::array<std::string_view, 4> kStages{"shadow", "canary", "live", "retired"};

// Takes the members of one object; what is left over at the end is kept as it is.
class Members {
 public:
  Members(json::object object, std::string where)
      : left_(std::move(object)), where_(std::move(where)) {}

  // The member must be of that kind where it is there, and there where it is `required`.
  void Text(std::string_view key, std::string* out, bool required = false) {
    const json::value value = Take(key);
    if (const auto* text = value.if_string()) {
      out->assign(text->data(), text->size());
      if (text->size() > kMaxText) Report(key, "is too long");
      if (std::ranges::any_of(*text, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
        Report(key, "must not hold control characters");
      }
    } else if (!value.is_null()) {
      Report(key, "must be a string");
    }
    if (required && out->empty()) Report(key, "is missing or empty");
  }
  void Int(std::string_view key, int64_t* out, int64_t min, int64_t max) {
    const json::value value = Take(key);
    if (value.is_null()) return;
    if (value.is_int64()) *out = value.get_int64();
    if (value.is_int64() && *out >= min && *out <= max) return;
    Report(key, fmt::format("must be an integer from {} to {}", min, max));
  }
  void Share(std::string_view key, double* out) {
    const json::value value = Take(key);
    if (value.is_null()) return;
    if (value.is_number()) *out = value.to_number<double>();
    if (value.is_number() && *out >= 0 && *out <= 1) return;
    Report(key, "must be a number from 0 to 1");
  }
  json::array List(std::string_view key) {
    json::value value = Take(key);
    if (auto* list = value.if_array()) return std::move(*list);
    if (!value.is_null()) Report(key, "must be a list");
    return {};
  }
  void Report(std::string_view key, std::string_view what) {
    if (!problem_) {
      problem_ = InvalidInput(fmt::format("{} {}", key, what)).At(fmt::format("{}{}", where_, key));
    }
  }
  const std::optional<Error>& problem() const { return problem_; }
  json::object Left() && { return std::move(left_); }

 private:
  json::value Take(std::string_view key) {
    json::value* found = left_.if_contains(key);
    if (!found) return nullptr;
    json::value value = std::move(*found);
    left_.stable_erase(key);  // what is left keeps its order
    return value;
  }

  json::object left_;
  std::string where_;
  std::optional<Error> problem_;
};

Error Mended(Error error) {
  return std::move(error).Mend("Mend it, or move the file away: without it nothing is deployed.");
}

Result<json::object> ObjectAt(json::value value, const std::string& where) {
  if (auto* object = value.if_object()) return std::move(*object);
  return Fail(Mended(InvalidInput("must be an object").At(where)));
}

Result<DeployedModel> ReadModel(json::value value, const std::string& where) {
  TRY(json::object object, ObjectAt(std::move(value), where));
  Members in(std::move(object), where + ".");
  DeployedModel model;
  in.Text("name", &model.name, true);
  in.Text("gguf", &model.gguf, true);
  in.Int("context", &model.context, 1, kMaxContext);
  in.Int("slots", &model.slots, 1, kMaxSlots);
  if (in.problem()) return Fail(Mended(*in.problem()));
  model.others = std::move(in).Left();
  return model;
}

Result<Deployment> ReadDeployment(json::value value, const std::string& where) {
  TRY(json::object object, ObjectAt(std::move(value), where));
  Members in(std::move(object), where + ".");
  Deployment one;
  std::string stage;
  in.Text("id", &one.id, true);
  in.Text("task", &one.task, true);
  in.Text("model", &one.model, true);
  in.Text("adapter", &one.adapter);
  in.Text("adapter_path", &one.adapter_path);
  in.Text("stage", &stage, true);
  in.Share("share", &one.share);
  in.Int("most_tokens", &one.most_tokens, 0, kMaxContext);
  in.Int("since", &one.since_ms, 0, INT64_MAX);
  in.Text("scorecard", &one.scorecard);
  in.Text("replaces", &one.replaces);
  if (const auto parsed = ParseDeploymentStage(stage)) {
    one.stage = *parsed;
  } else {
    in.Report("stage", parsed.error().message);
  }
  if (in.problem()) return Fail(Mended(*in.problem()));
  one.others = std::move(in).Left();
  return one;
}

// What no member can say alone.
class Checker {
 public:
  Status Check(const Deployments& all) {
    TRY_VOID(Count(all));
    for (size_t i = 0; i < all.models.size(); ++i) {
      if (auto good = Model(all.models[i]); !good) {
        return Fail(Mended(good.error().At(fmt::format("models[{}].name", i))));
      }
    }
    for (size_t i = 0; i < all.deployments.size(); ++i) {
      const Deployment& one = all.deployments[i];
      if (auto good = One(one); !good) {
        Error error = std::move(good).error();
        return Fail(Mended(error.At(fmt::format("deployments[{}].{}", i, error.where))));
      }
    }
    return {};
  }

 private:
  static Status Count(const Deployments& all) {
    if (all.models.size() > kMaxModels) {
      return Fail(Mended(InvalidInput(fmt::format("{} models, and each is a server: at most {}",
                                                  all.models.size(), kMaxModels))
                             .At("models")));
    }
    const auto retired =
        std::ranges::count(all.deployments, DeploymentStage::kRetired, &Deployment::stage);
    const size_t serving = all.deployments.size() - static_cast<size_t>(retired);
    if (serving <= kMaxServing) return {};
    return Fail(Mended(
        InvalidInput(fmt::format("{} that are not retired: at most {}", serving, kMaxServing))
            .At("deployments")));
  }

  Status Model(const DeployedModel& model) {
    if (!IsPlainName(model.name)) return Fail(NotAName(model.name));
    if (models_.insert(model.name).second) return {};
    return Fail(InvalidInput(fmt::format("another model is named \"{}\" already", model.name)));
  }

  Status One(const Deployment& one) {
    if (!IsPlainName(one.id)) return Fail(NotAName(one.id).At("id"));
    if (!IsPlainName(one.task)) return Fail(NotAName(one.task).At("task"));
    if (!ids_.insert(one.id).second) {
      return Fail(InvalidInput(fmt::format("\"{}\" is there twice", one.id)).At("id"));
    }
    TRY_VOID(Adapter(one));
    if (one.stage == DeploymentStage::kRetired) return {};
    if (stages_.insert(fmt::format("{} {}", one.task, Name(one.stage))).second) return {};
    return Fail(InvalidInput(fmt::format("task {} has another {} deployment already", one.task,
                                         Name(one.stage)))
                    .At("stage"));
  }

  Status Adapter(const Deployment& one) {
    if (one.adapter.empty() != one.adapter_path.empty()) {
      return Fail(InvalidInput("an adapter needs both its name and its file").At("adapter_path"));
    }
    if (one.adapter.empty()) return {};
    if (!IsPlainName(one.adapter)) return Fail(NotAName(one.adapter).At("adapter"));
    const auto [known, is_new] = files_.emplace(one.model + " " + one.adapter, one.adapter_path);
    if (is_new || known->second == one.adapter_path) return {};
    return Fail(InvalidInput(fmt::format("adapter {} of {} has two files: {} and {}", one.adapter,
                                         one.model, known->second, one.adapter_path))
                    .At("adapter_path"));
  }

  static Error NotAName(std::string_view text) {
    return InvalidInput(fmt::format("\"{}\" must consist of letters, digits, '.', '_' and '-'",
                                    text.substr(0, 100)));
  }

  std::set<std::string> models_, ids_, stages_;
  std::unordered_map<std::string, std::string> files_;
};

json::object ToJson(const DeployedModel& model) {
  json::object out = model.others;
  out["name"] = model.name;
  out["gguf"] = model.gguf;
  out["context"] = model.context;
  out["slots"] = model.slots;
  return out;
}

json::object ToJson(const Deployment& one) {
  json::object out{{"id", one.id}, {"task", one.task}, {"model", one.model}};
  if (!one.adapter.empty()) {
    out["adapter"] = one.adapter;
    out["adapter_path"] = one.adapter_path;
  }
  out["stage"] = Name(one.stage);
  out["share"] = one.share;
  if (one.most_tokens > 0) out["most_tokens"] = one.most_tokens;
  out["since"] = one.since_ms;
  if (!one.scorecard.empty()) out["scorecard"] = one.scorecard;
  if (!one.replaces.empty()) out["replaces"] = one.replaces;
  for (const auto& [key, value] : one.others) out[key] = value;
  return out;
}

json::object ToJson(const Deployments& all) {
  json::object out{{"v", kVersion}, {"policy", all.policy}};
  if (!all.tasks.empty()) out["tasks"] = all.tasks;
  if (!all.router.empty()) out["router"] = all.router;
  json::array models, deployments;
  for (const auto& model : all.models) models.push_back(ToJson(model));
  for (const auto& one : all.deployments) deployments.push_back(ToJson(one));
  out["models"] = std::move(models);
  out["deployments"] = std::move(deployments);
  for (const auto& [key, value] : all.others) out[key] = value;
  return out;
}

std::string PolicyOf(Deployments all) {
  all.policy.clear();
  return fmt::format("p-{:08x}", FastHash(CanonicalJson(ToJson(all))) & 0xffffffff);
}

// JSON has none that are not, but 1e999 is read as one; it could not be written again.
bool AllFinite(const json::value& value) {
  if (const auto* object = value.if_object()) {
    return std::ranges::all_of(*object, [](const auto& item) { return AllFinite(item.value()); });
  }
  if (const auto* list = value.if_array()) return std::ranges::all_of(*list, AllFinite);
  return !value.is_double() || std::isfinite(value.get_double());
}

Result<Deployments> ReadAll(json::value root) {
  if (!AllFinite(root)) {
    return Fail(Mended(InvalidInput("has a number that is too large for any program")));
  }
  TRY(json::object object, ObjectAt(std::move(root), "the file"));
  Members in(std::move(object), "");
  Deployments all;
  int64_t version = 0;
  in.Int("v", &version, kVersion, INT64_MAX);
  if (version == 0) in.Report("v", "is missing");
  if (version > kVersion)
    in.Report("v", fmt::format("is {}: written by a newer understudy", version));
  in.Text("policy", &all.policy);
  in.Text("tasks", &all.tasks);
  in.Text("router", &all.router);
  json::array models = in.List("models"), deployments = in.List("deployments");
  if (in.problem()) return Fail(Mended(*in.problem()));
  all.others = std::move(in).Left();
  for (size_t i = 0; i < models.size(); ++i) {
    TRY(auto model, ReadModel(std::move(models[i]), fmt::format("models[{}]", i)));
    all.models.push_back(std::move(model));
  }
  for (size_t i = 0; i < deployments.size(); ++i) {
    TRY(auto one, ReadDeployment(std::move(deployments[i]), fmt::format("deployments[{}]", i)));
    all.deployments.push_back(std::move(one));
  }
  if (all.policy.empty()) all.policy = PolicyOf(all);
  TRY_VOID(Checker().Check(all));
  return all;
}

}  // namespace

std::string_view Name(DeploymentStage stage) {
  return kStages.at(static_cast<size_t>(stage));
}

Result<DeploymentStage> ParseDeploymentStage(std::string_view name) {
  for (size_t i = 0; i < kStages.size(); ++i) {
    if (kStages[i] == name) return static_cast<DeploymentStage>(i);
  }
  return Fail(InvalidInput(fmt::format("must be one of {}", fmt::join(kStages, ", "))));
}

const Deployment* Deployments::Find(std::string_view id) const {
  const auto found = std::ranges::find(deployments, id, &Deployment::id);
  return found == deployments.end() ? nullptr : &*found;
}

Deployment* Deployments::Find(std::string_view id) {
  return const_cast<Deployment*>(std::as_const(*this).Find(id));
}

const Deployment* Deployments::Of(std::string_view task, DeploymentStage stage) const {
  const Deployment* found = nullptr;
  for (const Deployment& one : deployments) {
    if (one.stage == stage && one.task == task) found = &one;
  }
  return found;
}

const Deployment* Deployments::Behind(std::string_view task, std::string_view model,
                                      std::string_view adapter) const {
  const Deployment* found = nullptr;
  for (const Deployment& one : deployments) {
    const bool is_it = one.task == task && one.model == model && one.adapter == adapter;
    if (is_it && one.stage != DeploymentStage::kRetired) found = &one;
  }
  return found;
}

std::filesystem::path DeploymentsPath(const std::filesystem::path& workspace) {
  return workspace / "deployments.json";
}

Result<Deployments> ParseDeployments(std::string_view text, std::string_view file_name) {
  const auto placed = [&](Error error) {
    error.where = error.where.empty() ? std::string(file_name)
                                      : fmt::format("{}: {}", file_name, error.where);
    return Fail(std::move(error));
  };
  auto root = ParseJson(text);
  if (!root) return placed(Mended(std::move(root).error()));
  auto all = ReadAll(*std::move(root));
  if (!all) return placed(std::move(all).error());
  return all;
}

Result<Deployments> LoadDeployments(const std::filesystem::path& file) {
  std::error_code missing;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, missing))) {
    return Deployments{};
  }
  TRY(const std::string text, ReadFile(file, kMaxBytes));
  return ParseDeployments(text, file.string());
}

std::string FormatDeployments(const Deployments& deployments) {
  return json::serialize(ToJson(deployments)) + '\n';
}

Status WriteDeployments(const std::filesystem::path& file, Deployments& deployments) {
  deployments.policy = PolicyOf(deployments);
  const std::string text = FormatDeployments(deployments);
  if (auto good = ParseDeployments(text, file.string()); !good) {
    return Fail(std::move(good).error());
  }
  if (text.size() > kMaxBytes) {
    return Fail(InvalidInput(fmt::format("the deployments take {} bytes, and {} are read",
                                         text.size(), kMaxBytes))
                    .At(file.string())
                    .Mend("Take some that are retired out of the file."));
  }
  return WriteFileAtomically(file, text, 0600);
}

}  // namespace understudy
