#pragma once
#include <algorithm>

#include "apps/application.hpp"

namespace psp {

/** Burns the core for the demanded time by the cycle counter, and looks at the preempt flag all the time. */
class SpinApp final : public Application {
 public:
  explicit SpinApp(const Clock& clock) : ticksPerNs_(1 / clock.nsPerTick()) {}

  Handled handle(Request& request, const PreemptFlag& preempt) override {
    const uint64_t begin = readTicks();
    // A stint may end late, so the rest can be negative; the cast must stay within 64 bits.
    const double leftTicks = (request.demandNs - request.doneNs) * ticksPerNs_;
    const auto wanted = static_cast<uint64_t>(std::clamp(leftTicks, 0.0, kLongestTicks));
    for (;;) {
      const uint64_t passed = readTicks() - begin;
      if (passed >= wanted) return Handled::done;
      if (preempt.raised()) {
        request.doneNs += static_cast<double>(passed) / ticksPerNs_;
        return Handled::preempted;
      }
    }
  }

 private:
  static constexpr double kLongestTicks = 0x1p62;
  double ticksPerNs_;
};

}  // namespace psp
