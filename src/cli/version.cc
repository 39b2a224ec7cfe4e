#include "cli/version.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <sqlite3.h>

#include <boost/version.hpp>

#include "base/json.h"
#include "cli/definitions.h"
#include "cli/flags.h"

namespace understudy {
namespace {

// Libraries that are loaded when the program starts say which version they are.
json::object BuildInfo() {
  json::object libraries{{"boost", BOOST_LIB_VERSION},
                         {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
                         {"libsodium", sodium_version_string()},
                         {"sqlite", sqlite3_libversion()}};
  return {{"version", UNDERSTUDY_VERSION},
          {"compiler", "g++ " __VERSION__},
#ifdef NDEBUG
          {"assertions", false},
#else
          {"assertions", true},
#endif
#if defined(__x86_64__)
          {"architecture", "x86_64"},
#elif defined(__aarch64__)
          {"architecture", "aarch64"},
#else
          {"architecture", "other"},
#endif
          {"libraries", std::move(libraries)}};
}

}  // namespace

std::string VersionLine() {
  return "understudy " UNDERSTUDY_VERSION "\n";
}

Action DefineVersion(CLI::App& app) {
  const auto as_json = std::make_shared<bool>(false);
  AddJsonFlag(app, *as_json);
  app.footer("  understudy version --json");
  return [as_json](Console& console) -> Result<ExitCode> {
    console.Out(*as_json ? json::serialize(BuildInfo()) + '\n' : VersionLine());
    return ExitCode::kOk;
  };
}

}  // namespace understudy
