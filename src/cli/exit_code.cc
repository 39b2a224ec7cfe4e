#include "cli/exit_code.h"

namespace understudy {
namespace {

constexpr std::string_view kUsageCode = "usage";
constexpr std::string_view kConfigCode = "config";

}  // namespace

ExitCode ExitCodeOf(const Error& error) {
  if (error.code == kUsageCode) return ExitCode::kUsage;
  if (error.code == kConfigCode) return ExitCode::kConfig;
  switch (error.kind) {
    case ErrorKind::kNotFound: return ExitCode::kNotFound;
    case ErrorKind::kTimeout:
    case ErrorKind::kTooMany:
    case ErrorKind::kUnavailable: return ExitCode::kUnavailable;
    case ErrorKind::kCancelled: return ExitCode::kInterrupted;
    default: return ExitCode::kFailed;
  }
}

Error UsageError(std::string message) {
  return InvalidInput(std::move(message)).Code(kUsageCode);
}

Error AsConfigError(Error error) {
  return std::move(error).Code(kConfigCode);
}

std::string_view ExitCodeHelp() {
  return "  0    done\n"
         "  1    it ran, and the result is bad or an operation failed\n"
         "  2    wrong command line\n"
         "  3    config.toml is missing or wrong, or a secret it names is not set\n"
         "  4    no such file, exchange, model or workspace\n"
         "  5    cannot be reached, busy, or out of time: may work later\n"
         "  130  interrupted\n";
}

}  // namespace understudy
