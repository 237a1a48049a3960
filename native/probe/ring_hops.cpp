#include "probe/ring_hops.hpp"

#include <exception>
#include <thread>

#include "base/clock.hpp"
#include "base/spsc_ring.hpp"
#include "base/thread_setup.hpp"

namespace psp {
namespace {

constexpr uint32_t kEntries = 64;
constexpr uint32_t kLast = UINT32_MAX;

/** Sends an entry. */
void throwTo(RingProducer<uint32_t>& ring, uint32_t entry) {
  ring.write(entry);
  ring.publish();
}

/** Waits for an entry. */
uint32_t catchFrom(RingConsumer<uint32_t>& ring) {
  uint32_t entry;
  while (ring.take(&entry, 1) == 0) pauseInstruction();
  return entry;
}

}  // namespace

std::vector<double> ringHops(uint32_t batches, uint32_t rounds, int core, int otherCore) {
  RingMemory<uint32_t> there(kEntries);
  RingMemory<uint32_t> back(kEntries);
  std::vector<double> hops;
  std::exception_ptr failure, otherFailure;
  std::thread other([&] {
    auto in = there.consumer();
    auto out = back.producer();
    try {
      pinThisThread(otherCore);
    } catch (...) {
      otherFailure = std::current_exception();
    }
    while (catchFrom(in) != kLast) throwTo(out, 0);
  });
  std::thread own([&] {
    auto in = back.consumer();
    auto out = there.producer();
    try {
      pinThisThread(core);
      const Clock clock = Clock::calibrate();
      // During the first batch both threads have just started.
      for (uint32_t batch = 0; batch <= batches; ++batch) {
        const uint64_t began = readTicks();
        for (uint32_t round = 0; round < rounds; ++round) {
          throwTo(out, 0);
          catchFrom(in);
        }
        if (batch > 0) hops.push_back(static_cast<double>(readTicks() - began) * clock.nsPerTick() / (2.0 * rounds));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    throwTo(out, kLast);
  });
  own.join();
  other.join();
  for (const auto& each : {failure, otherFailure}) {
    if (each) std::rethrow_exception(each);
  }
  return hops;
}

}  // namespace psp
