#pragma once
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/thread_setup.hpp"

namespace psp {

/**
 * Keeps the cores of this process from going to sleep while it lives: a thread on each that spins whenever nobody else wants the core (SCHED_IDLE, which everybody
 * precedes). To wake a thread on a core that is awake takes microseconds; on one that sleeps, and on a virtual machine's, which its host must first give a core again, tens of them, and a
 * different number each time. Needs no privilege.
 */
class KeepAwake {
 public:
  KeepAwake() {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &allowed)) threads_.emplace_back([this, core] { spin(core); });
    }
  }
  ~KeepAwake() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
  }
  KeepAwake(const KeepAwake&) = delete;
  KeepAwake& operator=(const KeepAwake&) = delete;

 private:
  void spin(int core) {
    nameThisThread("psp-awake");
    const sched_param none{.sched_priority = 0};
    // At any other priority it would take the core from those it is to help.
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) != 0) return;
    pinThisThread(core);
    while (!stop_.load(std::memory_order_relaxed)) pauseInstruction();
  }

  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace psp
