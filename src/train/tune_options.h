// The options of `understudy tune`, declared once for the command line that starts a training and
// for the program understudy-train that does it. Neither libtorch nor any model is needed here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace understudy {

struct TuneOptions {
  std::string base;       // GGUF of the base model; required
  std::string data;       // exchange JSONL; required
  std::string valid;      // the same; empty: a part of `data` is held out, by session
  std::string out;        // folder for the adapter; empty: a new version in the workspace
  std::string workspace;  // for `task` without `out`
  std::string task;       // names the adapter

  int64_t rank = 16;
  double alpha = 32;                        // the change is scaled by alpha / rank
  double dropout = 0;                       // of what goes into A, in [0, 1)
  std::vector<std::string> targets{"all"};  // or of attention, mlp, ssm
  double lr = 2e-3;                         // peak of the learning rate
  double epochs = 3;                        // over the data; ends earlier where minutes are over
  double minutes = 0;                       // of training; 0: no limit
  int64_t batch_tokens = 8192;
  int64_t max_length = 0;  // tokens of a conversation; 0: the base's context, at most 4096

  std::string replay;         // more exchange JSONL, mixed in against forgetting
  double replay_share = 0.2;  // of all tokens; without effect unless `replay` is given

  int64_t seed = 1;
  int64_t threads = 0;             // 0: one a core
  std::string device = "auto";     // cpu, cuda, or auto: cuda where there is one
  std::string precision = "auto";  // of matrix products: auto, f32 or bf16
  bool resume = false;             // go on from the last checkpoint of this folder or task
  bool dry_run = false;            // read, check and count; train nothing
  bool json = false;               // progress and result as JSON lines
};

// Declares the flags, with their checks.
void AddTuneFlags(CLI::App& app, TuneOptions& options);

// What is wrong with them together or out of range; kInvalidInput names the flag.
Status CheckTuneOptions(const TuneOptions& options);

std::vector<std::string> TuneArguments(const TuneOptions& options);  // for understudy-train
json::object TuneSettings(const TuneOptions& options);               // for the manifest

struct PretrainOptions {
  std::string recipe;   // TOML; required
  std::string out;      // folder for the model and its checkpoints; required
  std::string data;     // folder of public texts to mix in; empty: generated examples only
  double minutes = 0;   // of training; 0: as long as the recipe says
  int64_t threads = 0;  // 0: one a core
  std::string device = "auto";
  std::string precision = "auto";
  bool resume = false;
  std::string from;  // GGUF: begin with its weights instead of random ones
  bool json = false;
};
void AddPretrainFlags(CLI::App& app, PretrainOptions& options);
Status CheckPretrainOptions(const PretrainOptions& options);
std::vector<std::string> PretrainArguments(const PretrainOptions& options);
json::object PretrainSettings(const PretrainOptions& options);

}  // namespace understudy
