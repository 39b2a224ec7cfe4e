#include "simulate/office_agent.h"

#include <fmt/format.h>

#include "simulate/office_values.h"
#include "simulate/reference.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr double kBroughtElsewhere = 0.2;  // of the open-ended wishes

template <class List>
const auto& PickByShare(Rng& rng, const List& list) {
  double total = 0;
  for (const auto& item : list) total += item.share;
  double at = rng.Unit() * total;
  for (const auto& item : list) {
    if ((at -= item.share) < 0) return item;
  }
  return list.back();
}

json::object TextMessage(std::string_view role, std::string_view text) {
  return {{"role", role}, {"content", text}};
}

std::string RequestBody(const OfficeOptions& options, const Desk& desk,
                        const json::array& messages) {
  json::object body{{"model", options.model}, {"messages", messages}};
  if (!desk.tools.empty()) body["tools"] = json::parse(desk.tools);
  if (desk.json) body["response_format"] = json::object{{"type", "json_object"}};
  body["temperature"] = 0;
  return json::serialize(body);
}

uint64_t SeedOf(const OfficeOptions& options, uint64_t index) {
  uint64_t state = options.seed * 2 + static_cast<uint64_t>(options.half);
  state = SplitMix64(state) ^ index;
  return SplitMix64(state);
}

}  // namespace

// What a session begins with.
struct OfficeAgent::Opening {
  const Desk* desk;   // whose prompt and tools
  const Desk* meant;  // whose answer
  const DeskForm* form;
  Details details;
  std::string text;
};

OfficeAgent::OfficeAgent(OfficeOptions options) : options_(std::move(options)) {
  if (!options_.desks.empty()) return;
  for (const Desk& desk : Desks()) options_.desks.push_back(&desk);
}

OfficeAgent::Opening OfficeAgent::Open(Rng& rng, int64_t& redrawn) const {
  std::vector<Desk> desks;
  for (const Desk* desk : options_.desks) desks.push_back(*desk);
  const std::string_view name = PickByShare(rng, desks).name;
  Opening opening{FindDesk(name), FindDesk(name), nullptr, {}, {}};
  if (opening.desk->open_ended && rng.Chance(kBroughtElsewhere)) {
    const Desk* other = rng.Pick(options_.desks);
    if (!other->json) opening.desk = other;  // prose is no JSON
  }
  opening.form = &PickByShare(rng, opening.meant->forms);
  for (;; ++redrawn) {
    const std::string& reading = PhrasesOf(*opening.form).Pick(rng, options_.half);
    opening.details = DrawDetails(rng, reading, options_.half);
    opening.text = FillIn(reading, opening.details);
    const auto read = ReadWish(*opening.desk, opening.text);
    if (read && read->form == opening.form && read->details == opening.details) return opening;
  }
}

std::vector<OfficeCall> OfficeAgent::Session(uint64_t index) const {
  Rng rng(SeedOf(options_, index));
  int64_t redrawn = 0;
  Opening opening = Open(rng, redrawn);
  const auto turns = opening.form->turns;
  json::array messages{TextMessage("system", opening.desk->system),
                       TextMessage("user", opening.text)};
  std::vector<OfficeCall> calls;
  for (size_t turn = 0; turn < turns.size(); ++turn) {
    const bool last = turn + 1 == turns.size();
    if (turn > 0 && last && !rng.Chance(opening.form->closing)) break;
    OfficeCall call;
    call.session = fmt::format("sim-{}-{}-{}", Name(options_.half), options_.seed, index);
    call.id = fmt::format("{}-{}", call.session, turn);
    call.call_id = fmt::format("call_{:016x}", HashOf(call.id));
    call.desk = opening.meant;
    call.follows = turn > 0;
    call.request = RequestBody(options_, *opening.desk, messages);
    call.expected = turns[turn].reply(opening.details);
    messages.push_back(AssistantMessage(call.expected, call.call_id));
    if (!last) {
      const json::object result = turns[turn].result(rng, options_.half, opening.details);
      messages.push_back(json::object{
          {"role", "tool"}, {"tool_call_id", call.call_id}, {"content", DumpJson(result)}});
      Learn(result, opening.details);
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

std::vector<OfficeCall> OfficeAgent::Calls(int64_t count) const {
  std::vector<OfficeCall> calls;
  for (uint64_t index = 0; std::ssize(calls) < count; ++index) {
    for (OfficeCall& call : Session(index)) {
      if (std::ssize(calls) < count) calls.push_back(std::move(call));
    }
  }
  return calls;
}

double OfficeAgent::ShareRedrawn(uint64_t sessions) const {
  int64_t redrawn = 0;
  for (uint64_t index = 0; index < sessions; ++index) {
    Rng rng(SeedOf(options_, index));
    Open(rng, redrawn);
  }
  const double drawn = static_cast<double>(redrawn) + static_cast<double>(sessions);
  return drawn > 0 ? static_cast<double>(redrawn) / drawn : 0;
}

Result<std::vector<const Desk*>> ParseDesks(std::string_view names) {
  std::vector<const Desk*> desks;
  for (const std::string_view name : Split(names, ',')) {
    const Desk* desk = FindDesk(name);
    if (!desk) {
      std::vector<std::string> known;
      for (const Desk& each : Desks()) known.emplace_back(each.name);
      return Fail(InvalidInput(fmt::format("there is no desk \"{}\"", name))
                      .Mend(fmt::format("Take some of: {}.", Joined(known, ", "))));
    }
    if (std::ranges::find(desks, desk) == desks.end()) desks.push_back(desk);
  }
  return desks;
}

json::object AssistantMessage(const DeskReply& reply, std::string_view call_id) {
  if (!reply.is_call()) return TextMessage("assistant", reply.text);
  json::object function{{"name", reply.tool}, {"arguments", reply.arguments}};
  json::object call{{"id", call_id}, {"type", "function"}, {"function", std::move(function)}};
  return {
      {"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array{std::move(call)}}};
}

}  // namespace understudy
