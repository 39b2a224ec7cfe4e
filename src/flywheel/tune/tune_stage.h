// S5 tune, as a stage: a task's training and validation examples and a base model in, an adapter
// out. The training itself is a program of its own, understudy-train (the only user of libtorch),
// so that one that runs out of memory never touches us.
//
// Writes what `understudy tune --out` writes (adapter.gguf, peft/, card.md, curve.svg,
// manifest.json) and result.json: {"ended","steps","minutes","before":{...},"after":{...}}, the
// scorecards of the validation examples without and with the adapter, by greedy exact match.
// Interrupted, also by kill -9, it goes on from its last checkpoint.
#pragma once

#include <filesystem>

#include "flywheel/stage.h"
#include "train/tune_options.h"

namespace understudy {

// `settings` names base, data, valid and all that decides the adapter; out, workspace, resume,
// dry_run and json are set by the stage. `program` is understudy-train. The seed is the settings'.
Result<StageResult> RunTuneStage(const TuneOptions& settings, const std::filesystem::path& program,
                                 const StagePlace& place, const StageHooks& hooks);

}  // namespace understudy
