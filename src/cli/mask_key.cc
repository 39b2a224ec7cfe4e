#include "cli/mask_key.h"

#include "base/file.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

constexpr size_t kLeastKeyBytes = 16;

}  // namespace

Result<MaskKey> ReadMaskKey(const std::string& key_file, const std::string& workspace) {
  std::filesystem::path path = key_file;
  if (path.empty()) {
    const auto folder = LocateWorkspace(workspace);
    if (!folder) {
      return Fail(NotFound("there is no key to mask personal data with")
                      .Mend("Make a workspace (understudy init), name --key-file FILE, or keep "
                            "personal data with --no-mask."));
    }
    path = OriginKeyPath(*folder);
  }
  TRY(const std::string secret, ReadFile(path, 1 << 16));
  if (secret.size() >= kLeastKeyBytes) return MaskKey(secret);
  return Fail(InvalidInput(fmt::format("a key of {} bytes is too short", secret.size()))
                  .At(path.string())
                  .Mend("Take 32 random bytes: head -c 32 /dev/urandom > mask.key"));
}

}  // namespace understudy
