// HTTP/1.1 messages as plain values (RFC 9110, RFC 9112). Boost.Beast stays inside src/net/*.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy {

// In order of arrival; names compare without case. Small: a linear search is the fast one.
class Headers {
 public:
  void Add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  void Set(std::string_view name, std::string_view value);  // replaces every field of the name
  void Remove(std::string_view name);
  // The first value, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  void Clear() { fields_.clear(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
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
