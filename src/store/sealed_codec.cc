#include "store/sealed_codec.h"

#include <fmt/format.h>

#include "store/schema.h"
#include "store/varint.h"

namespace understudy {
namespace {

void AppendText(std::string& out, std::string_view text) {
  AppendVarint(out, text.size());
  out.append(text);
}

// What a row's bytes are bound to. Frozen, as kSealVersion.
std::string Context(const BodyPlace& place, int64_t key) {
  std::string context("understudy body ");
  AppendVarint(context, kSealVersion);
  AppendVarint(context, static_cast<uint64_t>(place.column));
  AppendVarint(context, static_cast<uint64_t>(key));
  AppendText(context, place.exchange);
  AppendText(context, place.origin);
  AppendText(context, place.session);
  AppendVarint(context, static_cast<uint64_t>(place.at_ms));
  AppendVarint(context, place.outcome);
  return context;
}

std::unexpected<Error> Damaged(std::string_view what, const BodyPlace& place) {
  return Fail(IoError(fmt::format("the store is damaged: a stored body {}", what))
                  .At(place.exchange)
                  .Mend("restore the store from a copy"));
}

}  // namespace

std::optional<SealedHead> ParseSealed(std::string_view stored) {
  if (stored.empty() || static_cast<CodecId>(stored.front()) != CodecId::kSealed) {
    return std::nullopt;
  }
  stored.remove_prefix(1);
  const auto key = TakeVarint(stored);
  if (!key || static_cast<int64_t>(*key) <= 0 || stored.size() < kSealOverheadBytes) {
    return std::nullopt;
  }
  return SealedHead{.key = static_cast<int64_t>(*key), .sealed = stored};
}

BodyPlace PlaceOf(const Exchange& exchange, BodyColumn column) {
  return {.exchange = exchange.id,
          .column = column,
          .origin = exchange.origin,
          .session = exchange.session,
          .at_ms = exchange.at_ms,
          .outcome = static_cast<uint8_t>(exchange.outcome)};
}

void SealRow(const DataKey& key, std::string_view inner, const BodyPlace& place, std::string& out) {
  out.assign(1, static_cast<char>(CodecId::kSealed));
  AppendVarint(out, static_cast<uint64_t>(key.id));
  AppendSealed(key.key, inner, Context(place, key.id), out);
}

Status OpenRow(KeyRing& keys, std::string_view stored, const BodyPlace& place, std::string& inner) {
  if (stored.empty()) return Damaged("is empty", place);
  if (static_cast<CodecId>(stored.front()) != CodecId::kSealed) {
    if (!keys.takes_plain()) return Damaged("is not sealed", place);
    inner.assign(stored);
    return {};
  }
  const auto head = ParseSealed(stored);
  if (!head) return Damaged("is cut short", place);
  TRY(const DataKey* key, keys.Find(head->key));
  if (OpenSealed(key->key, head->sealed, Context(place, head->key), inner)) return {};
  return Damaged("does not open: its row was altered, or the bytes are another row's", place);
}

Status SealedCodec::Encode(BodyCodec& codec, const DataKey& key, std::string_view plain,
                           const BodyPlace& place, std::string& out, Effort effort) {
  out.clear();
  TRY_VOID(codec.Encode(plain, place, inner_, effort));
  SealRow(key, inner_, place, out);
  return {};
}

Status SealedCodec::Decode(BodyCodec& codec, std::string_view stored, const BodyPlace& place,
                           std::string& out) {
  out.clear();
  TRY_VOID(OpenRow(keys_, stored, place, inner_));
  return codec.Decode(inner_, place, out);
}

}  // namespace understudy
