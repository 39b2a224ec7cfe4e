#include "net/http.h"

#include <algorithm>
#include <cstring>

namespace understudy {
namespace {

constexpr size_t kFirstText = 384;  // most heads fit

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

void Headers::Add(std::string_view name, std::string_view value) {
  if (text_.capacity() < kFirstText) text_.reserve(kFirstText);
  places_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()),
                     static_cast<uint32_t>(value.size())});
  const size_t begin = text_.size();
  const size_t size = begin + name.size() + value.size();
  text_.resize_and_overwrite(size, [&](char* text, size_t) {
    std::memcpy(text + begin, name.data(), name.size());
    std::memcpy(text + begin + name.size(), value.data(), value.size());
    return size;
  });
}

void Headers::Set(std::string_view name, std::string_view value) {
  const std::string kept_name(name), kept(value);  // both may point into a field that goes
  Remove(kept_name);
  Add(kept_name, kept);
}

void Headers::Remove(std::string_view name) {
  const auto goes = [&](const Place& place) { return EqualsIgnoreCase(At(place).name, name); };
  places_.erase(std::remove_if(places_.begin(), places_.end(), goes), places_.end());
}

void Headers::Clear() {
  text_.clear();
  places_.clear();
}

Headers::Field Headers::At(const Place& place) const {
  const std::string_view text(text_);
  return {text.substr(place.begin, place.name_size),
          text.substr(place.begin + place.name_size, place.value_size)};
}

std::string_view Headers::Get(std::string_view name) const {
  for (const auto& [key, value] : *this) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

bool Headers::Has(std::string_view name) const {
  return std::any_of(places_.begin(), places_.end(),
                     [&](const Place& place) { return EqualsIgnoreCase(At(place).name, name); });
}

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const {
  const size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

}  // namespace understudy
