// Text inside HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace understudy {

// For element content and quoted attributes: & < > " as entities, control characters as blanks.
std::string EscapeMarkup(std::string_view text);

}  // namespace understudy
