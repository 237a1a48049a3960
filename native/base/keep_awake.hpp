#pragma once
#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_setup.hpp"

namespace psp {

/**
 * Keeps the cores of this process awake while it lives: on each, a thread spins whenever nobody else wants the core
 * (SCHED_IDLE). A thread on a core that is awake wakes within microseconds. On a core that sleeps, or that a virtual
 * machine's host has taken away, it takes tens of microseconds, and a different number each time. Needs no privilege.
 *
 * Such a thread also notices when its core was away: another program, or the machine's host, had it.
 */
class KeepAwake {
 public:
  /** A core was away from `fromTicks` to `toTicks` of the cycle counter. */
  struct Gap {
    uint64_t fromTicks, toTicks;
  };
  /** Shorter gaps are not noted: the core is there for threads that wake, work and sleep again. */
  static constexpr double kGapNs = 1e6;

  explicit KeepAwake(const Clock& clock) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (!CPU_ISSET(core, &allowed)) continue;
      cores_.push_back(std::make_shared<Core>());
      // Detached: on a busy machine it may take seconds until such a thread has a core and sees that it should end.
      std::thread(spin, core, cores_.back(), static_cast<uint64_t>(kGapNs / clock.nsPerTick())).detach();
    }
  }
  ~KeepAwake() {
    for (const auto& core : cores_) core->wanted = false;
  }
  KeepAwake(const KeepAwake&) = delete;
  KeepAwake& operator=(const KeepAwake&) = delete;

  /** The gaps of all cores, up to 4096 of each. */
  std::vector<Gap> gaps() const {
    std::vector<Gap> all;
    for (const auto& core : cores_) {
      const auto count = core->count.load(std::memory_order_acquire);
      all.insert(all.end(), core->gaps.begin(), core->gaps.begin() + count);
    }
    return all;
  }

 private:
  struct Core {
    std::atomic<bool> wanted{true};
    /** Written by the core's thread; entries below the count stay as they are. */
    std::atomic<uint32_t> count{0};
    std::array<Gap, 4096> gaps;
  };

  static void spin(int number, std::shared_ptr<Core> core, uint64_t gapTicks) noexcept {
    nameThisThread("psp-awake");
    const sched_param none{.sched_priority = 0};
    // With any other priority it would take the core from the threads that it helps.
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) != 0) return;
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(number, &own);
    if (pthread_setaffinity_np(pthread_self(), sizeof own, &own) != 0) return;
    uint64_t last = readTicks();
    while (core->wanted.load(std::memory_order_relaxed)) {
      pauseInstruction();
      const uint64_t now = readTicks();
      const uint32_t count = core->count.load(std::memory_order_relaxed);
      if (now - last > gapTicks && count < core->gaps.size()) {
        core->gaps[count] = {last, now};
        core->count.store(count + 1, std::memory_order_release);
      }
      last = now;
    }
  }

  std::vector<std::shared_ptr<Core>> cores_;
};

}  // namespace psp
