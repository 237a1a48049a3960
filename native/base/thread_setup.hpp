#pragma once
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace psp {

/** What an idle thread does until it looks for work again: burn its own core, or leave a shared core to others. */
enum class Poll { spin, yield, sleep };

/** A sleeping thread looks at a device, which cannot ring a bell, this often. Each look costs about 5 us of a core. */
inline constexpr long kSleepBetweenPollsNs = 20'000;

inline void pauseInstruction() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

/** Idles once, for threads that look at a device. */
inline void idleOnce(Poll poll) noexcept {
  switch (poll) {
    case Poll::spin: pauseInstruction(); return;
    case Poll::yield: sched_yield(); return;
    case Poll::sleep: {
      const timespec pause{0, kSleepBetweenPollsNs};
      nanosleep(&pause, nullptr);
      return;
    }
  }
}

/** Pins the calling thread. @throws std::runtime_error naming the core */
inline void pinThisThread(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set)) {
    throw std::runtime_error("cannot pin a thread to core " + std::to_string(core) + ": " + std::strerror(error));
  }
}

/**
 * Lets a thread that sleeps between requests run as soon as it wakes, where the system allows that (root, or an rtprio
 * limit). Never used for threads that spin.
 */
inline void preferThisThread(Poll poll) noexcept {
  if (poll != Poll::sleep) return;
  const sched_param lowest{.sched_priority = 1};
  pthread_setschedparam(pthread_self(), SCHED_RR, &lowest);
}

/** Makes the timers of this thread as exact as the kernel can; its default slack adds 50 us to every sleep. */
inline void sharpenTimersOfThisThread() noexcept { prctl(PR_SET_TIMERSLACK, 1UL); }

inline void nameThisThread(const char* name) noexcept { pthread_setname_np(pthread_self(), name); }

}  // namespace psp
