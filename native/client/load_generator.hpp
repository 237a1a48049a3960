#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_setup.hpp"
#include "net/port.hpp"

namespace psp {

/** The requests to send, as parallel arrays that outlive the generator; times are those of the wire (dilated). */
struct TraceView {
  uint32_t length = 0;
  const double* plannedNs = nullptr;
  const double* demandNs = nullptr;
  const uint32_t* code = nullptr;
  const uint32_t* flow = nullptr;
};

/** What happened to each request, as parallel arrays; NaN where it did not happen. */
struct RecordView {
  double* sentNs = nullptr;
  double* repliedNs = nullptr;
  /** The server's stamps, on the server's clock. */
  double* receivedNs = nullptr;
  double* dispatchedNs = nullptr;
  double* startedNs = nullptr;
  double* endedNs = nullptr;
  /** -1: not known. */
  int32_t* worker = nullptr;
};

struct LoadConfig {
  PortConfig port;
  Endpoint self;
  Endpoint server;
  Payload payload = Payload::pspMb;
  bool wantsStamps = true;
  Poll poll = Poll::spin;
  /** One thread per entry, pinned there; -1: not pinned. */
  std::vector<int> cores{-1};
  /** Requests that may be unanswered at once, over all threads; beyond it an arrival is skipped (open loop) or waits (closed loop). */
  uint32_t concurrency = UINT32_MAX;
  /** Send as soon as the window allows, whatever the plan says: for measuring the way itself. */
  bool closedLoop = false;
  /** A request sent later than this after its planned time is counted as late. */
  double lateAfterNs = 5e3;
  /** How long to wait for a reply: after this much silence the run ends, and a request that old no longer counts as under way. */
  double drainNs = 1e9;
  /** Request `i` of the trace is called `idBase + i` on the wire, so that replies to an earlier run are told from this one's. */
  uint32_t idBase = 0;
  /** The device reaches its server by calling it (memif): as long as nobody answers it calls again. */
  bool calls = false;
  /** How long to wait for the link and for the server's MAC. */
  double connectNs = 5e9;
};

/** Why a run ended. */
enum class LoadEnd : uint32_t { running, complete, drained, stopped, serverGone };

/** How far the way to the server is. */
enum class Connection : uint32_t { connecting, connected, failed };

/** Live counts: one writer each, read by anyone. */
struct LoadCounts {
  std::atomic<double> sent{0}, received{0}, late{0}, skipped{0}, foreign{0}, duplicates{0}, malformed{0}, sendAttempts{0};
  std::atomic<double> nowNs{0};
};

class LoadThread;

/**
 * Open-loop load generator: sends each request of a trace at its planned time whether or not replies have come, and records what
 * happened. A lost reply costs nothing but itself.
 */
class LoadGenerator {
 public:
  /** Opens the port. @throws std::runtime_error. */
  LoadGenerator(const LoadConfig& config, const TraceView& trace, const RecordView& records);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  /** In a thread of its own: waits for the link, and learns the server's MAC by ARP when it is not given. Ends early when stopped. */
  void connect();
  Connection connection() const noexcept { return connection_.load(std::memory_order_acquire); }
  /** Why `connection()` failed. */
  const std::string& connectError() const noexcept { return connectError_; }

  /** To be called when connected; time 0 of the trace is the moment of this call. @throws std::runtime_error when a thread cannot run. */
  void start();
  /** Sends no more; ends when what is under way has come back, at the latest after the drain limit. */
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  /** `running` until every thread has ended; then the worst of their reasons. */
  LoadEnd end() const noexcept;
  const Port& port() const noexcept { return port_; }
  /** What its records are read from, once started. */
  const Clock& clock() const noexcept { return clock_; }
  size_t threads() const noexcept;
  const LoadCounts& counts(size_t thread) const noexcept;

 private:
  friend class LoadThread;
  void waitForLink();
  void resolveServer();
  bool stopping() const noexcept { return stop_.load(std::memory_order_relaxed); }
  /** Ordinary hosts ask again and again who this is, and send nothing while nobody answers. Takes the frame. */
  void answerArp(rte_mbuf* question, uint16_t queue) const;
  /** A request begins to be under way. */
  void open(uint32_t index) noexcept;
  /** It is no longer: answered, given up, or never sent. Counts the first of these only. */
  void settle(uint32_t index) noexcept;

  LoadConfig config_;
  TraceView trace_;
  RecordView records_;
  Port port_;
  Clock clock_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> go_{false};
  std::atomic<uint32_t> outstanding_{0};
  /** With a limit on what is under way: 1 for each request that is. Its reply and the clock may both want to end it. */
  std::unique_ptr<std::atomic<uint8_t>[]> open_;
  /** Threads that have not yet sent all of theirs: the drain limit counts from when this is 0. */
  std::atomic<uint32_t> sending_{0};
  std::vector<std::unique_ptr<LoadThread>> threads_;
  std::atomic<Connection> connection_{Connection::connecting};
  std::string connectError_;
  std::thread connector_;
};

}  // namespace psp
