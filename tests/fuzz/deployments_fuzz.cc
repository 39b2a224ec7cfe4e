// deployments.json, whoever wrote it: deployments that are written back as they were read and give
// options, or an error that says what and where.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "route/deployments.h"
#include "route/plain_name.h"

namespace {

using namespace understudy;

void Want(bool right) {
  if (!right) std::abort();
}

void WantError(const Error& error) {
  Want(error.kind == ErrorKind::kInvalidInput);
  Want(!error.message.empty() && !error.where.empty() && !error.mend.empty());
}

void Walk(const Deployments& all) {
  for (const Deployment& one : all.deployments) {
    Want(IsPlainName(one.id) && IsPlainName(one.task) && all.Find(one.id) == &one);
    Want(one.share >= 0 && one.share <= 1 && one.most_tokens >= 0);
    Want(one.adapter.empty() == one.adapter_path.empty());
    Want(all.Of(one.task, one.stage) != nullptr);
    if (one.stage == DeploymentStage::kRetired) continue;
    Want(all.Behind(one.task, one.model, one.adapter) != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto all = ParseDeployments({reinterpret_cast<const char*>(data), size}, "d.json");
  if (!all) {
    WantError(all.error());
    return 0;
  }
  Walk(*all);
  const std::string text = FormatDeployments(*all);
  const auto again = ParseDeployments(text, "d.json");
  Want(again && FormatDeployments(*again) == text);
  Options options;
  options.workspace = "/ws";
  options.models.push_back({.name = "tiny", .kind = "local", .small = true, .gguf = "/t.gguf"});
  options.models.push_back({.name = "gpt", .kind = "openai", .url = "http://h"});
  const auto merged = WithDeployments(options, *all);
  if (!merged) WantError(merged.error());
  return 0;
}
