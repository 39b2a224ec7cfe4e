#include "flywheel/select/select.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/file.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kCard = "scorecard.json";
constexpr std::string_view kChoice = "choice.json";

fs::path CardOf(const fs::path& path) {
  return fs::is_directory(path) ? path / kCard : path;
}

Result<MeasuredCandidate> ReadCandidate(const fs::path& path) {
  const fs::path file = CardOf(path);
  if (!fs::exists(file)) {
    return Fail(NotFound(fmt::format("there is no scorecard {}", file.string()))
                    .Mend("Measure a candidate with understudy evaluate."));
  }
  TRY(const std::string text, ReadFile(file, uint64_t{1} << 26));
  auto value = ParseJson(text);
  auto card = value ? CandidateCardFrom(*value) : Result<CandidateCard>(Fail(value.error()));
  if (!card) return Fail(std::move(card).error().At(file.string()));
  MeasuredCandidate candidate;
  candidate.folder = fs::absolute(file).parent_path();
  candidate.card = *std::move(card);
  return candidate;
}

// By the weights' file, or where it lies elsewhere by name.
bool IsOf(const CandidateCard& card, const CatalogueModel& model) {
  std::error_code missing;
  return card.base_name == model.name ||
         (!model.file.empty() && fs::equivalent(card.base.file, model.file, missing));
}

Result<std::vector<ListedModel>> ReadListed(const SelectOptions& options,
                                            const std::vector<MeasuredCandidate>& candidates,
                                            const MachineFacts& machine) {
  std::vector<ListedModel> listed;
  if (options.catalogue.empty()) return listed;
  TRY(auto models, ReadCatalogue(options.catalogue));
  for (CatalogueModel& model : models) {
    ListedModel one;
    one.memory_bytes = MemoryNeed(model, options.context, options.slots);
    one.fits = FitsMachine(one.memory_bytes, machine);
    one.here = !model.file.empty() && fs::exists(model.file);
    one.measured = std::ranges::any_of(
        candidates, [&](const MeasuredCandidate& measured) { return IsOf(measured.card, model); });
    one.model = std::move(model);
    listed.push_back(std::move(one));
  }
  return listed;
}

StageSpec SpecOf(const SelectOptions& options, const MachineFacts& machine) {
  StageSpec spec;
  spec.name = "select";
  spec.version = "1";
  json::array folders;
  for (const fs::path& path : options.scorecards) {
    spec.inputs.push_back(CardOf(path));
    folders.push_back(json::value(fs::absolute(path).string()));
  }
  if (!options.catalogue.empty()) spec.inputs.push_back(options.catalogue);
  spec.parameters = {{"part", options.part},   {"context", options.context},
                     {"slots", options.slots}, {"scorecards", std::move(folders)},
                     {"cores", machine.cores}, {"memory_bytes", machine.memory_bytes}};
  return spec;
}

}  // namespace

Result<Selection> SelectFrom(const SelectOptions& options, MachineFacts machine) {
  std::vector<MeasuredCandidate> candidates;
  for (const fs::path& path : options.scorecards) {
    TRY(MeasuredCandidate candidate, ReadCandidate(path));
    candidates.push_back(std::move(candidate));
  }
  TRY(auto listed, ReadListed(options, candidates, machine));
  return Choose(std::move(candidates), options.part, std::move(listed), std::move(machine));
}

Result<Selected> Select(const SelectOptions& options, const StagePlace& place,
                        const StageHooks& hooks) {
  Selected selected;
  const MachineFacts machine = ProbeMachine();
  // Cheap, and its errors say more than those of reading inputs: so also where nothing is new.
  TRY(selected.selection, SelectFrom(options, machine));
  TRY(selected.stage,
      RunStage(SpecOf(options, machine), place, hooks, [&](StageRun& run) -> Status {
        run.Count("candidates", std::ssize(selected.selection.candidates));
        return WriteFileAtomically(run.folder() / kChoice,
                                   json::serialize(ToJson(selected.selection)) + '\n', 0600);
      }));
  return selected;
}

}  // namespace understudy
