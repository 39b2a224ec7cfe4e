#include "store/drop_rows.h"

#include "store/schema.h"

namespace understudy {

Status DropRows(Database& database, const std::vector<int64_t>& rows) {
  if (rows.empty()) return {};
  TRY(Statement answers, database.Prepare("DELETE FROM answer WHERE id BETWEEN ? AND ?"));
  TRY(Statement body, database.Prepare("DELETE FROM body WHERE id = ?"));
  TRY(Statement exchange, database.Prepare("DELETE FROM exchange WHERE id = ?"));
  for (const int64_t row : rows) {
    const int64_t first = row << kAnswerBits;
    const int64_t last = first + static_cast<int64_t>(kMaxAnswers) - 1;
    TRY_VOID(answers.Bind(1, first).Bind(2, last).Run());
    TRY_VOID(body.Bind(1, row).Run());
    TRY_VOID(exchange.Bind(1, row).Run());
  }
  return database.Execute("DELETE FROM session WHERE id NOT IN (SELECT session FROM exchange)");
}

}  // namespace understudy
