#pragma once
#include <rte_mbuf.h>

#include <thread>

#include "client/load_generator.hpp"

namespace psp {

/**
 * One sending thread: its queue pair, and every T-th request of the trace. Replies may come back on any thread's queue; the id in
 * them is the index into the trace, so whoever receives one records it.
 */
class LoadThread {
 public:
  LoadThread(LoadGenerator& load, uint32_t index, uint32_t threads);
  ~LoadThread();
  LoadThread(const LoadThread&) = delete;
  LoadThread& operator=(const LoadThread&) = delete;

  /** Runs the thread, pinned to `core` unless that is negative. */
  void start(int core) { thread_ = std::thread(&LoadThread::run, this, core); }

  LoadCounts counts;
  std::atomic<uint32_t> end{static_cast<uint32_t>(LoadEnd::running)};

 private:
  static constexpr uint16_t kBurst = 32;

  void run(int core);
  LoadEnd play();
  bool sendDue(double nowNs);
  void flush();
  rte_mbuf* build(uint32_t id, double nowNs);
  bool receive();
  void answerArp(rte_mbuf* frame);
  void record(rte_mbuf* frame, const ParsedFrame& parsed, double nowNs);
  void idle(double nowNs);
  LoadEnd drained(double nowNs, double& lastProgressNs);
  double receivedByAll() const;
  bool isSilent(double nowNs);

  LoadGenerator& load_;
  uint16_t queue_;
  uint32_t stride_;
  uint32_t next_;
  uint32_t inBurst_ = 0;
  rte_mbuf* burst_[kBurst];
  uint32_t burstIds_[kBurst];
  bool blocked_ = false;
  double lastSeenReceived_ = -1;
  double heardReceived_ = -1;
  double heardNs_ = 0;
  std::thread thread_;
};

}  // namespace psp
