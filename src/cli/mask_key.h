// The secret that personal data is masked with.
#pragma once

#include <string>

#include "base/result.h"
#include "privacy/substitute.h"

namespace understudy {

// From the file, else the workspace's own (`workspace` as its flag says). kNotFound where there is
// neither; kInvalidInput for one that is too short.
Result<MaskKey> ReadMaskKey(const std::string& key_file, const std::string& workspace);

}  // namespace understudy
