#include "server/server.hpp"

#include <stdexcept>
#include <string>

namespace psp {

Server::Stopper::~Stopper() {
  layout::Control& control = shared.control();
  control.runState.store(layout::kStopped, std::memory_order_seq_cst);
  Doorbell(control.dispatcherBell).ring();
  for (uint32_t worker = 0; worker < workers.size(); ++worker) {
    // What still runs must give up, or a demand of seconds would hold the process. See WorkerThread::serve for the
    // order.
    layout::Mailbox& box = shared.mailbox(worker);
    box.preemptSeq.store(box.startSeq.load(std::memory_order_seq_cst), std::memory_order_seq_cst);
    Doorbell(box.bell).ring();
  }
  for (auto& worker : workers) worker->join();
  if (NetLoop* inlined = control.netLoop.exchange(nullptr)) inlined->finish();
  control.runState.store(layout::kClosed, std::memory_order_seq_cst);
}

namespace {

/**
 * How often a worker that yields looks for its next request first, about 2 us: a hand-off from a dispatcher that runs
 * takes a few hundred ns, a yield and the way back some us. Where a net thread shares the cores, too, the dispatcher
 * mostly does not run: then a look is lost time, and every round trip takes a third longer.
 */
constexpr int kLooksBeforeYield = 40;

/** The port answers to the server's configured MAC. */
PortConfig portOf(const ServerConfig& config) {
  PortConfig port = config.port;
  if (config.self.mac != Mac{}) port.mac = config.self.mac;
  return port;
}

}  // namespace

Server::Server(const ServerConfig& config, const SharedLayout& shared, Classifier classifier)
    : shared_(shared),
      app_(loadApplication(config.application)),
      parameters_(config.application.parameters),
      typeNames_(config.typeNames),
      clock_(Clock::calibrate()),
      slots_(shared.slots(), app_.request_bytes),
      port_(portOf(config)),
      classifier_(std::move(classifier)),
      self_(config.self),
      stopper_{shared_, workers_} {
  if (self_.mac == Mac{}) self_.mac = port_.mac();
  shared_.control().epochTicks = clock_.epochTicks();
  shared_.control().nsPerTick = clock_.nsPerTick();
  if (!config.workerCores.empty() && config.workerCores.size() != shared.workers()) {
    throw std::runtime_error("cores.workers: expected " + std::to_string(shared.workers()) +
                             " cores, one per worker, found " + std::to_string(config.workerCores.size()));
  }
  for (const std::string& name : typeNames_) typeNamePointers_.push_back(name.c_str());
  const int looks = config.inlineNet ? kLooksBeforeYield : 0;
  std::vector<RingConsumer<Reply>> replies;
  for (uint32_t worker = 0; worker < shared.workers(); ++worker) {
    const auto core = config.workerCores.empty() ? std::nullopt : std::optional<int>(config.workerCores[worker]);
    workers_.push_back(std::make_unique<WorkerThread>(
        WorkerThread::Setup{worker, core, config.poll, looks, config.payload, clock_, app_, parameters_,
                            typeNamePointers_},
        shared, slots_));
    replies.push_back(workers_.back()->replies());
  }
  for (auto& worker : workers_) worker->waitUntilReady();
  const NetLoop::Setup setup{config.poll, config.payload, self_, clock_};
  net_ = std::make_unique<NetLoop>(setup, shared, port_, classifier_, slots_, std::move(replies));
  if (config.keepAwake) keepAwake_.emplace(clock_);
  if (config.inlineNet) {
    // Last: from here on the dispatcher polls it.
    shared_.control().netLoop.store(net_.get(), std::memory_order_release);
  } else {
    netThread_ = std::make_unique<NetThread>(config.netCore, config.poll, shared, *net_);
    netThread_->waitUntilReady();
  }
}

Server::~Server() = default;

std::vector<double> Server::gapsNs() const {
  std::vector<double> times;
  if (!keepAwake_) return times;
  const auto at = [this](uint64_t ticks) {
    return (static_cast<double>(ticks) - clock_.epochTicks()) * clock_.nsPerTick();
  };
  for (const auto& gap : keepAwake_->gaps()) times.insert(times.end(), {at(gap.fromTicks), at(gap.toTicks)});
  return times;
}

}  // namespace psp
