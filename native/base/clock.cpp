#include "base/clock.hpp"

#include <algorithm>
#include <cmath>

namespace psp {
namespace {

struct Reading {
  uint64_t ticks;
  double ns;
};

/** Reads both clocks at one moment; of several tries, the one that was interrupted least counts. */
Reading readBoth() {
  Reading best{};
  uint64_t shortest = UINT64_MAX;
  for (int i = 0; i < 16; ++i) {
    const uint64_t before = readTicks();
    const double ns = kernelClockNs(CLOCK_MONOTONIC_RAW);
    const uint64_t after = readTicks();
    if (after - before < shortest) {
      shortest = after - before;
      best = {before + (after - before) / 2, ns};
    }
  }
  return best;
}

}  // namespace

Clock Clock::calibrate(double calibrationNs) {
  const Reading first = readBoth();
  const timespec pause{0, static_cast<long>(std::min(calibrationNs, 999e6))};
  nanosleep(&pause, nullptr);
  const Reading last = readBoth();
  return Clock(last.ticks, (last.ns - first.ns) / static_cast<double>(last.ticks - first.ticks));
}

timespec Clock::monotonicAt(double ns) const noexcept {
  const double target = kernelClockNs(CLOCK_MONOTONIC) + std::max(0.0, ns - nowNs());
  const double seconds = std::floor(target / 1e9);
  return {static_cast<time_t>(seconds), static_cast<long>(target - seconds * 1e9)};
}

}  // namespace psp
