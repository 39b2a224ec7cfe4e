// docs/format-store.md names every table and column that a new file has, and its frozen numbers.
#include <gtest/gtest.h>

#include "base/file.h"
#include "store/samples.h"
#include "store/schema.h"
#include "support/paths.h"

namespace understudy {
namespace {

TEST(FormatDoc, NamesEveryTableAndColumn) {
  const auto page = ReadFile(SourceFolder() / "docs/format-store.md").value();
  const TempFolder folder;
  MustOpen(folder / "store.db");
  const auto database = Database::Open(folder / "store.db").value();
  auto columns = database
                     ->Prepare(
                         "SELECT m.name, c.name FROM sqlite_schema m, "
                         "pragma_table_info(m.name) c WHERE m.type = 'table'")
                     .value();
  int seen = 0;
  while (columns.Step().value()) {
    ++seen;
    for (const auto name : {columns.Text(0), columns.Text(1)}) {
      EXPECT_NE(page.find(fmt::format("`{}`", name)), std::string::npos) << name;
    }
  }
  EXPECT_GT(seen, 40);
  EXPECT_NE(page.find(fmt::format("0x{:08X}", kApplicationId)), std::string::npos);
  EXPECT_NE(page.find(fmt::format("**{}**", kSchemaVersion)), std::string::npos);
}

}  // namespace
}  // namespace understudy
