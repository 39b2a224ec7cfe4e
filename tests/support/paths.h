// Where things are while the tests run. Functions and not macros, so that no test's compilation
// depends on the folder of the checkout and ccache serves every checkout.
#pragma once

#include <filesystem>

namespace understudy {

std::filesystem::path SourceFolder();      // the checkout
std::filesystem::path UnderstudyBinary();  // the program of this build

}  // namespace understudy
