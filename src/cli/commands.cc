// The table of subcommands: the product's table of contents.
#include "cli/command.h"
#include "cli/definitions.h"

namespace understudy {
namespace {

constexpr Command kExchanges[] = {
    {"list", "list recorded exchanges, or export them as JSONL", DefineExchangesList},
    {"show", "show one exchange whole", DefineExchangesShow},
};

constexpr Command kStore[] = {
    {"stats", "count what is kept, by origin too", DefineStoreStats},
    {"purge", "remove what is older than the configuration allows", DefineStorePurge},
    {"erase", "destroy an origin's keys and rows, and name what was made of them",
     DefineStoreErase},
    {"export", "write all of it as exchange JSONL, in plain", DefineStoreExport},
    {"import", "read exchanges from files (the same as understudy import)", DefineImport},
    {"rekey", "take a new master key, without writing a body anew", DefineStoreRekey},
    {"verify", "read all of it and say what does not hold", DefineStoreVerify},
    {"backup", "make a sealed copy while the gateway records", DefineStoreBackup},
    {"restore", "put a copy in place, with every erasure since applied", DefineStoreRestore},
};

constexpr Command kConfig[] = {
    {"check", "check config.toml and say what is wrong where", DefineConfigCheck},
    {"show", "show every option that holds, and where it comes from", DefineConfigShow},
};

constexpr Command kModels[] = {
    {"list", "list the configured models", DefineModelsList},
    {"add", "add a model to config.toml", DefineModelsAdd},
    {"remove", "take a model out of config.toml", DefineModelsRemove},
    {"test", "send one small request to a model", DefineModelsTest},
};

constexpr Command kGguf[] = {
    {"show", "show a model file's metadata and tensors", DefineGgufShow},
    {"check", "check a model or adapter file and say how to mend it", DefineGgufCheck},
    {"diff", "say what differs between two model files", DefineGgufDiff},
    {"split", "write a model as several files, none too large", DefineGgufSplit},
    {"merge", "write a model of several files as one", DefineGgufMerge},
};

constexpr Command kSimulate[] = {
    {"agent", "the simulated office agent: calls with known answers, sent or written",
     DefineSimulateAgent},
    {"reference", "the simulated reference model: a server that answers them", DefineSimReference},
};

constexpr Command kDeploy[] = {
    {"list", "list the deployments, and what each waits for", DefineDeployList},
    {"start", "begin one in shadow, its adapter checked against the model", DefineDeployStart},
    {"step", "count the evidence and move what it proves good or bad", DefineDeployStep},
    {"promote", "move one on by hand", DefineDeployPromote},
    {"rollback", "take one back to shadow; what it replaced is live again", DefineDeployRollback},
    {"retire", "end one", DefineDeployRetire},
};

constexpr Command kKeys[] = {
    {"create", "make an API key with a role, shown once", DefineKeysCreate},
    {"list", "list the keys: names, roles, when they end; never a secret", DefineKeysList},
    {"revoke", "end a key at once", DefineKeysRevoke},
    {"rotate", "give a key a new secret under the same name and role", DefineKeysRotate},
};

constexpr Command kAudit[] = {
    {"list", "who read bodies, exported, changed keys and deployments", DefineAuditList},
    {"verify", "prove that the audit log is whole and unaltered", DefineAuditVerify},
    {"heads", "print how far the log goes, to be kept elsewhere", DefineAuditHeads},
};

constexpr Command kRouter[] = {
    {"fit", "fit the learned router, and prove its thresholds on calls held back", DefineRouterFit},
    {"explain", "say why a request would go where it goes", DefineRouterExplain},
};

constexpr Command kCommands[] = {
    {"init", "make a workspace: configuration, keys, folders", DefineInit},
    {"serve", "run the gateway", DefineServe},
    {"doctor", "check machine, configuration, models and ports, and say how to mend", DefineDoctor},
    {"config", "the configuration: check it, show it", nullptr, kConfig},
    {"models", "the models: list, add, remove, test them", nullptr, kModels},
    {"keys", "the gateway's API keys and their roles", nullptr, kKeys},
    {"audit", "the log of who read and changed what: list it, prove it", nullptr, kAudit},
    {"record", "run a command through the gateway and say what was recorded", DefineRecord},
    {"import", "read exchanges from files into the usage store", DefineImport},
    {"exchanges", "what was recorded: list it, show it, export it", nullptr, kExchanges},
    {"store", "the usage store: counts, retention, erasing, keys, copies", nullptr, kStore},
    {"replay", "send recorded requests again and compare the answers", DefineReplay},
    {"curate", "mask, check, deduplicate and split recorded exchanges for training", DefineCurate},
    {"cluster", "find the tasks in curated exchanges", DefineCluster},
    {"tune", "train a LoRA adapter for one task on recorded exchanges", DefineTune},
    {"evaluate", "measure a base model or adapter on held-out examples", DefineEvaluate},
    {"select", "choose among measured candidates, and say why", DefineSelect},
    {"router", "what a small model may answer: fit it, explain it", nullptr, kRouter},
    {"deploy", "adapters from shadow to canary to live, and back", nullptr, kDeploy},
    {"refine", "one turn of the wheel: from recorded calls to small models that serve",
     DefineRefine},
    {"report", "what small models did: share, agreement, latency, cost, by task and agent",
     DefineReport},
    {"pretrain", "train a base model from nothing, as a recipe says", DefinePretrain},
    {"gguf", "model files: show, check, compare, split, merge them", nullptr, kGguf},
    {"simulate", "an office agent and its reference model, both simulated", nullptr, kSimulate},
    {"completion", "print the completion script for bash, zsh or fish", DefineCompletion},
    {"version", "print the version and what it was built from", DefineVersion},
};

}  // namespace

std::span<const Command> Commands() {
  return kCommands;
}

}  // namespace understudy
