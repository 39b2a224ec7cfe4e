// A table of texts with small numbers (id INTEGER PRIMARY KEY, text TEXT UNIQUE), and a cache in
// front: models, agents, tasks and sessions are stored as numbers. The empty text is kNoName and
// has no row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/sqlite.h"

namespace understudy {

class NameTable {
 public:
  // `table`: "name" or "session". Database must outlive it.
  static Result<NameTable> Open(Database& database, std::string_view table);

  Result<int64_t> Intern(std::string_view text);               // adds it; within a transaction
  Result<std::optional<int64_t>> Find(std::string_view text);  // does not
  Result<std::string> Text(int64_t id);                        // kIo when there is no such row
  // After a roll-back: numbers given in it do not exist.
  void Forget();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  void Remember(std::string_view text, int64_t id);

  Database* database_ = nullptr;
  Statement find_, insert_, text_;
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> ids_;
  std::unordered_map<int64_t, std::string> texts_;
};

}  // namespace understudy
