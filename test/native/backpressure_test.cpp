#include "check.hpp"
#include "server/worker_thread.hpp"
#include "server_fixture.hpp"

// Rings that are full: the side that fills them waits, or drops and counts, and goes on when there is room again.

using namespace psp;
using namespace psp::test;

namespace {

/** Frees what the server has sent; answers how many frames that were. */
uint32_t takeReplies(const RingDevice& device, const Server& server) {
  uint32_t taken = 0;
  void* reply = nullptr;
  while (rte_ring_sc_dequeue(device.fromDevice, &reply) == 0) {
    framesTaken(&server.port());
    rte_pktmbuf_free(static_cast<rte_mbuf*>(reply));
    ++taken;
  }
  return taken;
}

}  // namespace

TEST("back-pressure: arrivals nobody takes are dropped and counted, and served again when somebody does") {
  RingDevice device("arrivals");
  TestMemory memory(1, 64, 16);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_arrivals_pool", 255);
  for (uint32_t i = 0; i < 40; ++i) give(device, server.port(), requestFrame(pool, i, 1, 0));
  CHECK_EQUAL(statisticOnce(shared, layout::kDroppedArrivalsFull, 24), 24.0);
  CHECK_EQUAL(statistic(shared, layout::kDroppedNoSlot), 0.0);

  TestDispatcher dispatcher(shared);
  uint32_t replies = 0;
  while (replies < 16) {
    dispatcher.step();
    replies += takeReplies(device, server);
  }
  for (uint32_t i = 40; i < 50; ++i) give(device, server.port(), requestFrame(pool, i, 1, 0));
  while (replies < 26) {
    dispatcher.step();
    replies += takeReplies(device, server);
  }
  CHECK_EQUAL(statistic(shared, layout::kDroppedArrivalsFull), 24.0);
}

TEST("back-pressure: replies a device does not take are waited for, then dropped and counted") {
  constexpr uint32_t kRequests = 300;
  // The device's ring of 256 holds one less.
  constexpr uint32_t kRoom = 255;
  RingDevice device("transmit");
  TestMemory memory(2);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_transmit_pool", 1023);
  TestDispatcher dispatcher(shared);
  const auto gone = [&] {
    return statistic(shared, layout::kRepliesSent) + statistic(shared, layout::kRepliesDropped);
  };
  uint32_t sent = 0;
  while (gone() < kRequests) {
    // No more at once than there are slots: none is refused.
    if (sent < kRequests && sent - gone() < 32) give(device, server.port(), requestFrame(pool, sent++, 1, 0));
    dispatcher.step();
    sched_yield();
  }
  CHECK_EQUAL(statistic(shared, layout::kRepliesSent), static_cast<double>(kRoom));
  CHECK_EQUAL(statistic(shared, layout::kRepliesDropped), static_cast<double>(kRequests - kRoom));
  CHECK_EQUAL(takeReplies(device, server), kRoom);

  while (dispatcher.completed < kRequests) dispatcher.step();
  give(device, server.port(), requestFrame(pool, sent, 1, 0));
  while (takeReplies(device, server) == 0) dispatcher.step();
  CHECK_EQUAL(statisticOnce(shared, layout::kRepliesSent, kRoom + 1), static_cast<double>(kRoom + 1));
}

TEST("back-pressure: a worker waits for room in its reply ring, then drops the reply, counts it, and goes on") {
  constexpr uint32_t kRoom = WorkerThread::kReplyRingEntries;
  eal();
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  const psp_app& spin = loadApplication({.name = "spin", .plugin = "", .parameters = "{}"});
  const std::string parameters = "{}";
  const std::vector<const char*> types = {"A"};
  SlotTable slots(2048, spin.request_bytes);
  rte_mempool* pool = framePool("psp_worker_pool", 2047);
  const Clock clock = Clock::calibrate();
  layout::Mailbox& box = shared.mailbox(0);
  WorkerThread worker({0, std::nullopt, Poll::yield, 0, Payload::pspMb, clock, spin, parameters, types}, shared, slots);
  worker.waitUntilReady();
  const auto run = [&](uint32_t index) {
    Slot& slot = slots[index];
    slot.frame = requestFrame(pool, index, 1, 0);
    slot.parsed = parseFrame(rte_pktmbuf_mtod(slot.frame, uint8_t*), slot.frame->data_len, kServer);
    slot.request.demand_ns = 0;
    box.startSlot = index;
    const uint32_t seq = box.startSeq.load() + 1;
    box.startSeq.store(seq);
    while (box.finishSeq.load() != seq) sched_yield();
  };
  for (uint32_t i = 0; i < kRoom; ++i) run(i);
  CHECK_EQUAL(box.repliesDropped.load(), 0.0);
  // Nobody takes replies: this one is given up, and its frame stays with the slot until the slot is used again.
  const double beganNs = clock.nowNs();
  run(kRoom);
  CHECK(clock.nowNs() - beganNs >= 100e6);
  CHECK_EQUAL(box.repliesDropped.load(), 1.0);
  CHECK(slots[kRoom].frame != nullptr);
  rte_pktmbuf_free(slots[kRoom].frame);
  CHECK_EQUAL(box.completed.load(), static_cast<double>(kRoom + 1));

  RingConsumer<Reply> replies = worker.replies();
  Reply reply;
  for (uint32_t i = 0; i < kRoom; ++i) {
    CHECK_EQUAL(replies.take(&reply, 1), 1u);
    rte_pktmbuf_free(reply.frame);
  }
  run(kRoom + 1);
  CHECK_EQUAL(replies.take(&reply, 1), 1u);
  rte_pktmbuf_free(reply.frame);
  CHECK_EQUAL(box.repliesDropped.load(), 1.0);
  shared.control().runState.store(layout::kStopped);
}
