#include "cli/table.h"

#include "cli/text.h"

namespace understudy {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kLeastLast = 8;  // the last column is never cut below this

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i]));
    widths.push_back(widest);
  }
  return widths;
}

std::string Table::Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                        size_t width) const {
  std::string line;
  size_t column = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    const size_t room = width > column ? width - column : 0;
    const std::string cell =
        last && width > 0 ? Ellipsis(cells[i], std::max(room, kLeastLast)) : cells[i];
    const size_t used = DisplayWidth(cell);
    const std::string pad(widths[i] > used ? widths[i] - used : 0, ' ');
    line += columns_[i].align == Align::kRight ? pad + cell : cell + pad;
    if (!last) line += std::string(kGap, ' ');
    column += widths[i] + kGap;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string Table::Render(size_t width) const {
  const std::vector<size_t> widths = Widths();
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string out = Line(titles, widths, width);
  for (const auto& row : rows_) out += Line(row, widths, width);
  return out;
}

void Table::Print(Console& console) const {
  const std::string text = Render(console.OutWidth());
  const size_t head = text.find('\n');
  console.Out(console.PaintOut(Colour::kBold, text.substr(0, head)) + text.substr(head));
}

}  // namespace understudy
