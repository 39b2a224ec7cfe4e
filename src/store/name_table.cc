#include "store/name_table.h"

#include <fmt/format.h>

#include "store/schema.h"

namespace understudy {
namespace {
constexpr size_t kCached = 65'536;  // then it starts anew: names are a client's to choose
}  // namespace

Result<NameTable> NameTable::Open(Database& database, std::string_view table) {
  NameTable names;
  names.database_ = &database;
  TRY(names.find_, database.Prepare(fmt::format("SELECT id FROM {} WHERE text = ?", table)));
  TRY(names.insert_, database.Prepare(fmt::format("INSERT INTO {}(text) VALUES (?)", table)));
  TRY(names.text_, database.Prepare(fmt::format("SELECT text FROM {} WHERE id = ?", table)));
  return names;
}

Result<std::optional<int64_t>> NameTable::Find(std::string_view text) {
  if (text.empty()) return kNoName;
  if (const auto cached = ids_.find(text); cached != ids_.end()) return cached->second;
  find_.BindText(1, text);
  TRY(const bool row, find_.Step());
  std::optional<int64_t> id;
  if (row) id = find_.Number(0);
  find_.Reset();
  if (id) Remember(text, *id);
  return id;
}

Result<int64_t> NameTable::Intern(std::string_view text) {
  TRY(const auto known, Find(text));
  if (known) return *known;
  insert_.BindText(1, text);
  TRY_VOID(insert_.Run());
  const int64_t id = database_->LastRow();
  Remember(text, id);
  return id;
}

Result<std::string> NameTable::Text(int64_t id) {
  if (id == kNoName) return std::string();
  if (const auto cached = texts_.find(id); cached != texts_.end()) return cached->second;
  text_.Bind(1, id);
  TRY(const bool row, text_.Step());
  if (!row) {
    return Fail(IoError(fmt::format("the store is damaged: no name has the number {}", id))
                    .At(database_->name()));
  }
  std::string text(text_.Text(0));
  text_.Reset();
  Remember(text, id);
  return text;
}

void NameTable::Remember(std::string_view text, int64_t id) {
  if (ids_.size() >= kCached) Forget();
  ids_.emplace(text, id);
  texts_.emplace(id, text);
}

void NameTable::Forget() {
  ids_.clear();
  texts_.clear();
}

}  // namespace understudy
