#include "store/parts.h"

#include <cstdint>
#include <optional>

#include "store/schema.h"
#include "store/varint.h"

namespace understudy {
namespace {

constexpr uint64_t kMaxParts = 4 * kMaxAnswers;

std::optional<size_t> EarlierEqual(const std::vector<std::string_view>& parts, size_t index) {
  if (parts[index].empty()) return std::nullopt;
  for (size_t i = 0; i < index; ++i) {
    if (parts[i] == parts[index]) return i;
  }
  return std::nullopt;
}

std::unexpected<Error> Malformed() {
  return Fail(IoError("the store is damaged: a row's parts do not fit together"));
}

struct Head {
  bool same = false;
  size_t value = 0;  // length, or index of the earlier part
};

// Heads off the front of `packed`; what is left are the bytes.
std::optional<std::vector<Head>> TakeHeads(std::string_view& packed) {
  const auto count = TakeVarint(packed);
  if (!count || *count > kMaxParts || *count > packed.size()) return std::nullopt;
  std::vector<Head> heads(*count);
  for (size_t i = 0; i < heads.size(); ++i) {
    const auto head = TakeVarint(packed);
    if (!head) return std::nullopt;
    heads[i] = {.same = (*head & 1) != 0, .value = *head >> 1};
    if (heads[i].same && heads[i].value >= i) return std::nullopt;
  }
  return heads;
}

}  // namespace

void PackParts(const std::vector<std::string_view>& parts, std::string& out) {
  out.clear();
  AppendVarint(out, parts.size());
  std::vector<size_t> there;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (const auto earlier = EarlierEqual(parts, i)) {
      AppendVarint(out, *earlier << 1 | 1);
    } else {
      AppendVarint(out, parts[i].size() << 1);
      there.push_back(i);
    }
  }
  for (const size_t i : there) out.append(parts[i]);
}

Result<std::vector<std::string_view>> UnpackParts(std::string_view packed) {
  const auto heads = TakeHeads(packed);
  if (!heads) return Malformed();
  std::vector<std::string_view> parts;
  parts.reserve(heads->size());
  size_t total = 0;
  for (const auto& head : *heads) {
    if (!head.same && head.value > packed.size()) return Malformed();
    parts.push_back(head.same ? parts[head.value] : packed.substr(0, head.value));
    if (!head.same) packed.remove_prefix(head.value);
    // Repeats cost a byte each: without this a small row could claim gigabytes.
    total += parts.back().size();
    if (total > kMaxPlainBytes) return Malformed();
  }
  if (!packed.empty()) return Malformed();
  return parts;
}

}  // namespace understudy
