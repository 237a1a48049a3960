#pragma once
#include <algorithm>
#include <vector>

#include "apps/application.hpp"

namespace psp {

/**
 * Waits for the demanded time without using the core, for dilated runs in which many workers share few cores. It waits
 * on the worker's bell with an absolute deadline, so that preemption wakes it at once. The kernel wakes a sleeper late
 * by a nearly constant time (about 20 us with sharp timers), which is measured at the start and taken off each sleep.
 */
class SleepApp final : public Application {
 public:
  SleepApp(const Clock& clock, Doorbell bell) : clock_(clock), bell_(bell) {}

  void setup(unsigned) override {
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

  Handled handle(Request& request, const PreemptFlag& preempt) override {
    const double begin = clock_.nowNs();
    const double end = begin + request.demandNs - request.doneNs;
    for (;;) {
      const double now = clock_.nowNs();
      if (now >= end - overshootNs_) {
        // The rest is too short for a sleep, and short enough to spin.
        while (clock_.nowNs() < end) pauseBriefly();
        return Handled::done;
      }
      bell_.arm();
      if (preempt.raised()) {
        bell_.disarm();
        request.doneNs += now - begin;
        return Handled::preempted;
      }
      bell_.wait(clock_.monotonicAt(end - overshootNs_));
    }
  }

 private:
  static void pauseBriefly() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  Clock clock_;
  Doorbell bell_;
  double overshootNs_ = 0;
};

}  // namespace psp
