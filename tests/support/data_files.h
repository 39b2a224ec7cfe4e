// Public data sets that some tests and benches read; they are not part of the checkout.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace understudy {

// $UNDERSTUDY_DATA/NAME, else ../shared/data/NAME beside the checkout; nullopt where absent: the
// test then skips with MissingData(NAME).
std::optional<std::filesystem::path> DataFile(std::string_view name);
std::string MissingData(std::string_view name);

}  // namespace understudy
