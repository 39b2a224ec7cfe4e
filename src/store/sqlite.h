// SQLite as RAII with errors as values: just what the store needs. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace understudy {

// A prepared statement, meant to be kept and used again. Bound text and blobs are not copied: they
// must live until the next Reset (Run ends with one). A failed Bind shows as the error of the next
// Step.
class Statement {
 public:
  Statement() = default;

  // Parameters count from 1, columns from 0, as in SQLite.
  Statement& Bind(int index, int64_t value);
  Statement& BindReal(int index, double value);
  Statement& BindText(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);

  Result<bool> Step();  // true: there is a row
  Status Run();         // steps to the end, then Reset
  void Reset();         // keeps bound numbers, forgets nothing else that matters

  int64_t Number(int column) const;
  double Real(int column) const;
  std::string_view Text(int column) const;  // until the next Step or Reset
  std::string_view Blob(int column) const;  // likewise
  bool Null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

class Database {
 public:
  // Opens or creates (mode 0600; SQLite gives its -wal and -shm the same mode). Changes nothing in
  // the file yet.
  static Result<std::unique_ptr<Database>> Open(const std::filesystem::path& path);

  Status Execute(const std::string& sql);  // one or more statements without rows
  Result<Statement> Prepare(std::string_view sql);
  Result<int64_t> Number(std::string_view sql);  // the first column of the first row

  int64_t LastRow() const;  // rowid of the last insert
  int64_t Changes() const;  // rows the last statement changed
  // Moves what it can from the log to the main file; waits for nobody. Returns how many pages of
  // the log are left to move; INT64_MAX on a failure.
  int64_t Checkpoint();
  // Moves all of it and cuts the log to nothing. kIo while others read or write.
  Status CutLog();
  // From now on this connection makes no checkpoints of its own, and tells how long the log is.
  void CountLogPages();
  int64_t log_pages() const { return log_pages_; }  // after the last commit
  const std::string& name() const { return name_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::filesystem::path path_;
  std::string name_;       // for errors
  int64_t log_pages_ = 0;  // written by SQLite's hook
};

// BEGIN IMMEDIATE ... COMMIT; rolls back when it goes out of scope uncommitted.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Status Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null once it is over
};

// What a SQLite result code means to us; `where` is the file.
Error SqliteError(int code, std::string_view detail, std::string_view where);

}  // namespace understudy
