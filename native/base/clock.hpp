#pragma once
#include <cstdint>
#include <ctime>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace psp {

/**
 * The processor's constant-rate counter: about 9 ns a read, the same on all cores of a machine with an invariant TSC.
 */
inline uint64_t readTicks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
#error "psp reads the cycle counter of x86-64 or aarch64"
#endif
}

/** Nanoseconds of a kernel clock. */
inline double kernelClockNs(clockid_t clock) noexcept {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/**
 * Time since an epoch, in ns, from the cycle counter. It is calibrated against CLOCK_MONOTONIC_RAW, because the rate
 * that the kernel (and DPDK) reports is rounded: it was 0.15 % off, which is 1.5 ms in a second.
 */
class Clock {
 public:
  /** Measures the rate for `calibrationNs`; the epoch is now. */
  static Clock calibrate(double calibrationNs = 30e6);

  /** A clock of a known rate; the epoch is now. */
  static Clock startingNow(double nsPerTick) noexcept { return Clock(readTicks(), nsPerTick); }

  /** Whole nanoseconds, like all times of psp. */
  double nowNs() const noexcept {
    return static_cast<double>(static_cast<int64_t>(static_cast<double>(readTicks() - epochTicks_) * nsPerTick_));
  }
  double nsPerTick() const noexcept { return nsPerTick_; }
  /**
   * When it read 0, in ticks of the counter that all processes of a machine share. A double is exact for a month after
   * the start.
   */
  double epochTicks() const noexcept { return static_cast<double>(epochTicks_); }

  /**
   * The absolute CLOCK_MONOTONIC time, which futex and clock_nanosleep wait for, at which this clock will read `ns`.
   */
  timespec monotonicAt(double ns) const noexcept;

 private:
  Clock(uint64_t epochTicks, double nsPerTick) : epochTicks_(epochTicks), nsPerTick_(nsPerTick) {}
  uint64_t epochTicks_;
  double nsPerTick_;
};

}  // namespace psp
