// What a pretraining writes down on its way: NAME.log.jsonl, a line a report, which later runs of
// the same training go on with, and the loss over the steps as a picture, NAME.svg.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "nn/pretrain.h"

namespace understudy::nn {

class PretrainLog {
 public:
  // `name` is the recipe's.
  PretrainLog(const std::filesystem::path& folder, std::string name)
      : lines_(folder / (name + ".log.jsonl")),
        picture_(folder / (name + ".svg")),
        name_(std::move(name)) {}

  void Append(const PretrainProgress& progress) const;
  // Of all lines there are. Lines that were cut off by a crash are left out.
  Status Draw() const;

 private:
  std::filesystem::path lines_, picture_;
  std::string name_;
};

}  // namespace understudy::nn
