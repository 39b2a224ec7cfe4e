#include "chat/control_texts.h"

namespace understudy {
namespace {

constexpr std::string_view kZeroWidthSpace = "\xE2\x80\x8B";

size_t CharacterBytes(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

ControlTexts::ControlTexts(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (uint32_t i = 0; i < texts_.size(); ++i) {
    if (texts_[i].size() <= CharacterBytes(texts_[i][0])) continue;  // cannot be broken inside
    auto& bucket = by_first_[static_cast<unsigned char>(texts_[i][0])];
    if (bucket.empty()) first_bytes_ += texts_[i][0];
    bucket.push_back(i);
  }
}

bool ControlTexts::BeginsAt(std::string_view rest) const {
  for (const uint32_t i : by_first_[static_cast<unsigned char>(rest[0])]) {
    if (rest.starts_with(texts_[i])) return true;
  }
  return false;
}

bool ControlTexts::Contains(std::string_view text) const {
  for (size_t at = text.find_first_of(first_bytes_); at != text.npos;
       at = text.find_first_of(first_bytes_, at + 1)) {
    if (BeginsAt(text.substr(at))) return true;
  }
  return false;
}

std::string ControlTexts::Defused(std::string_view text) const {
  std::string result;
  size_t copied = 0;
  for (size_t at = text.find_first_of(first_bytes_); at != text.npos;
       at = text.find_first_of(first_bytes_, at + 1)) {
    if (!BeginsAt(text.substr(at))) continue;
    const size_t cut = at + CharacterBytes(text[at]);
    result += text.substr(copied, cut - copied);
    result += kZeroWidthSpace;
    copied = cut;
  }
  result += text.substr(copied);
  return result;
}

void ControlTexts::Defuse(json::value& value) const {
  if (auto* text = value.if_string()) {
    if (Contains(*text)) *text = Defused(*text);
  } else if (auto* array = value.if_array()) {
    for (json::value& item : *array) Defuse(item);
  } else if (auto* object = value.if_object()) {
    json::object changed(object->storage());
    for (auto& member : *object) {
      Defuse(member.value());
      changed.emplace(Defused(member.key()), std::move(member.value()));
    }
    *object = std::move(changed);
  }
}

}  // namespace understudy
