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

/** The requests to send, as parallel arrays that outlive the generator. Times are dilated. */
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
  /**
   * While this many requests are unanswered, over all threads, an arrival is skipped (open loop) or waits (closed
   * loop).
   */
  uint32_t concurrency = UINT32_MAX;
  /** Send as soon as the window allows instead of at planned times, to measure the way itself. */
  bool closedLoop = false;
  /** A request sent later than this after its planned time is counted as late. */
  double lateAfterNs = 5e3;
  /**
   * How long to wait for a reply. After this much silence the run ends, and a request this old no longer counts as
   * under way.
   */
  double drainNs = 1e9;
  /** Request `i` of the trace has the number `idBase + i` on the wire: replies to an earlier run have other numbers. */
  uint32_t idBase = 0;
  /** The device connects to its server by calling it (memif), and calls again until it is answered. */
  bool calls = false;
  /** How long to wait for the link and for the server's MAC. */
  double connectNs = 5e9;
  /** Take answers from any address and port: there are servers that answer from another than they are asked at. */
  bool anySource = false;
};

/** Why a run ended. */
enum class LoadEnd : uint32_t { running, complete, drained, stopped, serverGone };

/** The state of the connection to the server. */
enum class Connection : uint32_t { connecting, connected, failed };

/** Live counts: one writer each, any readers. */
struct LoadCounts {
  std::atomic<double> sent{0}, received{0}, late{0}, skipped{0};
  std::atomic<double> foreign{0}, duplicates{0}, malformed{0}, badChecksum{0}, withoutChecksum{0}, sendAttempts{0};
  /** Where the last datagram that was not from the server came from: its address times 2^16, plus its port. */
  std::atomic<double> stranger{0};
  std::atomic<double> nowNs{0};
};

class LoadThread;

/**
 * Open-loop load generator: sends each request of a trace at its planned time, whether or not replies have come, and
 * records what happened. A lost reply affects no other request.
 */
class LoadGenerator {
 public:
  /** Opens the port. @throws std::runtime_error */
  LoadGenerator(const LoadConfig& config, const TraceView& trace, const RecordView& records);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  /**
   * Waits for the link and asks for the server's MAC by ARP, if it is not given, in a thread of its own. Ends early
   * when stopped.
   */
  void connect();
  Connection connection() const noexcept { return connection_.load(std::memory_order_acquire); }
  /** Why `connection()` failed. */
  const std::string& connectError() const noexcept { return connectError_; }

  /** Starts the trace: its time 0 is now. Must be connected. @throws std::runtime_error when a thread cannot run */
  void start();
  /** Sends no more. The run ends when what is under way has come back, at the latest after the drain limit. */
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  /** `running` until every thread has ended, then the worst of their reasons. */
  LoadEnd end() const noexcept;
  const Port& port() const noexcept { return port_; }
  /** The clock of its records, once started. */
  const Clock& clock() const noexcept { return clock_; }
  size_t threads() const noexcept;
  const LoadCounts& counts(size_t thread) const noexcept;

 private:
  friend class LoadThread;
  void waitForLink();
  void checkQueues();
  void resolveServer();
  bool stopping() const noexcept { return stop_.load(std::memory_order_relaxed); }
  /** Answers an ARP request: ordinary hosts repeat them, and send nothing until they are answered. Takes the frame. */
  void answerArp(rte_mbuf* question, uint16_t queue) const;
  /** A request is now under way. */
  void open(uint32_t index) noexcept;
  /** It is no longer under way: answered, given up, or never sent. Only the first call for a request counts. */
  void settle(uint32_t index) noexcept;

  LoadConfig config_;
  TraceView trace_;
  RecordView records_;
  Port port_;
  Clock clock_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> go_{false};
  std::atomic<uint32_t> outstanding_{0};
  /** With a limit on what is under way: 1 for each request that is. Both its reply and its age may end it. */
  std::unique_ptr<std::atomic<uint8_t>[]> open_;
  /** Threads that have requests left to send. The drain limit begins when this is 0. */
  std::atomic<uint32_t> sending_{0};
  std::vector<std::unique_ptr<LoadThread>> threads_;
  std::atomic<Connection> connection_{Connection::connecting};
  std::string connectError_;
  std::thread connector_;
};

}  // namespace psp
