// The tiny random model and its two adapters as files, written once a process into a folder that
// goes with the process.
#pragma once

#include "models/selftest_model.h"

namespace understudy::testing {

const SelftestFiles& TinyModel();

}  // namespace understudy::testing
