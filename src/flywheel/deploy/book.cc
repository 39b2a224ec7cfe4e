#include "flywheel/deploy/book.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "adapter/adapter_registry.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"
#include "gguf/file.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kMaxStateBytes = uint64_t{256} << 20;
constexpr int64_t kVersion = 1;
constexpr int kLockTries = 40;
constexpr std::chrono::milliseconds kLockPause(50);

json::object ToJson(const ErrorCounts& counts) {
  return {{"rows", counts.rows}, {"errors", counts.errors}};
}

json::object ToJson(const DeployState& state) {
  json::object seen;
  for (const auto& [hash, at] : state.seen) seen[fmt::format("{:016x}", hash)] = at;
  return {{"stage", Name(state.stage)},     {"since", state.since_ms},
          {"worse", state.promise.worse},   {"sure", state.promise.sure},
          {"rollbacks", state.rollbacks},   {"refuted", state.refuted},
          {"paired", ToJson(state.paired)}, {"served", ToJson(state.served)},
          {"newest", state.newest_ms},      {"seen", std::move(seen)}};
}

Result<ErrorCounts> CountsFrom(const json::value& value, std::string_view key) {
  const json::value* found = Find(value, key);
  const ErrorCounts counts{IntOr(found ? *found : json::value(), "rows", -1),
                           IntOr(found ? *found : json::value(), "errors", -1)};
  if (counts.errors >= 0 && counts.rows >= counts.errors) return counts;
  return Fail(InvalidInput("rows and errors must be counts, errors no more than rows").At(key));
}

Result<DeployState> StateFrom(const json::value& value) {
  DeployState state;
  TRY(state.stage, ParseDeploymentStage(StringOr(value, "stage")));
  state.since_ms = IntOr(value, "since", 0);
  state.promise = {NumberOr(value, "worse", 0), NumberOr(value, "sure", 0)};
  TRY_VOID(CheckPromise(state.promise));
  state.rollbacks = std::clamp<int64_t>(IntOr(value, "rollbacks", 0), 0, 60);
  state.refuted = BoolOr(value, "refuted", false);
  TRY(state.paired, CountsFrom(value, "paired"));
  TRY(state.served, CountsFrom(value, "served"));
  state.newest_ms = IntOr(value, "newest", 0);
  const json::value* seen = Find(value, "seen");
  if (!seen || !seen->is_object()) return state;
  for (const auto& [key, at] : seen->get_object()) {
    uint64_t hash = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), hash, 16);
    if (error == std::errc() && at.is_int64()) state.seen[hash] = at.get_int64();
  }
  return state;
}

Error NoSuch(std::string_view id, const Deployments& all) {
  std::string known;
  for (const Deployment& one : all.deployments) known += (known.empty() ? "" : ", ") + one.id;
  return NotFound(fmt::format("there is no deployment \"{}\"", id))
      .Mend(known.empty() ? "Begin one with: understudy deploy start"
                          : fmt::format("There are: {}", known));
}

// The base model's file, from whoever names the model.
Result<std::string> BaseOf(const DeployStart& start, const Deployments& all,
                           const Options& options) {
  for (const ModelOptions& model : options.models) {
    if (model.name != start.model) continue;
    return model.gguf;  // none of a model elsewhere, which WithDeployments judges
  }
  for (const DeployedModel& model : all.models) {
    if (model.name == start.model) return model.gguf;
  }
  if (!start.gguf.empty()) return start.gguf;
  return Fail(InvalidInput(fmt::format("there is no model \"{}\"", start.model))
                  .Mend("Give its file with --gguf, or add it to config.toml."));
}

Status CheckFiles(const DeployStart& start, const fs::path& base_path, const fs::path& workspace) {
  for (const std::string& path : {start.tasks, start.router}) {
    std::error_code missing;
    if (path.empty() || fs::exists(workspace / path, missing)) continue;
    return Fail(NotFound("there is no such file or folder").At((workspace / path).string()));
  }
  if (base_path.empty()) return {};
  auto base = GgufFile::Open(workspace / base_path);
  if (!base) return Fail(std::move(base).error());
  if (start.adapter_path.empty()) return {};
  return CheckAdapterFile(workspace / base_path, workspace / start.adapter_path);
}

// In adapters/TASK of the workspace, where versions are never changed.
bool IsAtHome(const DeployStart& start, const fs::path& workspace) {
  const fs::path home = (workspace / "adapters" / start.task).lexically_normal();
  const fs::path file = (workspace / start.adapter_path).lexically_normal();
  return std::ranges::mismatch(home, file).in1 == home.end();
}

Status AppendLine(const fs::path& file, const std::string& line) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + file.string(), errno));
  const bool written = ::write(fd, line.data(), line.size()) == std::ssize(line);
  const bool synced = written && ::fsync(fd) == 0;
  const int reason = errno;
  ::close(fd);
  if (!synced) return Fail(IoErrorFromErrno("cannot write " + file.string(), reason));
  return {};
}

}  // namespace

struct DeployBook::Lock {
  int fd = -1;
  ~Lock() {
    if (fd >= 0) ::close(fd);
  }
};

fs::path DeployStatePath(const fs::path& workspace) {
  return workspace / "deployments.state.json";
}
fs::path DeployLogPath(const fs::path& workspace) {
  return workspace / "deployments.log.jsonl";
}

Status CheckPromise(const DeployPromise& promise) {
  const auto inside = [](double share) { return share > 0 && share < 1; };
  if (!inside(promise.worse)) {
    return Fail(InvalidInput("the share that may be worse lies between 0 and 100 %").At("worse"));
  }
  if (!inside(promise.sure)) {
    return Fail(InvalidInput("how sure to be lies between 0 and 100 %").At("sure"));
  }
  return {};
}

double DeployState::sure() const {
  return 1 - std::ldexp(1 - promise.sure, -static_cast<int>(rollbacks));
}

json::object ToJson(const DeployStep& step) {
  json::object out{{"at", FormatWallMs(step.at_ms)},
                   {"who", step.reason.who},
                   {"id", step.id},
                   {"task", step.task},
                   {"from", step.from},
                   {"to", step.to},
                   {"why", step.reason.why}};
  if (!step.reason.evidence.empty()) out["evidence"] = step.reason.evidence;
  return out;
}

DeployBook::DeployBook(fs::path workspace, std::shared_ptr<Lock> lock)
    : workspace_(std::move(workspace)), lock_(std::move(lock)) {}

Result<DeployBook> DeployBook::Open(const fs::path& workspace) {
  auto lock = std::make_shared<Lock>();
  const fs::path path = workspace / "deployments.lock";
  lock->fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock->fd < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  int tries = kLockTries;
  while (::flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
    if (--tries > 0) {
      std::this_thread::sleep_for(kLockPause);
      continue;
    }
    return Fail(Unavailable("another process is changing the deployments")
                    .At(path.string())
                    .Mend("Wait for it and try again."));
  }
  DeployBook book(workspace, std::move(lock));
  TRY(book.deployments_, LoadDeployments(DeploymentsPath(workspace)));
  TRY_VOID(book.LoadStates());
  return book;
}

Status DeployBook::LoadStates() {
  const fs::path file = DeployStatePath(workspace_);
  std::error_code missing;
  if (!fs::exists(fs::symlink_status(file, missing))) return {};
  const auto broken = [&file](Error error) {
    error.where = error.where.empty() ? file.string() : file.string() + ": " + error.where;
    return Fail(std::move(error).Mend(
        "Move it away: the tests then begin to count anew, in the stages that hold now."));
  };
  TRY(const std::string text, ReadFile(file, kMaxStateBytes));
  const auto root = ParseJson(text);
  if (!root) return broken(root.error());
  if (IntOr(*root, "v", 0) != kVersion) {
    return broken(InvalidInput("is not of version 1").At("v"));
  }
  const json::value* all = Find(*root, "deployments");
  if (!all || !all->is_object()) return broken(InvalidInput("must be an object").At("deployments"));
  for (const auto& [id, value] : all->get_object()) {
    auto state = StateFrom(value);
    if (!state) return broken(std::move(state).error());
    states_[std::string(id)] = *std::move(state);
  }
  return {};
}

DeployState& DeployBook::StateOf(const Deployment& one) {
  DeployState& state = states_[one.id];
  if (state.stage == one.stage && state.since_ms == one.since_ms) return state;
  state = {.stage = one.stage,
           .since_ms = one.since_ms,
           .promise = state.promise,
           .rollbacks = state.rollbacks};
  return state;
}

Status DeployBook::CheckFree(const DeployStart& start) const {
  const bool unnamed = start.adapter.empty() && !start.adapter_path.empty();
  for (const Deployment& other : deployments_.deployments) {
    const bool same = !unnamed && other.task == start.task && other.model == start.model &&
                      other.adapter == start.adapter;
    if (other.stage == DeploymentStage::kRetired) continue;
    if (!same && (other.task != start.task || other.stage != DeploymentStage::kShadow)) continue;
    return Fail(InvalidInput(fmt::format("{} is {} for task {} already", other.id,
                                         Name(other.stage), other.task))
                    .Mend(fmt::format("End it first: understudy deploy retire {}", other.id)));
  }
  return {};
}

Status DeployBook::Adopt(DeployStart& start, const std::string& base, const std::string& who,
                         int64_t now_ms) const {
  if (start.adapter_path.empty() || base.empty() || IsAtHome(start, workspace_)) return {};
  const AdapterRegistry registry(workspace_);
  TRY(const AdapterVersion version, registry.Adopt({.task = start.task,
                                                    .file = workspace_ / start.adapter_path,
                                                    .base = workspace_ / base,
                                                    .by = who,
                                                    .at_ms = now_ms,
                                                    .scorecard = start.scorecard}));
  start.adapter_path = version.gguf().lexically_relative(workspace_).string();
  if (start.adapter.empty()) start.adapter = fmt::format("{}-{}", start.task, version.name());
  return {};
}

Result<Deployment> DeployBook::Start(DeployStart start, const Options& options, std::string who,
                                     int64_t now_ms) {
  TRY_VOID(CheckPromise(start.promise));
  TRY(const std::string base, BaseOf(start, deployments_, options));
  TRY_VOID(CheckFiles(start, base, workspace_));
  TRY_VOID(CheckFree(start));
  if (start.adopt) {
    TRY_VOID(Adopt(start, base, who, now_ms));
    TRY_VOID(CheckFree(start));  // now that it has its name
  }
  Deployments changed = deployments_;
  const bool is_new =
      std::ranges::find(options.models, start.model, &ModelOptions::name) == options.models.end() &&
      std::ranges::find(changed.models, start.model, &DeployedModel::name) == changed.models.end();
  if (is_new) {
    changed.models.push_back(
        {.name = start.model, .gguf = base, .context = start.context, .slots = start.slots});
  }
  Deployment one{.task = start.task,
                 .model = start.model,
                 .adapter = start.adapter,
                 .adapter_path = start.adapter_path,
                 .share = start.share,
                 .most_tokens = start.most_tokens,
                 .since_ms = now_ms,
                 .scorecard = start.scorecard};
  one.id = fmt::format("d-{:08x}", FastHash(fmt::format("{} {} {} {} {}", one.task, one.model,
                                                        one.adapter, one.adapter_path, now_ms)) &
                                       0xffffffff);
  if (!start.tasks.empty()) changed.tasks = start.tasks;
  if (!start.router.empty()) changed.router = start.router;
  changed.deployments.push_back(one);
  // What the gateway would refuse must not get into the file.
  TRY([[maybe_unused]] const auto parsed,
      ParseDeployments(FormatDeployments(changed), DeploymentsPath(workspace_).string()));
  TRY([[maybe_unused]] const auto merged, WithDeployments(options, changed));
  deployments_ = std::move(changed);
  states_[one.id] = {.stage = one.stage, .since_ms = now_ms, .promise = start.promise};
  steps_.push_back(
      {now_ms, one.id, one.task, "-", std::string(Name(one.stage)), {std::move(who), "started"}});
  return one;
}

bool DeployBook::IsFree(const Deployment& one, DeploymentStage stage) const {
  if (stage == DeploymentStage::kRetired || stage == DeploymentStage::kLive) return true;
  const Deployment* const other = deployments_.Of(one.task, stage);
  return !other || other->id == one.id;
}

void DeployBook::Use(std::string tasks, std::string router) {
  deployments_.tasks = std::move(tasks);
  deployments_.router = std::move(router);
}

Status DeployBook::Move(std::string_view id, DeploymentStage to, DeployReason reason,
                        int64_t now_ms) {
  Deployment* const one = deployments_.Find(id);
  if (!one) return Fail(NoSuch(id, deployments_));
  if (one->stage == to) {
    return Fail(InvalidInput(fmt::format("{} is {} already", one->id, Name(to))));
  }
  if (!IsFree(*one, to)) {
    const Deployment* const other = deployments_.Of(one->task, to);
    return Fail(InvalidInput(fmt::format("{} is {} for task {}", other->id, Name(to), one->task))
                    .Mend(fmt::format("End it first: understudy deploy retire {}", other->id)));
  }
  const bool was_live = one->stage == DeploymentStage::kLive;
  if (to == DeploymentStage::kLive) {
    if (const Deployment* before = deployments_.Of(one->task, DeploymentStage::kLive)) {
      Deployment* const replaced = deployments_.Find(before->id);
      one->replaces = replaced->id;
      Apply(*replaced, DeploymentStage::kRetired,
            {reason.who, fmt::format("{} takes its place", one->id)}, now_ms);
    }
  }
  DeployReason undo{reason.who, fmt::format("{} is rolled back", one->id)};
  Apply(*one, to, std::move(reason), now_ms);
  if (was_live && to == DeploymentStage::kShadow) {
    Deployment* const earlier = deployments_.Find(one->replaces);
    std::error_code missing;
    if (earlier && earlier->stage == DeploymentStage::kRetired &&
        (earlier->adapter.empty() || fs::exists(workspace_ / earlier->adapter_path, missing))) {
      Apply(*earlier, DeploymentStage::kLive, std::move(undo), now_ms);
    }
  }
  return {};
}

void DeployBook::Apply(Deployment& one, DeploymentStage to, DeployReason reason, int64_t now_ms) {
  const bool served = one.stage == DeploymentStage::kCanary || one.stage == DeploymentStage::kLive;
  DeployState& state = StateOf(one);
  if (served && to == DeploymentStage::kShadow) ++state.rollbacks;
  const bool refuted = reason.refuted && to == DeploymentStage::kRetired;
  steps_.push_back({now_ms, one.id, one.task, std::string(Name(one.stage)), std::string(Name(to)),
                    std::move(reason)});
  one.stage = to;
  one.since_ms = now_ms;
  StateOf(one).refuted = refuted;
}

Status DeployBook::Save() {
  json::object states;
  for (const Deployment& one : deployments_.deployments) {
    states[one.id] = ToJson(StateOf(one));
  }
  const json::object root{{"v", kVersion}, {"deployments", std::move(states)}};
  TRY_VOID(WriteFileAtomically(DeployStatePath(workspace_), json::serialize(root) + '\n', 0600));
  TRY_VOID(WriteDeployments(DeploymentsPath(workspace_), deployments_));
  std::string lines;
  for (const DeployStep& step : steps_) lines += json::serialize(ToJson(step)) + '\n';
  if (!lines.empty()) TRY_VOID(AppendLine(DeployLogPath(workspace_), lines));
  steps_.clear();
  return {};
}

}  // namespace understudy
