// A plain table: a head, rows, two spaces between columns, nothing at the ends of lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console.h"

namespace understudy {

class Table {
 public:
  enum class Align : uint8_t { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column. Control characters are made harmless (Printable).
  void Add(std::vector<std::string> cells);
  size_t rows() const { return rows_.size(); }

  // On a terminal the last column is cut to its width.
  void Print(Console& console) const;
  std::string Render(size_t width = 0) const;  // 0: no limit

 private:
  std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                   size_t width) const;
  std::vector<size_t> Widths() const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace understudy
