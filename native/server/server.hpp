#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "apps/application.hpp"
#include "base/clock.hpp"
#include "base/doorbell.hpp"
#include "base/keep_awake.hpp"
#include "base/shared_layout.hpp"
#include "base/thread_setup.hpp"
#include "net/classifier.hpp"
#include "net/port.hpp"
#include "server/net_loop.hpp"
#include "server/net_thread.hpp"
#include "server/slot_table.hpp"
#include "server/worker_thread.hpp"

namespace psp {

/** What a server is started with. */
struct ServerConfig {
  PortConfig port;
  /** An all-zero MAC means the device's own. */
  Endpoint self;
  Payload payload = Payload::pspMb;
  Poll poll = Poll::spin;
  /** The dispatcher's thread polls the port (see DispatcherNet); else a net thread does. */
  bool inlineNet = false;
  std::optional<int> netCore;
  /** One per worker, or empty: not pinned. */
  std::vector<int> workerCores;
  /** Keep the cores awake while it runs, for threads that sleep; also for a load generator on the same machine. */
  bool keepAwake = false;
  ApplicationConfig application;
  /** The names of the types that the classifier knows. */
  std::vector<std::string> typeNames;
};

/** The native half of a running server: port, net loop, workers. The other half is the dispatcher in src/hw. */
class Server {
 public:
  /**
   * Starts all threads and returns when each is ready.
   *
   * @throws std::runtime_error saying what is missing
   */
  Server(const ServerConfig& config, const SharedLayout& shared, Classifier classifier);
  /** Stops them. The dispatcher must have ended. */
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Mac mac() const noexcept { return self_.mac; }
  const Port& port() const noexcept { return port_; }
  /** The clock of its stamps. */
  const Clock& clock() const noexcept { return clock_; }
  /** When its cores were away, in ns of its clock: from, to, from, to, … Only cores that are kept awake are known. */
  std::vector<double> gapsNs() const;
  const PacketTimes& packetTimes() const noexcept { return net_->packetTimes(); }

 private:
  /** Stops the workers, then the net loop, which must take their last replies. */
  struct Stopper {
    const SharedLayout& shared;
    std::vector<std::unique_ptr<WorkerThread>>& workers;
    ~Stopper();
  };

  SharedLayout shared_;
  const psp_app& app_;
  /** What the workers' setups point to. */
  std::string parameters_;
  std::vector<std::string> typeNames_;
  std::vector<const char*> typeNamePointers_;
  Clock clock_;
  std::optional<KeepAwake> keepAwake_;
  SlotTable slots_;
  Port port_;
  Classifier classifier_;
  Endpoint self_;
  /** They own the rings that the net loop takes replies from, so they must outlive it. */
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::unique_ptr<NetLoop> net_;
  std::unique_ptr<NetThread> netThread_;
  /** Declared last and so destroyed first: before the threads are joined, also when the start fails. */
  Stopper stopper_;
};

}  // namespace psp
