#pragma once
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace psp {

/** What an idle thread does until its next look: burn its own core, or leave a shared one to others. */
enum class Poll { spin, yield, sleep };

/** How often a sleeping thread looks at a device, which cannot ring a bell. Each look costs about 5 us of a core. */
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

/** Pins the calling thread. @throws std::runtime_error naming the core. */
inline void pinThisThread(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set)) {
    throw std::runtime_error("cannot pin a thread to core " + std::to_string(core) + ": " + std::strerror(error));
  }
}

/**
 * A thread that sleeps between requests shares its core with whatever else runs there. Where the system allows it (root, or an rtprio
 * limit), let it run as soon as it wakes; where it does not, it waits its turn like everybody else. Never for threads that spin.
 */
inline void preferThisThread(Poll poll) noexcept {
  if (poll != Poll::sleep) return;
  const sched_param lowest{.sched_priority = 1};
  pthread_setschedparam(pthread_self(), SCHED_RR, &lowest);
}

/** Timers of this thread fire as exactly as the kernel can; its default slack of 50 us would be added to every sleep. */
inline void sharpenTimersOfThisThread() noexcept { prctl(PR_SET_TIMERSLACK, 1UL); }

inline void nameThisThread(const char* name) noexcept { pthread_setname_np(pthread_self(), name); }

}  // namespace psp
