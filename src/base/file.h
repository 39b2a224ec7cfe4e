// Files: whole reads and writes with clear errors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// Fails on anything but a regular file, and on more than `max_bytes`.
Result<std::string> ReadFile(const std::filesystem::path& path,
                             uint64_t max_bytes = uint64_t{1} << 32);

// SHA-256 of a regular file, 64 lower-case hex digits. About a second a gigabyte.
Result<std::string> HashFile(const std::filesystem::path& path);

// Writes beside the target, syncs, and renames: readers see the old file or the new one, never
// a part. `mode` are the permission bits of a new file (0600 for anything secret).
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode = 0644);

// mkdir -p; `mode` applies to folders it creates.
Status MakeFolders(const std::filesystem::path& path, unsigned mode = 0755);

}  // namespace understudy
