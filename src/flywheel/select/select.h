// S4 select: which small model shall learn, and serve, a task.
//
// Reads scorecards that evaluate measured and the catalogue of models, probes this machine, and
// writes choice.json (choose.h says how it is chosen):
//   {"v":1,"task","part","chosen":{CANDIDATE},"why","notes":[...],"candidates":[{CANDIDATE},...],
//    "catalogue":[...],"machine":{...}}
// CANDIDATE: "name","folder","base","adapter","parameters","total","right","share","low","high",
// "p50_ms","p90_ms","memory_bytes","cost_usd_per_1000","on_front","as_good","fits".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "flywheel/select/choose.h"
#include "flywheel/stage.h"

namespace understudy {

struct SelectOptions {
  std::vector<std::filesystem::path> scorecards;  // folders with a scorecard.json, or such files
  std::filesystem::path catalogue;                // empty: none
  std::string part;                               // see Choose
  int64_t context = 4096, slots = 4;  // that the catalogue's models would be served with
};

struct Selected {
  Selection selection;
  StageResult stage;
};

// The choice alone, without writing anything: what refine asks for.
Result<Selection> SelectFrom(const SelectOptions& options, MachineFacts machine);

// A run is done again where scorecards, catalogue, options, or the machine's cores or memory
// differ.
Result<Selected> Select(const SelectOptions& options, const StagePlace& place,
                        const StageHooks& hooks);

}  // namespace understudy
