#include "base/keep_awake.hpp"

#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "check.hpp"

using namespace psp;

namespace {

/** Cores that a thread of that name is bound to and only has when nobody else wants them; counts the threads. */
std::set<int> coresKeptAwake(int& threads) {
  std::set<int> cores;
  threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name != "psp-awake") continue;
    ++threads;
    const pid_t id = std::atoi(task.path().filename().c_str());
    cpu_set_t set;
    if (sched_getscheduler(id) != SCHED_IDLE) continue;
    if (sched_getaffinity(id, sizeof set, &set) != 0 || CPU_COUNT(&set) != 1) continue;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) cores.insert(core);
    }
  }
  return cores;
}

}  // namespace

TEST("keep awake: a thread on every core of this process, behind everybody else, until it is over") {
  cpu_set_t allowed;
  CHECK_EQUAL(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  const auto count = static_cast<size_t>(CPU_COUNT(&allowed));
  int threads = 0;
  {
    const KeepAwake awake(Clock::calibrate());
    std::set<int> cores;
    // They have to begin first, with nobody's help.
    for (int tries = 0; cores.size() < count && tries < 1000; ++tries) {
      cores = coresKeptAwake(threads);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK_EQUAL(cores.size(), count);
    for (const int core : cores) CHECK(CPU_ISSET(core, &allowed));
    // Every core is taken away for a while.
    const uint64_t began = readTicks();
    std::vector<std::thread> others;
    for (size_t i = 0; i < 2 * count; ++i) {
      others.emplace_back([until = kernelClockNs(CLOCK_MONOTONIC) + 200e6] {
        while (kernelClockNs(CLOCK_MONOTONIC) < until) {
        }
      });
    }
    for (auto& other : others) other.join();
    size_t seen = 0;
    for (int tries = 0; seen == 0 && tries < 1000; ++tries) {
      for (const auto& gap : awake.gaps()) {
        CHECK(gap.toTicks > gap.fromTicks);
        if (gap.toTicks > began) ++seen;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(seen > 0);
  }
  for (int tries = 0; coresKeptAwake(threads), threads > 0 && tries < 6000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK_EQUAL(threads, 0);
}
