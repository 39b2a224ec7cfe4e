#include "cli/gguf_view.h"

#include <fmt/format.h>

#include "cli/text.h"

namespace understudy {
namespace {

json::value Scalar(const GgufValue& value) {
  if (const auto text = value.Text()) return json::string(Printable(*text, true));
  if (const auto flag = value.Bool()) return *flag;
  if (const auto number = value.Signed()) return *number;
  if (const auto number = value.Unsigned()) return *number;
  if (const auto number = value.Number()) return *number;
  return nullptr;
}

// The first items of a list; empty for lists of lists and of truth values.
json::array FirstItems(const GgufValue& value) {
  json::array items;
  const auto add = [&items](const auto& all) {
    for (size_t i = 0; i < all.size() && i < kListedItems; ++i)
      items.push_back(json::value(all[i]));
  };
  if (value.element_type() == GgufType::kString) {
    for (const std::string_view text : value.Texts()) {
      if (items.size() == kListedItems) break;
      items.push_back(json::string(Printable(text, true)));
    }
  } else if (value.element_type() == GgufType::kF32 || value.element_type() == GgufType::kF64) {
    add(value.Numbers());
  } else {
    add(value.Integers());
  }
  return items;
}

}  // namespace

Result<GgufFile> OpenGguf(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Fail(NotFound("there is no file " + Printable(path.string())));
  }
  return GgufFile::Open(path);
}

json::value JsonOf(const GgufValue& value) {
  if (value.type() != GgufType::kArray) return Scalar(value);
  json::array items = FirstItems(value);
  if (items.size() == value.count()) return items;
  return json::object{{"count", value.count()}, {"first", std::move(items)}};
}

std::string ShortValue(const GgufValue& value, size_t columns) {
  if (value.type() != GgufType::kArray) {
    return Ellipsis(Printable(json::serialize(Scalar(value))), columns);
  }
  std::string text = Counted(static_cast<int64_t>(value.count()), "item");
  const char* before = ": ";
  for (const json::value& item : FirstItems(value)) {
    text += before + json::serialize(item);
    before = ", ";
  }
  return Ellipsis(Printable(text), columns);
}

std::string ShapeOf(const GgufTensor& tensor) {
  return fmt::format(
      "{{{}}}", fmt::join(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions, ", "));
}

uint64_t Parameters(const GgufFile& file) {
  uint64_t parameters = 0;
  for (const GgufTensor& tensor : file.tensors()) parameters += tensor.elements();
  return parameters;
}

}  // namespace understudy
