// Pool: a client's idle connections, the latest used first, and the count of open ones.
#pragma once

#include <memory>
#include <vector>

#include "net/client.h"
#include "net/wire.h"

namespace understudy {

// Lives on its client's thread. Connections that end, speak or grow old while idle are closed.
class Pool final : public WireWatcher, public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(const ClientOptions& options) : options_(options) {}
  ~Pool();

  // The connection used last; null if none is idle.
  std::shared_ptr<Wire> Take();
  // Keeps an idle connection, or closes it when there are enough.
  void Give(std::shared_ptr<Wire> wire);
  // Closes the idle ones and every one given from now on.
  void Shut();

  size_t idle() const { return idle_.size(); }
  size_t open() const { return idle_.size() + leased_; }

 private:
  friend class Lease;
  void OnUnawaited(Wire& wire) override;

  ClientOptions options_;
  std::vector<std::shared_ptr<Wire>> idle_;
  size_t leased_ = 0;
  bool shut_ = false;
};

// A connection in use: counted while it lives, closed in the end unless it is given back.
class Lease {
 public:
  Lease(std::shared_ptr<Pool> pool, std::shared_ptr<Wire> wire);
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  Wire& wire() { return *wire_; }
  explicit operator bool() const { return wire_ != nullptr; }
  // Either ends the lease.
  void GiveBack();
  void Close();

 private:
  std::shared_ptr<Pool> pool_;
  std::shared_ptr<Wire> wire_;
};

}  // namespace understudy
