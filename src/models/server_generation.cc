#include "models/server_generation.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "models/local_request.h"

namespace understudy {
namespace {

constexpr size_t kWaitingPerSlot = 32;

ClientOptions ClientFor() {
  ClientOptions options;
  options.connect_timeout = std::chrono::seconds(5);
  // A long prompt on a slow machine says nothing for minutes; the call's own time limit counts.
  options.first_byte_timeout = std::chrono::hours(1);
  options.idle_timeout = std::chrono::minutes(10);
  return options;
}

}  // namespace

Result<std::shared_ptr<ServerGeneration>> ServerGeneration::Start(LlamaSetup setup,
                                                                  std::vector<std::string> names,
                                                                  const SupervisionOptions& options,
                                                                  Runtime& runtime) {
  const int64_t slots = setup.embeddings ? 1 : setup.slots;
  TRY(auto server, LlamaServer::Start(std::move(setup), options));
  return std::shared_ptr<ServerGeneration>(
      new ServerGeneration(std::move(server), slots, std::move(names), runtime));
}

ServerGeneration::ServerGeneration(std::unique_ptr<LlamaServer> server, int64_t slots,
                                   std::vector<std::string> names, Runtime& runtime)
    : server_(std::move(server)),
      slots_(std::make_shared<SlotQueue>(slots, kWaitingPerSlot * static_cast<size_t>(slots))),
      names_(std::move(names)),
      contexts_(runtime.contexts()),
      clients_(contexts_.size()) {}

ServerGeneration::~ServerGeneration() {
  for (size_t i = 0; i < clients_.size(); ++i) {
    // A client belongs to its thread: it ends there.
    if (clients_[i]) boost::asio::post(*contexts_[i], [client = std::move(clients_[i])] {});
  }
}

Result<int> ServerGeneration::AdapterNumber(std::string_view name) const {
  if (name.empty()) return kNoAdapter;
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) {
    return Fail(NotFound(fmt::format("there is no adapter {}", name))
                    .Mend("Adapters are listed under the model in config.toml."));
  }
  return static_cast<int>(found - names_.begin());
}

HttpClient& ServerGeneration::ClientOfThisThread() {
  auto& client = clients_[ThreadIndex()];
  if (!client) {
    const Url url = ParseUrl(server_->url()).value();  // we made it
    client = std::make_unique<HttpClient>(*contexts_[ThreadIndex()], url, ClientFor());
  }
  return *client;
}

}  // namespace understudy
