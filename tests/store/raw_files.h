// The bytes of a store's files as they lie on the disk.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>

#include "base/file.h"

namespace understudy {

// All of them, one after the other: the file, its log, its index, and what else begins so.
inline std::string RawBytes(const std::filesystem::path& store) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(store.parent_path())) {
    if (!entry.path().filename().string().starts_with(store.filename().string())) continue;
    all += ReadFile(entry.path()).value_or("");
  }
  return all;
}

inline void RunSql(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_free(message);
  sqlite3_close(handle);
}

}  // namespace understudy
