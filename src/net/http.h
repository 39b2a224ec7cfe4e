// HTTP/1.1 messages as plain values (RFC 9110, RFC 9112). Boost.Beast stays inside src/net/*.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/container/small_vector.hpp>

namespace understudy {

// In order of arrival; names compare without case. Small: a linear search is the fast one. All
// fields share one text, so that a message's head costs one allocation rather than two a field.
// What it hands out are views, valid until the next change.
class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };

  void Add(std::string_view name, std::string_view value);  // neither a view into these headers
  void Set(std::string_view name, std::string_view value);  // replaces every field of the name
  void Remove(std::string_view name);
  // The first value, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  void Clear();  // keeps its memory

  class Iterator {
   public:
    Iterator(const Headers& owner, size_t at) : owner_(&owner), at_(at) {}
    Field operator*() const { return owner_->At(owner_->places_[at_]); }
    Iterator& operator++() { return ++at_, *this; }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const Headers* owner_;
    size_t at_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, places_.size()}; }
  size_t size() const { return places_.size(); }

 private:
  // The value stands behind the name.
  struct Place {
    uint32_t begin, name_size, value_size;
  };
  Field At(const Place& place) const;

  std::string text_;  // may hold removed fields, too
  boost::container::small_vector<Place, 16> places_;
};

struct HttpRequest {
  std::string method;  // "GET", "POST", ...
  std::string target;  // path and query, as sent
  Headers headers;     // without hop-by-hop fields
  std::string body;    // whole, de-chunked
  std::string peer;    // "127.0.0.1:40000" or "unix"; for the keyed hash, never stored

  std::string_view path() const;   // target up to '?'
  std::string_view query() const;  // after '?', or empty
};

struct HttpResponse {
  int status = 200;
  Headers headers;  // Content-Length and Connection are set by the writer
  std::string body;
};

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace understudy
