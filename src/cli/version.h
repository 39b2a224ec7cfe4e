// What this program is and what it was built from.
#pragma once

#include <string>

namespace understudy {

std::string VersionLine();  // "understudy 0.1.0\n"

}  // namespace understudy
