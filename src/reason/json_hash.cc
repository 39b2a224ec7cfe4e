#include "reason/json_hash.h"

#include <bit>

#include "base/ids.h"

namespace understudy {
namespace {

// Not commutative, so that order counts; from the finaliser of splitmix64.
uint64_t Mix(uint64_t hash, uint64_t next) {
  hash = (hash ^ next) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}

uint64_t HashText(std::string_view text, size_t* work) {
  *work += text.size() / 64;
  return FastHash(text);
}

}  // namespace

uint64_t HashJson(const json::value& value, size_t* work) {
  *work += 1;
  if (value.is_number()) {
    const auto number = value.to_number<double>();
    return Mix(1, std::bit_cast<uint64_t>(number == 0 ? 0.0 : number));  // -0 is 0
  }
  if (const auto* text = value.if_string()) {
    return Mix(2, HashText({text->data(), text->size()}, work));
  }
  if (const auto* array = value.if_array()) {
    uint64_t hash = 3;
    for (const auto& item : *array) hash = Mix(hash, HashJson(item, work));
    return hash;
  }
  if (const auto* object = value.if_object()) {
    uint64_t sum = 4;  // members have no order
    for (const auto& member : *object) {
      sum += Mix(HashText(member.key(), work), HashJson(member.value(), work));
    }
    return sum;
  }
  if (value.is_bool()) return value.get_bool() ? 5 : 6;
  return 7;
}

}  // namespace understudy
