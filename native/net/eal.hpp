#pragma once
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace psp {

/**
 * DPDK's environment, in a thread of its own, because rte_eal_init re-pins the thread that calls it. One per process,
 * once: a second rte_eal_init in one process fails.
 */
class Eal {
 public:
  /** @throws std::runtime_error with what DPDK said when it refuses */
  explicit Eal(std::vector<std::string> arguments);
  ~Eal();
  /**
   * What DPDK said while it started, in one line; often empty. DPDK starts without a missing device and says so only
   * here.
   */
  const std::string& words() const noexcept { return words_; }
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

 private:
  void live(std::vector<std::string> arguments);

  std::mutex mutex_;
  std::condition_variable changed_;
  enum class Phase { starting, running, failed, ending } phase_ = Phase::starting;
  std::string error_;
  std::string words_;
  std::thread thread_;
};

/** Gives a thread a DPDK lcore id, and so its own cache of every mempool, while this object lives. */
class EalThread {
 public:
  /** @throws std::runtime_error when DPDK has no lcore id left */
  EalThread();
  ~EalThread();
  EalThread(const EalThread&) = delete;
  EalThread& operator=(const EalThread&) = delete;
};

}  // namespace psp
