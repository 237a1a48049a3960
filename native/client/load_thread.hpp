#pragma once
#include <rte_mbuf.h>

#include <future>
#include <thread>

#include "client/load_generator.hpp"

namespace psp {

/**
 * One sending thread: its queue pair, and every T-th request of the trace. A reply may come back on any thread's queue;
 * its id leads to the index in the trace, so the thread that receives it records it.
 */
class LoadThread {
 public:
  LoadThread(LoadGenerator& load, uint32_t index, uint32_t threads);
  ~LoadThread();
  LoadThread(const LoadThread&) = delete;
  LoadThread& operator=(const LoadThread&) = delete;

  /** Runs the thread, pinned to `core` unless that is negative. */
  void start(int core) { thread_ = std::thread(&LoadThread::run, this, core); }

  /** @throws std::runtime_error when it cannot run there */
  void waitUntilReady() { ready_.get_future().get(); }

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
  void record(rte_mbuf* frame, double nowNs);
  void recordReply(const uint8_t* bytes, const ParsedFrame& parsed, double nowNs);
  void idle(double nowNs);
  LoadEnd drained(double& lastProgressNs);
  bool serverGone();
  bool unheard() const;
  void expire(double nowNs);
  void abandonBurst();
  double total(std::atomic<double> LoadCounts::* member) const;

  LoadGenerator& load_;
  uint16_t queue_;
  uint32_t stride_;
  uint32_t next_;
  uint32_t inBurst_ = 0;
  rte_mbuf* burst_[kBurst];
  uint32_t burstIds_[kBurst];
  bool blocked_ = false;
  /** How long this thread has listened: the clock for silence. It stands still while the process is stopped. */
  double hearNs_ = 0;
  /** When it last continued after a stop that was longer than a reply is awaited. */
  double resumedNs_ = 0;
  double lastSeenReceived_ = -1;
  double downSinceNs_ = -1;
  /** Replies so far; requests sent when the last of them came; when the server was last not silent. */
  double heard_ = 0;
  double sentWhenHeard_ = 0;
  double askedNs_ = 0;
  /** The oldest of this thread's requests that may be under way. */
  uint32_t oldest_;
  std::promise<void> ready_;
  std::thread thread_;
};

}  // namespace psp
