// The usage store: every exchange that passed, kept for learning and for the books.
//
// One interface, two kinds behind it: SQLite (one file in the workspace) and, for several
// gateways that share one, PostgreSQL. Not for the request path: the Recorder (store/recorder.h)
// stands between. A store is used by one thread at a time; open a second one to read beside a
// writer (SQLite: WAL).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "chat/exchange.h"

namespace understudy {

struct ExchangeFilter {
  std::optional<int64_t> since_ms, until_ms;  // [since, until) on at_ms
  std::string session, agent, model, task;    // empty: any; model: of the served answer
  std::optional<Outcome> outcome;
  int64_t limit = 0;  // 0: all
  bool newest_first = false;
  std::string origin;       // empty: any
  bool with_bodies = true;  // false: request, response, answer bodies stay empty
};

struct StoreStats {
  int64_t exchanges = 0;
  int64_t bytes_on_disk = 0;
  int64_t body_bytes = 0;         // before compression
  int64_t stored_body_bytes = 0;  // after
};

class UsageStore {
 public:
  virtual ~UsageStore() = default;

  // All of the batch in one transaction, or none. An exchange whose id is already there is left as
  // it is and not counted. A supplement (Exchange::is_supplement) adds its shadow answers, one a
  // deployment, and its feedback to the one of its id; without that it is dropped. Returns how
  // many were added. `durable`: survives a power cut on return.
  virtual Result<size_t> Append(const std::vector<Exchange>& batch, bool durable) = 0;

  // In order of arrival (or reverse), one exchange in memory at a time, as the store was when the
  // scan began. `each` returns false to stop; it may read from the store, but not append.
  virtual Status Scan(const ExchangeFilter& filter,
                      const std::function<bool(Exchange&&)>& each) = 0;
  virtual Result<Exchange> Get(std::string_view id) = 0;  // kNotFound
  virtual Result<int64_t> Count(const ExchangeFilter& filter) = 0;
  virtual Result<StoreStats> Stats() = 0;
  virtual Status Flush() = 0;  // checkpoint
};

// Creates the file (mode 0600) and schema when absent; migrates older versions; refuses newer
// ones, foreign files and damaged ones with a clear error. A relative master key file is looked for
// beside the file, and made there for a new store; a wrong or missing master key is an error too.
Result<std::unique_ptr<UsageStore>> OpenSqliteStore(const std::filesystem::path& path,
                                                    const StoreOptions& options = {});

}  // namespace understudy
