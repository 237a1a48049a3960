#include "probe/probe_world.hpp"

#include <algorithm>
#include <bit>

#include "base/thread_setup.hpp"

namespace psp {

ProbeWorld::ProbeWorld(const SharedLayout& shared, const ProbeOffer& offer)
    : shared_(shared), offer_(offer), clock_(Clock::calibrate()), buckets_(kBuckets), thread_(&ProbeWorld::run, this) {}

ProbeWorld::~ProbeWorld() { stop(); }

double ProbeWorld::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return share_;
}

void ProbeWorld::run() {
  if (offer_.core >= 0) pinThisThread(offer_.core);
  RingProducer<layout::Arrival> arrivals(shared_.arrivals(), shared_.arrivalsCapacity());
  RingConsumer<uint32_t> releases(shared_.releases(), shared_.releasesCapacity());
  const double beganNs = kernelClockNs(CLOCK_MONOTONIC);
  const double beganCpuNs = kernelClockNs(CLOCK_THREAD_CPUTIME_ID);
  const uint32_t workers = shared_.workers();
  std::vector<uint32_t> seen(workers, 0);
  std::vector<uint32_t> free;
  for (uint32_t slot = offer_.window; slot > 0; --slot) free.push_back(slot - 1);
  std::vector<uint64_t> offeredTicks(offer_.window);
  const double ticksPerRequest = offer_.rate > 0 ? 1e9 / offer_.rate / clock_.nsPerTick() : 0;
  double dueTicks = static_cast<double>(readTicks());
  uint32_t serial = 0;
  double ended = 0;
  // Reading the counter for every request would make this world slower than the dispatcher, which must be the slower
  // one.
  const bool measured = offer_.rate > 0;
  layout::Control& control = shared_.control();
  while (!stop_.load(std::memory_order_relaxed)) {
    const double nowNs = clock_.nowNs();
    control.clockNs.store(nowNs, std::memory_order_relaxed);
    uint32_t released[32];
    for (uint32_t count; (count = releases.take(released, 32)) > 0;) {
      free.insert(free.end(), released, released + count);
    }
    const uint64_t nowTicks = readTicks();
    bool offered = false;
    while (!free.empty() && (ticksPerRequest == 0 || dueTicks <= static_cast<double>(nowTicks))) {
      const uint32_t slot = free.back();
      if (!arrivals.write({nowNs, slot, ++serial % offer_.everyNthLong == 0 ? 1u : 0u, serial, {}})) break;
      free.pop_back();
      offeredTicks[slot] = nowTicks;
      offered = true;
      dueTicks += ticksPerRequest;
    }
    // After losing its core, this world does not catch up with a burst, which would then be measured.
    const auto ticks = static_cast<double>(nowTicks);
    if (ticksPerRequest > 0 && ticks - dueTicks > 100 * ticksPerRequest) dueTicks = ticks;
    if (offered) arrivals.publish();
    for (uint32_t worker = 0; worker < workers; ++worker) {
      layout::Mailbox& box = shared_.mailbox(worker);
      const uint32_t seq = box.startSeq.load(std::memory_order_acquire);
      if (seq == seen[worker]) continue;
      seen[worker] = seq;
      ++ended;
      if (!measured) {
        box.finishOutcome = layout::kCompleted;
        box.finishNs = nowNs;
        box.finishSeq.store(seq, std::memory_order_release);
        continue;
      }
      const uint64_t ticks = readTicks() - offeredTicks[box.startSlot];
      const auto bucket = static_cast<uint32_t>(static_cast<double>(ticks) * clock_.nsPerTick() / 2);
      auto& counter = buckets_[std::min(bucket, kBuckets - 1)];
      counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      box.finishOutcome = layout::kCompleted;
      box.finishNs = nowNs;
      box.finishSeq.store(seq, std::memory_order_release);
    }
    completed_.store(ended, std::memory_order_relaxed);
  }
  share_ = (kernelClockNs(CLOCK_THREAD_CPUTIME_ID) - beganCpuNs) / (kernelClockNs(CLOCK_MONOTONIC) - beganNs);
}

std::vector<double> ProbeWorld::takeLatencies(const std::vector<double>& quantiles) {
  std::vector<uint32_t> counts(kBuckets);
  uint64_t total = 0;
  for (uint32_t i = 0; i < kBuckets; ++i) total += counts[i] = buckets_[i].exchange(0);
  std::vector<double> found;
  for (const double quantile : quantiles) {
    const auto rank = static_cast<uint64_t>(quantile * static_cast<double>(total));
    uint64_t below = 0;
    uint32_t bucket = 0;
    while (bucket < kBuckets - 1 && (below += counts[bucket]) <= rank) ++bucket;
    found.push_back(bucket * 2.0);
  }
  return found;
}

double runCppDispatcher(const SharedLayout& shared, double seconds) {
  RingConsumer<layout::Arrival> arrivals(shared.arrivals(), shared.arrivalsCapacity());
  RingProducer<uint32_t> releases(shared.releases(), shared.releasesCapacity());
  const uint32_t workers = shared.workers();
  std::vector<uint32_t> seq(workers, 0);
  std::vector<int64_t> running(workers, -1);
  std::vector<uint32_t> queue(shared.slots());
  std::vector<double> queuedNs(shared.slots());
  uint32_t head = 0;
  uint32_t tail = 0;
  uint64_t idle = workers == 64 ? ~0ull : (1ull << workers) - 1;
  double dispatched = 0;
  double nowNs = 0;
  layout::Control& control = shared.control();
  const double endNs = kernelClockNs(CLOCK_MONOTONIC) + seconds * 1e9;
  const uint32_t mask = shared.slots() - 1;
  layout::Arrival taken[64];
  while (kernelClockNs(CLOCK_MONOTONIC) < endNs) {
    for (int turn = 0; turn < 256; ++turn) {
      nowNs = std::max(nowNs, control.clockNs.load(std::memory_order_relaxed));
      arrivals.prefetch();
      for (uint32_t worker = 0; worker < workers; ++worker) {
        if (running[worker] < 0) continue;
        layout::Mailbox& box = shared.mailbox(worker);
        if (box.finishSeq.load(std::memory_order_acquire) != seq[worker]) continue;
        nowNs = std::max(nowNs, box.finishNs);
        releases.write(static_cast<uint32_t>(running[worker]));
        running[worker] = -1;
        idle |= 1ull << worker;
      }
      const uint32_t count = arrivals.take(taken, 64);
      for (uint32_t i = 0; i < count; ++i) {
        nowNs = std::max(nowNs, taken[i].arrivalNs);
        queuedNs[tail & mask] = nowNs;
        queue[tail++ & mask] = taken[i].slot;
      }
      while (head != tail && idle != 0) {
        const auto worker = static_cast<uint32_t>(std::countr_zero(idle));
        idle &= idle - 1;
        const uint32_t slot = queue[head++ & mask];
        layout::Mailbox& box = shared.mailbox(worker);
        running[worker] = slot;
        box.startSlot = slot;
        box.dispatchNs = nowNs;
        box.startSeq.store(++seq[worker], std::memory_order_release);
        ++dispatched;
      }
      if (releases.hasUnpublished()) releases.publish();
    }
  }
  return dispatched;
}

}  // namespace psp
