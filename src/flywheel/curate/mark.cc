#include "flywheel/curate/mark.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/json.h"
#include "chat/exchange_shape.h"
#include "chat/json_reader.h"

namespace understudy {
namespace {

constexpr std::string_view kName = "curated";

CurateMark ReadMark(std::string_view text) {
  CurateMark mark;
  const auto value = ParseJson(text);
  if (!value) return mark;
  mark.rows = std::max<int64_t>(1, IntOr(*value, "rows", 1));
  mark.seed = static_cast<uint64_t>(IntOr(*value, "seed", 0));
  const std::string_view hex = StringOr(*value, "group");
  uint64_t group = 0;
  const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), group, 16);
  if (hex.size() == 16 && read.ptr == hex.data() + hex.size()) mark.group = group;
  return mark;
}

}  // namespace

CurateMark TakeMark(Exchange& exchange) {
  if (exchange.extra.find(kName) == std::string::npos) return {};
  std::string mark;
  std::vector<RawMember> others;
  std::string text = exchange.extra;
  JsonReader in(text);
  const bool read = in.Document([&](std::string_view key, JsonReader::Value value) {
    if (key == kName) return in.Raw(value, &mark);
    RawMember member{std::string(in.raw_key()), {}};
    if (!in.Raw(value, &member.value)) return false;
    others.push_back(std::move(member));
    return true;
  });
  if (!read || mark.empty()) return {};
  exchange.extra = ObjectOf(others);
  return ReadMark(mark);
}

std::string WithMark(std::string_view line, const CurateMark& mark) {
  return fmt::format(R"({},"{}":{{"rows":{},"group":"{:016x}","seed":{}}}}})",
                     line.substr(0, line.rfind('}')), kName, mark.rows, mark.group.value_or(0),
                     mark.seed);
}

}  // namespace understudy
