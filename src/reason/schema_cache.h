// Compiled schemas by their text: agents send the same tools with every call.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reason/schema.h"

namespace understudy {

// Least recently used goes first. Not thread-safe: each thread has its own.
class SchemaCache {
 public:
  SchemaCache(size_t max_entries, size_t max_weight)
      : max_entries_(max_entries), max_weight_(max_weight) {}

  // nullopt for a text that does not compile, which is remembered too. A schema too heavy to keep
  // is compiled anew each time.
  std::optional<JsonSchema> Get(std::string_view text);

  size_t size() const { return entries_.size(); }
  size_t weight() const { return weight_; }

 private:
  struct Entry {
    uint64_t hash;
    std::string text;  // compared: hashes can be made to collide
    std::optional<JsonSchema> schema;
    size_t weight;
  };
  void Remove(std::list<Entry>::iterator entry);

  const size_t max_entries_, max_weight_;
  size_t weight_ = 0;
  std::list<Entry> entries_;  // the last used in front
  std::unordered_map<uint64_t, std::list<Entry>::iterator> by_hash_;
};

// From the calling thread's cache: 128 schemas, 32 MiB.
std::optional<JsonSchema> CachedSchema(std::string_view text);

}  // namespace understudy
