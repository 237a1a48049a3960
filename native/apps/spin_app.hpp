#pragma once
#include <algorithm>
#include <stdexcept>

#include "apps/app_class.hpp"
#include "base/clock.hpp"
#include "include/psp_params.h"

namespace psp {

/** Burns the core for the demanded time by the cycle counter, and looks at the preempt flag all the time. */
class SpinApp {
 public:
  struct Progress {
    double doneNs;
  };

  SpinApp(const psp_app_worker& worker, const char* params) : ticksPerNs_(1 / worker.ns_per_tick) {
    if (psp_params_count(params) > 0) throw std::runtime_error("it has no parameters");
  }

  int handle(psp_app_request* request, const uint8_t*, size_t, psp_app_reply*, const psp_app_preempt* preempt) {
    const uint64_t begin = readTicks();
    double& doneNs = static_cast<Progress*>(request->scratch)->doneNs;
    // A stint may end late, so the rest can be negative; the cast must stay within 64 bits.
    const double leftTicks = (request->demand_ns - doneNs) * ticksPerNs_;
    const auto wanted = static_cast<uint64_t>(std::clamp(leftTicks, 0.0, kLongestTicks));
    for (;;) {
      const uint64_t passed = readTicks() - begin;
      if (passed >= wanted) return PSP_APP_DONE;
      if (psp_app_preempted(preempt)) {
        doneNs += static_cast<double>(passed) / ticksPerNs_;
        return PSP_APP_PREEMPTED;
      }
    }
  }

 private:
  static constexpr double kLongestTicks = 0x1p62;
  double ticksPerNs_;
};

}  // namespace psp
