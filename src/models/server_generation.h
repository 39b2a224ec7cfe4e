// A server with its list of adapters, shared by the calls that it serves.
//
// An adapter cannot be added to a running server, so a new list makes a new generation; the old
// one serves the calls it began with until the last has ended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/runtime.h"
#include "models/llama_server.h"
#include "models/slot_queue.h"
#include "net/client.h"

namespace understudy {

class ServerGeneration {
 public:
  // Starts the server; it becomes ready later. `setup.adapters` and `names` go together.
  static Result<std::shared_ptr<ServerGeneration>> Start(LlamaSetup setup,
                                                         std::vector<std::string> names,
                                                         const SupervisionOptions& options,
                                                         Runtime& runtime);
  ~ServerGeneration();  // stops the server; may take its stop_grace

  // The number of the adapter of that name, or kNoAdapter where the name is empty; kNotFound.
  Result<int> AdapterNumber(std::string_view name) const;

  LlamaServer& server() { return *server_; }
  SlotQueue& slots() { return *slots_; }
  const std::vector<std::string>& adapter_names() const { return names_; }
  HttpClient& ClientOfThisThread();

 private:
  ServerGeneration(std::unique_ptr<LlamaServer> server, int64_t slots,
                   std::vector<std::string> names, Runtime& runtime);

  const std::unique_ptr<LlamaServer> server_;
  const std::shared_ptr<SlotQueue> slots_;
  const std::vector<std::string> names_;
  const std::vector<boost::asio::io_context*> contexts_;
  std::vector<std::unique_ptr<HttpClient>> clients_;  // by ThreadIndex()
};

}  // namespace understudy
