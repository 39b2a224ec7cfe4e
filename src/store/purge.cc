#include "store/purge.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "chat/exchange.h"
#include "store/drop_rows.h"

namespace understudy {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr size_t kRowsAtOnce = 1'000;

// A rule with names and outcome as the tables have them.
struct Class {
  std::optional<int64_t> origin, agent, task, outcome;
  bool never = false;  // it asks for a name that the store does not have
  int64_t days = 0;
};

struct Row {
  int64_t id = 0, at_ms = 0, origin = 0, agent = 0, task = 0, outcome = 0;
};

bool Fits(const Class& rule, const Row& row) {
  const auto same = [](const std::optional<int64_t>& wanted, int64_t has) {
    return !wanted || *wanted == has;
  };
  return !rule.never && same(rule.origin, row.origin) && same(rule.agent, row.agent) &&
         same(rule.task, row.task) && same(rule.outcome, row.outcome);
}

Status Want(NameTable& names, const std::string& text, std::optional<int64_t>& number,
            bool& never) {
  if (text.empty()) return {};
  TRY(number, names.Find(text));
  never = never || !number;
  return {};
}

Result<std::vector<Class>> Classes(StoreFile& file) {
  std::vector<Class> classes;
  for (const RetentionRule& rule : file.options.rules) {
    Class one{.days = rule.days};
    TRY_VOID(Want(file.names, rule.origin, one.origin, one.never));
    TRY_VOID(Want(file.names, rule.agent, one.agent, one.never));
    TRY_VOID(Want(file.names, rule.task, one.task, one.never));
    if (!rule.outcome.empty()) {
      TRY(const Outcome outcome, ParseOutcome(rule.outcome));
      one.outcome = static_cast<int64_t>(outcome);
    }
    classes.push_back(one);
  }
  classes.push_back({.days = file.options.retain_days});
  return classes;
}

class Purge {
 public:
  Purge(StoreFile& file, const UpkeepHooks& hooks) : file_(file), hooks_(hooks) {}

  Result<Purged> Run(int64_t now_ms, bool dry_run) {
    TRY(classes_, Classes(file_));
    for (const RetentionRule& rule : file_.options.rules) {
      purged_.classes.push_back({.name = rule.name, .days = rule.days});
    }
    purged_.classes.push_back({.name = "all other calls", .days = file_.options.retain_days});
    // A clock far ahead would make everything old.
    TRY(const int64_t newest, file_.database->Number("SELECT max(at_ms) FROM exchange"));
    TRY(const auto old, Old(std::min(now_ms, newest + kDayMs)));
    purged_.exchanges = std::ssize(old);
    if (!dry_run) TRY_VOID(Drop(old));
    return std::move(purged_);
  }

 private:
  Result<std::vector<int64_t>> Old(int64_t now_ms) {
    TRY(Statement rows,
        file_.database->Prepare("SELECT id, at_ms, origin, agent, task, outcome FROM exchange"));
    std::vector<int64_t> old;
    for (;;) {
      TRY(const bool there, rows.Step());
      if (!there) return old;
      const Row row{rows.Number(0), rows.Number(1), rows.Number(2),
                    rows.Number(3), rows.Number(4), rows.Number(5)};
      const auto fits =
          std::ranges::find_if(classes_, [&](const Class& rule) { return Fits(rule, row); });
      if (fits->days == 0 || row.at_ms >= now_ms - fits->days * kDayMs) continue;
      old.push_back(row.id);
      ++purged_.classes[static_cast<size_t>(fits - classes_.begin())].exchanges;
    }
  }

  Status Drop(const std::vector<int64_t>& old) {
    for (size_t at = 0; at < old.size(); at += kRowsAtOnce) {
      const size_t end = std::min(old.size(), at + kRowsAtOnce);
      TRY_VOID(hooks_.Step("Purging", static_cast<int64_t>(at), std::ssize(old)));
      TRY(Transaction transaction, Transaction::Begin(*file_.database));
      TRY_VOID(DropRows(*file_.database, {old.begin() + static_cast<int64_t>(at),
                                          old.begin() + static_cast<int64_t>(end)}));
      TRY_VOID(file_.keys->RaiseEpoch());
      TRY_VOID(transaction.Commit());
    }
    return old.empty() ? Status() : DropKeys();
  }

  Status DropKeys() {
    TRY(Transaction transaction, Transaction::Begin(*file_.database));
    std::unordered_set<int64_t> used;
    for (const char* sql : {"SELECT substr(data, 1, 64) FROM body",
                            "SELECT substr(detail, 1, 64) FROM exchange WHERE detail NOT NULL"}) {
      TRY(Statement heads, file_.database->Prepare(sql));
      for (;;) {
        TRY(const bool row, heads.Step());
        if (!row) break;
        if (const auto head = ParseSealed(heads.Blob(0))) used.insert(head->key);
      }
    }
    TRY(Statement all, file_.database->Prepare("SELECT id FROM data_key WHERE kind = 0"));
    std::vector<int64_t> unused;
    for (;;) {
      TRY(const bool row, all.Step());
      if (!row) break;
      if (!used.contains(all.Number(0))) unused.push_back(all.Number(0));
    }
    all.Reset();
    TRY(Statement destroy, file_.database->Prepare("DELETE FROM data_key WHERE id = ?"));
    for (const int64_t id : unused) TRY_VOID(destroy.Bind(1, id).Run());
    purged_.keys = std::ssize(unused);
    TRY_VOID(file_.keys->RaiseEpoch());
    TRY_VOID(transaction.Commit());
    (void)file_.database->CutLog();
    return file_.Settle();
  }

  StoreFile& file_;
  const UpkeepHooks& hooks_;
  std::vector<Class> classes_;
  Purged purged_;
};

}  // namespace

Result<Purged> PurgeOld(StoreFile& file, int64_t now_ms, bool dry_run, const UpkeepHooks& hooks) {
  return Purge(file, hooks).Run(now_ms, dry_run);
}

}  // namespace understudy
