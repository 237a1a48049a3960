#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/shared_layout.hpp"
#include "base/spsc_ring.hpp"

namespace psp {

/** The load that the dispatcher gets. */
struct ProbeOffer {
  /** Requests under way at once; no more are offered until some have ended. */
  uint32_t window = 64;
  /** Requests per second; 0: as fast as the window allows. */
  double rate = 0;
  /** Every n-th request is of type 1, the others of type 0. */
  uint32_t everyNthLong = 200;
  int core = -1;
};

/**
 * Net thread and all workers in one native thread on one core: offers requests, ends each as soon as it is started, and
 * measures how long a request waits for its start. So only the dispatcher, on a core of its own, is measured.
 */
class ProbeWorld {
 public:
  ProbeWorld(const SharedLayout& shared, const ProbeOffer& offer);
  ~ProbeWorld();

  /** Ends the thread. Returns the share of its time that it had a core. */
  double stop();

  double completed() const { return completed_.load(std::memory_order_relaxed); }
  /** ns from the publication of an arrival until its start is seen, at these quantiles, since the last call. */
  std::vector<double> takeLatencies(const std::vector<double>& quantiles);

 private:
  void run();

  SharedLayout shared_;
  ProbeOffer offer_;
  Clock clock_;
  std::atomic<double> completed_{0};
  std::atomic<bool> stop_{false};
  double share_ = 0;
  /** One bucket per 2 ns up to 65 us, the last for everything beyond. */
  static constexpr uint32_t kBuckets = 1 << 15;
  std::vector<std::atomic<uint32_t>> buckets_;
  std::thread thread_;
};

/**
 * The dispatcher's loop in C++, for c-FCFS only, to compare with. Runs for `seconds` and returns the number of
 * dispatches.
 */
double runCppDispatcher(const SharedLayout& shared, double seconds);

}  // namespace psp
