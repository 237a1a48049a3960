#include "base/spsc_ring.hpp"

#include <sched.h>

#include <thread>

#include "base/doorbell.hpp"
#include "base/thread_setup.hpp"
#include "check.hpp"

using namespace psp;

namespace {
struct Entry {
  double stamp;
  uint32_t value;
};
}  // namespace

TEST("ring: entries are seen only once published, in order") {
  const RingMemory<Entry> memory(4);
  auto producer = memory.producer();
  auto consumer = memory.consumer();
  Entry taken[8];
  CHECK(producer.write({1.5, 10}));
  CHECK(producer.write({2.5, 11}));
  CHECK_EQUAL(consumer.take(taken, 8), 0u);
  CHECK(consumer.empty());
  CHECK(producer.hasUnpublished());
  producer.publish();
  CHECK(!producer.hasUnpublished());
  CHECK_EQUAL(consumer.take(taken, 8), 2u);
  CHECK_EQUAL(taken[0].value, 10u);
  CHECK_EQUAL(taken[1].value, 11u);
  CHECK_EQUAL(taken[1].stamp, 2.5);
}

TEST("ring: refuses when full, takes again when drained, over many wraps") {
  const RingMemory<uint32_t> memory(4);
  auto producer = memory.producer();
  auto consumer = memory.consumer();
  uint32_t next = 0;
  uint32_t expected = 0;
  for (int round = 0; round < 1000; ++round) {
    while (producer.write(next)) ++next;
    CHECK_EQUAL(next - expected, 4u);
    producer.publish();
    // A take may answer fewer than there are: it looks at the shared counter only when its copy says empty.
    for (uint32_t left = 3; left > 0;) {
      uint32_t taken[3];
      const uint32_t count = consumer.take(taken, left);
      CHECK(count > 0);
      for (uint32_t i = 0; i < count; ++i) CHECK_EQUAL(taken[i], expected++);
      left -= count;
    }
  }
}

TEST("ring: counters wrap beyond 32 bits") {
  RingMemory<uint32_t> memory(8);
  // Begin 3 before the counters overflow: a ring that has carried 4 billion entries.
  alignas(64) static std::byte raw[sizeof(layout::RingHeader) + 8 * sizeof(uint32_t)];
  auto* header = reinterpret_cast<layout::RingHeader*>(raw);
  header->tail = header->head = UINT32_MAX - 2;
  RingProducer<uint32_t> producer(raw, 8);
  RingConsumer<uint32_t> consumer(raw, 8);
  for (uint32_t i = 0; i < 100; ++i) {
    CHECK(producer.write(i));
    producer.publish();
    uint32_t taken = 0;
    CHECK_EQUAL(consumer.take(&taken, 1), 1u);
    CHECK_EQUAL(taken, i);
  }
  CHECK(consumer.empty());
}

TEST("ring: two threads, every entry arrives whole and once") {
  constexpr uint32_t kEntries = 200'000;
  const RingMemory<Entry> memory(64);
  std::thread sender([&] {
    auto producer = memory.producer();
    for (uint32_t i = 0; i < kEntries;) {
      const bool written = producer.write({static_cast<double>(i) / 2, i});
      if (written) ++i;
      if (!written || i % 7 == 0) producer.publish();
      if (!written) sched_yield();
    }
    producer.publish();
  });
  auto consumer = memory.consumer();
  Entry taken[16];
  for (uint32_t expected = 0; expected < kEntries;) {
    const uint32_t count = consumer.take(taken, 16);
    for (uint32_t i = 0; i < count; ++i, ++expected) {
      CHECK_EQUAL(taken[i].value, expected);
      CHECK_EQUAL(taken[i].stamp, expected / 2.0);
    }
    if (count == 0) sched_yield();
  }
  sender.join();
  CHECK(consumer.empty());
}

TEST("doorbell: a sleeper misses no ring") {
  // Without the second look, or with weaker ordering, this hangs until the deadline and the count falls short of it.
  constexpr uint32_t kRounds = 3000;
  std::atomic<uint32_t> word{0};
  std::atomic<uint32_t> work{0};
  std::atomic<uint32_t> done{0};
  std::thread sleeper([&] {
    Doorbell bell(word);
    for (uint32_t seen = 0; seen < kRounds;) {
      bell.arm();
      if (work.load(std::memory_order_seq_cst) != seen) {
        bell.disarm();
        seen = work.load();
        done.store(seen);
        continue;
      }
      timespec deadline;
      clock_gettime(CLOCK_MONOTONIC, &deadline);
      deadline.tv_sec += 20;
      bell.wait(deadline);
    }
  });
  timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (uint32_t round = 1; round <= kRounds; ++round) {
    work.store(round, std::memory_order_seq_cst);
    Doorbell(word).ring();
    while (done.load() != round) sched_yield();
  }
  sleeper.join();
  timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  CHECK(end.tv_sec - begin.tv_sec < 15);
}
