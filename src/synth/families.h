// The families of synthetic examples: the table, and one maker a file.
#pragma once

#include <span>
#include <string_view>

#include "synth/generator.h"
#include "synth/rng.h"

namespace understudy {

struct Family {
  std::string_view name;
  double weight;                                      // default share, relative to the others
  void (*make)(Rng& rng, SyntheticExample& example);  // fills messages and tools
};

std::span<const Family> Families();

void MakeToolCall(Rng& rng, SyntheticExample& example);
void MakeLabel(Rng& rng, SyntheticExample& example);
void MakeExtract(Rng& rng, SyntheticExample& example);
void MakeSql(Rng& rng, SyntheticExample& example);
void MakeWrite(Rng& rng, SyntheticExample& example);
void MakeMath(Rng& rng, SyntheticExample& example);
void MakeCopy(Rng& rng, SyntheticExample& example);
void MakeRepeat(Rng& rng, SyntheticExample& example);  // the simplest drill of copy alone

}  // namespace understudy
