// Models that lie in several GGUF files, shards, none larger than some limit.
//
// PREFIX-00001-of-00003.gguf holds the metadata and the first tensors, the others the rest. Each is
// a GGUF file with the keys split.no (from 0), split.count and split.tensors.count (of the whole
// model); llama-server loads the first and finds the others by their names.
//
// Source: gguf-split of https://github.com/ggml-org/llama.cpp
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"

namespace understudy {

// Where shard `number` (from 0) of `count` lies.
std::filesystem::path ShardPath(const std::filesystem::path& prefix, uint64_t number,
                                uint64_t count);

// Writes the model as shards of at most `max_bytes`, but for a shard of one tensor that is larger
// and a first shard whose metadata is. Returns their paths; kInvalidInput beyond 65,535 shards.
Result<std::vector<std::filesystem::path>> WriteShards(const GgufFile& file,
                                                       const std::filesystem::path& prefix,
                                                       uint64_t max_bytes);

// Writes the model as one file, without the keys of shards.
Status WriteWhole(const GgufFile& file, const std::filesystem::path& path);

// For GgufFile::Open. The other shards of the model whose first is `file`; none when it is whole.
// kInvalidInput when it is a later shard, or its name or keys are not those of one.
Result<std::vector<std::filesystem::path>> OtherShards(const GgufFile& file,
                                                       const std::filesystem::path& path);
// Whether `shard`, opened from `path`, goes on where `first` has got to; whether `first` is whole.
Status CheckShard(const GgufFile& shard, const std::filesystem::path& path, const GgufFile& first);
Status CheckWhole(const GgufFile& first, const std::filesystem::path& path);

}  // namespace understudy
