#include "base/config.h"
#include "base/file.h"
#include "cli/doctor.h"
#include "cli/net_task.h"
#include "cli/workspace.h"
#include "models/local_files.h"
#include "net/client.h"

namespace understudy {
namespace {

constexpr std::chrono::milliseconds kOnlineLimit{10'000};

Finding Good(const ModelOptions& model, std::string detail) {
  return {"models", model.name, Health::kOk, std::move(detail), ""};
}

Finding Bad(const ModelOptions& model, const Error& error, Health health = Health::kFail) {
  return {"models", model.name, health, error.message, error.mend};
}

// "Name: env:VARIABLE" headers and the key, resolved only to see that they are set.
Status CheckSecrets(const ModelOptions& model) {
  TRY_VOID(ResolveSecret("api_key", model.api_key));
  for (const std::string& header : model.headers) {
    const size_t value = header.find_first_not_of(' ', header.find(':') + 1);
    if (value == std::string::npos) continue;
    TRY_VOID(ResolveSecret("headers", header.substr(value)));
  }
  return {};
}

// GET /models: any answer shows that the upstream is there; 401 and 403 that it wants another key.
Task<Result<int>> AskForModels(boost::asio::io_context& context, const Url& url,
                               const ModelOptions& model, const std::string& key) {
  ClientOptions options;
  options.verify_tls = model.verify_tls;
  options.ca_file = model.ca_file;
  HttpClient client(context, url, options);
  Cancellation cancellation;
  const Deadline deadline(context, kOnlineLimit, cancellation);
  Headers headers;
  if (!key.empty()) headers.Add("authorization", "Bearer " + key);
  CO_TRY(const auto reply, co_await client.Send("GET", "/models", headers, "", cancellation));
  co_return reply->status;
}

Finding CheckOnline(const ModelOptions& model, const Url& url) {
  std::string key = ResolveSecret("api_key", model.api_key).value_or("");
  const char* own = std::getenv("OPENAI_API_KEY");
  if (key.empty() && own) key = own;
  Runtime runtime(1);
  runtime.Start();
  const auto status = RunTask<Result<int>>(
      runtime, [&] { return AskForModels(runtime.context(0), url, model, key); });
  if (!status) return Bad(model, status.error());
  if (*status == 401 || *status == 403) {
    return Bad(model,
               Unavailable(fmt::format("{} refuses the key (HTTP {})", model.url, *status))
                   .Mend("Set the variable that models[].api_key names, or OPENAI_API_KEY."),
               Health::kWarn);
  }
  if (*status >= 500) {
    return Bad(model, Unavailable(fmt::format("{} answers HTTP {}", model.url, *status)),
               Health::kWarn);
  }
  return Good(model, fmt::format("{} answers", model.url));
}

Finding CheckOpenAi(const ModelOptions& model, bool online) {
  const auto url = ParseUrl(model.url);
  if (!url) return Bad(model, url.error());
  if (const Status secrets = CheckSecrets(model); !secrets) return Bad(model, secrets.error());
  if (online) return CheckOnline(model, *url);
  return Good(model, model.url + (model.api_key.empty() ? ", with the client's key" : ", key set"));
}

Finding CheckReplay(const ModelOptions& model, const std::string& workspace) {
  const auto path = std::filesystem::path(workspace) / model.file;
  if (Exists(path)) return Good(model, path.string());
  return Bad(model, NotFound("there is no file " + path.string())
                        .Mend("understudy exchanges list --jsonl --all writes such files."));
}

Finding CheckLocal(const ModelOptions& model, const std::string& workspace) {
  const auto files = CheckLocalFiles(model, workspace);
  if (!files) return Bad(model, files.error());
  return Good(model, fmt::format("{}, {} adapters", files->gguf.string(), files->adapters.size()));
}

}  // namespace

Findings CheckModels(const Options& options, bool online) {
  Findings found;
  for (const ModelOptions& model : options.models) {
    found.push_back(model.kind == "openai"   ? CheckOpenAi(model, online)
                    : model.kind == "replay" ? CheckReplay(model, options.workspace)
                                             : CheckLocal(model, options.workspace));
  }
  if (found.empty()) {
    found.push_back({"models", "-", Health::kFail, "no model is configured",
                     "understudy models add NAME --url https://api.openai.com/v1"});
  }
  return found;
}

}  // namespace understudy
