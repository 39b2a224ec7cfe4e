#include "simulate/desk.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "synth/phrase.h"

namespace understudy {
namespace {

std::span<const Desk> Table() {
  static const std::array all{kMeetingsDesk, kRemindersDesk, kLookupDesk, kFilesDesk,  kMailDesk,
                              kSortDesk,     kRowsDesk,      kNotesDesk,  kAdviserDesk};
  return all;
}

json::object Picked(const Details& known, std::initializer_list<DeskArgument> arguments) {
  json::object picked;
  for (const auto& [name, detail] : arguments) {
    if (const auto found = known.find(detail); found != known.end()) picked[name] = found->second;
  }
  return picked;
}

}  // namespace

std::span<const Desk> Desks() {
  return Table();
}

const Desk* FindDesk(std::string_view name) {
  const auto found = std::ranges::find(Desks(), name, &Desk::name);
  return found == Desks().end() ? nullptr : &*found;
}

const PhraseBook& PhrasesOf(const DeskForm& form) {
  static std::mutex mutex;
  static std::map<const DeskForm*, PhraseBook> books;
  const std::lock_guard lock(mutex);
  const auto found = books.find(&form);
  return found != books.end() ? found->second
                              : books.emplace(&form, PhraseBook(form.phrases)).first->second;
}

DeskReply CallOf(std::string_view tool, const Details& known,
                 std::initializer_list<DeskArgument> arguments) {
  return {{}, std::string(tool), DumpJson(Picked(known, arguments))};
}

DeskReply JsonOf(const Details& known, std::initializer_list<DeskArgument> members) {
  return {DumpJson(Picked(known, members)), {}, {}};
}

DeskReply TextOf(std::string_view reading, const Details& known) {
  return {FillIn(reading, known), {}, {}};
}

}  // namespace understudy
