#pragma once
#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "apps/app_class.hpp"
#include "base/clock.hpp"
#include "base/doorbell.hpp"
#include "base/thread_setup.hpp"
#include "include/psp_params.h"

namespace psp {

/**
 * Waits for the demanded time without using the core, for dilated runs in which many workers share few cores. It waits
 * on the worker's bell with an absolute deadline, so that preemption wakes it at once. The kernel wakes a sleeper late
 * by a nearly constant time (about 20 us with sharp timers), which is measured at the start and taken off each sleep.
 */
class SleepApp {
 public:
  struct Progress {
    double doneNs;
  };

  SleepApp(const psp_app_worker& worker, const char* params)
      : clock_(Clock::startingNow(worker.ns_per_tick)), bell_(*reinterpret_cast<std::atomic<uint32_t>*>(worker.bell)) {
    if (psp_params_count(params) > 0) throw std::runtime_error("it has no parameters");
    std::vector<double> lateNs;
    for (int i = 0; i < 21; ++i) {
      const double target = clock_.nowNs() + 200e3;
      bell_.arm();
      bell_.wait(clock_.monotonicAt(target));
      lateNs.push_back(clock_.nowNs() - target);
    }
    std::nth_element(lateNs.begin(), lateNs.begin() + 10, lateNs.end());
    overshootNs_ = std::clamp(lateNs[10], 0.0, 100e3);
  }

  int handle(psp_app_request* request, const uint8_t*, size_t, psp_app_reply*, const psp_app_preempt* preempt) {
    double& doneNs = static_cast<Progress*>(request->scratch)->doneNs;
    const double begin = clock_.nowNs();
    const double end = begin + request->demand_ns - doneNs;
    for (;;) {
      const double now = clock_.nowNs();
      if (now >= end - overshootNs_) {
        // The rest is too short for a sleep, and short enough to spin.
        while (clock_.nowNs() < end) pauseInstruction();
        return PSP_APP_DONE;
      }
      bell_.arm();
      if (psp_app_preempted(preempt)) {
        bell_.disarm();
        doneNs += now - begin;
        return PSP_APP_PREEMPTED;
      }
      bell_.wait(clock_.monotonicAt(end - overshootNs_));
    }
  }

 private:
  Clock clock_;
  Doorbell bell_;
  double overshootNs_ = 0;
};

}  // namespace psp
