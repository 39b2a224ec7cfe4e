#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

// 0600 from the first byte on: SQLite would follow the umask. The folder is synced so that the
// name itself survives a power cut.
Status CreatePrivately(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return {};
  if (fd < 0) return Fail(IoErrorFromErrno("cannot create " + path.string(), errno));
  ::close(fd);
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return {};
}

Status CheckRegular(const std::filesystem::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  }
  if (S_ISREG(info.st_mode)) return {};
  return Fail(IoError(path.string() + " is not a regular file"));
}

std::string_view Bytes(const void* data, int size) {
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

}  // namespace

Error SqliteError(int code, std::string_view detail, std::string_view where) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return IoError("the disk is full").At(where).Mend("free some space").Retryable();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return IoError("another process keeps the store locked").At(where).Retryable();
    case SQLITE_NOTADB:
      return InvalidInput("this file is not an Understudy store")
          .At(where)
          .Mend("name another file, or another workspace");
    case SQLITE_CORRUPT:
      return IoError(fmt::format("the store is damaged: {}", detail))
          .At(where)
          .Mend("restore it from a copy, or save what is left: sqlite3 FILE .recover");
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
      return InvalidInput(fmt::format("the store cannot take this row: {}", detail)).At(where);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return IoError(fmt::format("cannot open or write the store: {}", detail))
          .At(where)
          .Mend("its folder must be writable, for the -wal and -shm files beside it");
    case SQLITE_IOERR:
      return IoError(fmt::format("the store's disk fails: {}", detail)).At(where).Retryable();
    default: return IoError(fmt::format("SQLite says: {}", detail)).At(where);
  }
}

// ---- Statement

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::Bind(int index, int64_t value) {
  bind_error_ |= sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::BindReal(int index, double value) {
  // SQLite would turn not-a-number into NULL, and refuse the row.
  const double number = std::isnan(value) ? 0 : value;
  bind_error_ |= sqlite3_bind_double(statement_.get(), index, number);
  return *this;
}

Statement& Statement::BindText(int index, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();  // a null pointer would bind NULL
  bind_error_ |=
      sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  bind_error_ |= sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::BindNull(int index) {
  bind_error_ |= sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Result<bool> Statement::Step() {
  sqlite3* handle = sqlite3_db_handle(statement_.get());
  const char* file = sqlite3_db_filename(handle, "main");
  if (bind_error_ != SQLITE_OK) {
    return Fail(SqliteError(std::exchange(bind_error_, 0), sqlite3_errmsg(handle), file));
  }
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = SqliteError(code, sqlite3_errmsg(handle), file);
  sqlite3_reset(statement_.get());
  return Fail(std::move(error));
}

Status Statement::Run() {
  for (;;) {
    TRY(const bool row, Step());
    if (!row) break;
  }
  Reset();
  return {};
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
}

int64_t Statement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::Real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::Text(int column) const {
  const void* data = sqlite3_column_text(statement_.get(), column);
  return data ? Bytes(data, sqlite3_column_bytes(statement_.get(), column)) : std::string_view();
}

std::string_view Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  return data ? Bytes(data, sqlite3_column_bytes(statement_.get(), column)) : std::string_view();
}

bool Statement::Null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

// ---- Database

void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Result<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& path) {
  // Nobody asks SQLite how much memory it uses, and counting takes a lock an allocation.
  static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)once;
  TRY_VOID(CreatePrivately(path));
  TRY_VOID(CheckRegular(path));
  sqlite3* handle = nullptr;
  // No mutex: a store belongs to one thread at a time.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
  auto database = std::make_unique<Database>();
  database->handle_.reset(handle);
  database->path_ = path;
  database->name_ = path.string();
  if (code != SQLITE_OK) {
    return Fail(
        SqliteError(code, handle ? sqlite3_errmsg(handle) : "out of memory", path.string()));
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // A file from elsewhere must not bring triggers or functions of its own to life.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  return database;
}

Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Fail(SqliteError(code, sqlite3_errmsg(handle_.get()), name_));
  return {};
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return Fail(SqliteError(code, sqlite3_errmsg(handle_.get()), name_));
  Statement statement;
  statement.statement_.reset(raw);
  return statement;
}

Result<int64_t> Database::Number(std::string_view sql) {
  TRY(Statement statement, Prepare(sql));
  TRY(const bool row, statement.Step());
  return row ? statement.Number(0) : 0;
}

int64_t Database::LastRow() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

int64_t Database::Changes() const {
  return sqlite3_changes64(handle_.get());
}

int64_t Database::Checkpoint() {
  int in_log = -1, moved = -1;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  return code == SQLITE_OK && in_log >= 0 ? in_log - moved : INT64_MAX;
}

Status Database::CutLog() {
  int in_log = -1, moved = -1;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, &in_log, &moved);
  if (code == SQLITE_OK) return {};
  return Fail(SqliteError(code, sqlite3_errmsg(handle_.get()), name_));
}

void Database::CountLogPages() {
  const auto count = [](void* pages, sqlite3*, const char*, int in_log) {
    *static_cast<int64_t*>(pages) = in_log;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_.get(), count, &log_pages_);
}

// ---- Transaction

Result<Transaction> Transaction::Begin(Database& database) {
  TRY_VOID(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // SQLite rolls back by itself on some errors; then there is nothing left to do, and this fails.
  if (database_) (void)database_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  TRY_VOID(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace understudy
