#include "store/body_codec.h"

#include <zstd.h>

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "store/schema.h"
#include "store/varint.h"

namespace understudy {
namespace {

constexpr int kPlainLevel = 1;
constexpr int kDictionaryLevel = 3;
constexpr size_t kWorthCompressing = 48;  // a frame's head and checksum eat the gain below it
constexpr size_t kMinBlockBytes = 3;      // RFC 8878, 3.1.1.2: a block's header
constexpr size_t kMaxBlockPlain = 128 << 10;

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, Freer<ZSTD_freeCCtx>>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, Freer<ZSTD_freeDCtx>>;
using CompressDictionary = std::unique_ptr<ZSTD_CDict, Freer<ZSTD_freeCDict>>;
using DecompressDictionary = std::unique_ptr<ZSTD_DDict, Freer<ZSTD_freeDDict>>;

std::unexpected<Error> Damaged(std::string_view what, const BodyPlace& place) {
  return Fail(IoError(fmt::format("the store is damaged: a stored body {}", what))
                  .At(place.exchange)
                  .Mend("restore the store from a copy"));
}

void SetUp(ZSTD_CCtx* context, int level) {
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0);  // ours stands in front of the frame
}

// On agents' logs and on words drawn at random: shorter matches cost more time than they save
// bytes, and a table of 64 KiB stays in the cache.
void SetUpHaste(ZSTD_CCtx* context) {
  SetUp(context, kPlainLevel);
  ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, ZSTD_fast);
  ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, 14);
  ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 7);
  ZSTD_CCtx_setParameter(context, ZSTD_c_targetLength, 1);
}

// What a frame of so many bytes can hold at most.
size_t Bound(size_t frame_bytes) {
  const size_t blocks = frame_bytes / kMinBlockBytes + 1;
  return std::min(kMaxPlainBytes, blocks * kMaxBlockPlain);
}

}  // namespace

struct BodyCodec::Impl {
  FindDictionary find;
  Compressor plain_compressor{ZSTD_createCCtx()};
  Compressor compressor{ZSTD_createCCtx()};  // with the dictionary
  Compressor hasty;                          // likewise; null until there is one
  Decompressor decompressor{ZSTD_createDCtx()};
  int64_t id = 0;
  CompressDictionary dictionary;
  std::unordered_map<int64_t, DecompressDictionary> known;

  ZSTD_CCtx* For(Effort effort) const;
  bool Pack(ZSTD_CCtx* with, std::string_view plain, std::string& out) const;
  Result<const ZSTD_DDict*> Dictionary(int64_t wanted);
  Status Unpack(std::string_view frame, const ZSTD_DDict* with, const BodyPlace& place,
                std::string& out);
};

ZSTD_CCtx* BodyCodec::Impl::For(Effort effort) const {
  if (id == 0) return plain_compressor.get();
  return (effort == Effort::kFull ? compressor : hasty).get();
}

// Appends a frame to `out`. False: zstd failed, or the bytes are better kept as they are.
bool BodyCodec::Impl::Pack(ZSTD_CCtx* with, std::string_view plain, std::string& out) const {
  const size_t head = out.size();
  size_t made = 0;
  out.resize_and_overwrite(head + ZSTD_compressBound(plain.size()), [&](char* data, size_t room) {
    made = ZSTD_compress2(with, data + head, room - head, plain.data(), plain.size());
    return ZSTD_isError(made) ? head : head + made;
  });
  return !ZSTD_isError(made) && out.size() <= plain.size();
}

Result<const ZSTD_DDict*> BodyCodec::Impl::Dictionary(int64_t wanted) {
  if (const auto found = known.find(wanted); found != known.end()) return found->second.get();
  TRY(const std::string bytes, find(wanted));
  DecompressDictionary made(ZSTD_createDDict(bytes.data(), bytes.size()));
  if (!made) return Fail(IoError(fmt::format("the store's dictionary {} is damaged", wanted)));
  return known.emplace(wanted, std::move(made)).first->second.get();
}

Status BodyCodec::Impl::Unpack(std::string_view frame, const ZSTD_DDict* with,
                               const BodyPlace& place, std::string& out) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return Damaged("is no zstd frame with a size", place);
  }
  if (size > Bound(frame.size())) return Damaged("claims an impossible size", place);
  out.resize(size);
  const size_t got = ZSTD_decompress_usingDDict(decompressor.get(), out.data(), out.size(),
                                                frame.data(), frame.size(), with);
  if (ZSTD_isError(got)) return Damaged(ZSTD_getErrorName(got), place);
  if (got != out.size()) return Damaged("is shorter than it says", place);
  return {};
}

BodyCodec::BodyCodec(FindDictionary find) : impl_(std::make_unique<Impl>()) {
  impl_->find = std::move(find);
  SetUp(impl_->plain_compressor.get(), kPlainLevel);
  SetUp(impl_->compressor.get(), kDictionaryLevel);
}

BodyCodec::~BodyCodec() = default;

Status BodyCodec::UseDictionary(int64_t id, std::string_view bytes) {
  CompressDictionary made(ZSTD_createCDict(bytes.data(), bytes.size(), kDictionaryLevel));
  Compressor hasty(ZSTD_createCCtx());
  SetUpHaste(hasty.get());
  const size_t loaded = ZSTD_CCtx_loadDictionary(hasty.get(), bytes.data(), bytes.size());
  if (!made || ZSTD_isError(loaded)) {
    return Fail(IoError(fmt::format("the store's dictionary {} is damaged", id)));
  }
  ZSTD_CCtx_refCDict(impl_->compressor.get(), made.get());
  impl_->hasty = std::move(hasty);
  impl_->dictionary = std::move(made);  // the old one only goes once nobody refers to it
  impl_->id = id;
  return {};
}

int64_t BodyCodec::dictionary() const {
  return impl_->id;
}

Status BodyCodec::Encode(std::string_view plain, const BodyPlace& place, std::string& out,
                         Effort effort) {
  if (plain.size() > kMaxPlainBytes) {
    return Fail(InvalidInput(fmt::format("an exchange of {} bytes, more than the {} that the store "
                                         "takes",
                                         plain.size(), kMaxPlainBytes))
                    .At(place.exchange));
  }
  out.clear();
  if (plain.size() >= kWorthCompressing) {
    const bool trained = impl_->id != 0;
    out.push_back(static_cast<char>(trained ? CodecId::kZstdDictionary : CodecId::kZstd));
    if (trained) AppendVarint(out, static_cast<uint64_t>(impl_->id));
    if (impl_->Pack(impl_->For(effort), plain, out)) return {};
  }
  out.assign(1, static_cast<char>(CodecId::kRaw));
  out.append(plain);
  return {};
}

Status BodyCodec::Decode(std::string_view stored, const BodyPlace& place, std::string& out) {
  out.clear();
  if (stored.empty()) return Damaged("is empty", place);
  const auto codec = static_cast<CodecId>(stored.front());
  stored.remove_prefix(1);
  if (codec == CodecId::kRaw) {
    out.assign(stored);
    return {};
  }
  if (codec == CodecId::kZstd) return impl_->Unpack(stored, nullptr, place, out);
  if (codec != CodecId::kZstdDictionary) return Damaged("has an unknown codec", place);
  const auto id = TakeVarint(stored);
  if (!id) return Damaged("names no dictionary", place);
  TRY(const ZSTD_DDict* dictionary, impl_->Dictionary(static_cast<int64_t>(*id)));
  return impl_->Unpack(stored, dictionary, place, out);
}

}  // namespace understudy
