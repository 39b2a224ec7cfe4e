#include "reason/schema_cache.h"

#include "base/ids.h"

namespace understudy {
namespace {

constexpr size_t kEntryBytes = 512;
constexpr size_t kMaxEntries = 128;
constexpr size_t kMaxWeight = 32 << 20;

}  // namespace

std::optional<JsonSchema> SchemaCache::Get(std::string_view text) {
  const uint64_t hash = FastHash(text);
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    if (found->second->text == text) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->schema;
    }
    Remove(found->second);
  }
  std::optional<JsonSchema> schema;
  if (auto compiled = JsonSchema::CompileText(text, UnknownPatterns::kSkip)) {
    schema = *std::move(compiled);
  }
  const size_t weight = kEntryBytes + text.size() + (schema ? schema->weight() : 0);
  if (weight > max_weight_) return schema;
  entries_.push_front({hash, std::string(text), schema, weight});
  by_hash_[hash] = entries_.begin();
  weight_ += weight;
  while (weight_ > max_weight_ || entries_.size() > max_entries_) Remove(--entries_.end());
  return schema;
}

void SchemaCache::Remove(std::list<Entry>::iterator entry) {
  weight_ -= entry->weight;
  by_hash_.erase(entry->hash);
  entries_.erase(entry);
}

std::optional<JsonSchema> CachedSchema(std::string_view text) {
  thread_local SchemaCache cache(kMaxEntries, kMaxWeight);
  return cache.Get(text);
}

}  // namespace understudy
