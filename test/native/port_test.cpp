#include "net/port.hpp"

#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "server_fixture.hpp"

using namespace psp;
using namespace psp::test;

TEST("port: frames pass through an in-process device") {
  RingDevice device("plain");
  const Port port({.device = device.device, .frames = 1023});
  CHECK(port.linkUp());
  rte_mbuf* frame = requestFrame(port.pool(), 1, 1, 0);
  CHECK_EQUAL(rte_ring_sp_enqueue(device.toDevice, frame), 0);
  rte_mbuf* received[4];
  CHECK_EQUAL(port.receive(0, received, 4), 1);
  CHECK(received[0] == frame);
  CHECK_EQUAL(port.send(0, received, 1), 1);
  void* sent = nullptr;
  CHECK_EQUAL(rte_ring_sc_dequeue(device.fromDevice, &sent), 0);
  CHECK(sent == frame);
  rte_pktmbuf_free(frame);
}

TEST("port: a device that is not there is named") {
  eal();
  try {
    const Port port({.device = "0000:99:00.0"});
    CHECK(false);
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("0000:99:00.0") != std::string::npos);
  }
}

TEST("server: requests go through net thread, mailboxes and workers, and every one is answered and counted") {
  constexpr uint32_t kRequests = 2000;
  constexpr uint32_t kWorkers = 2;
  RingDevice device("server");
  TestMemory memory(kWorkers);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_test_pool", 1023);
  TestDispatcher dispatcher(shared);
  uint32_t sent = 0;
  uint32_t answered = 0;
  std::vector<bool> seen(kRequests);
  while (answered < kRequests) {
    if (sent < kRequests && sent - answered < 48) {
      // Every tenth has a type nobody knows.
      rte_mbuf* frame = requestFrame(pool, sent, sent % 10 == 0 ? 77 : 1, sent % 3 == 0 ? 2000 : 0);
      framesGiven(&server.port());
      if (rte_ring_sp_enqueue(device.toDevice, frame) == 0) ++sent;
      else rte_pktmbuf_free(frame);
    }
    dispatcher.step();
    void* reply = nullptr;
    while (rte_ring_sc_dequeue(device.fromDevice, &reply) == 0) {
      framesTaken(&server.port());
      auto* frame = static_cast<rte_mbuf*>(reply);
      const uint8_t* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
      const ParsedFrame parsed = parseFrame(bytes, frame->data_len, kClient);
      CHECK(parsed.kind == FrameKind::datagram);
      const auto fields = readReply(Payload::pspMb, bytes + parsed.payloadOffset, parsed.payloadBytes);
      CHECK(fields && fields->hasStamps && !seen[fields->id]);
      seen[fields->id] = true;
      CHECK(fields->stamps.receivedNs <= fields->stamps.startedNs);
      CHECK(fields->stamps.endedNs - fields->stamps.startedNs >= (fields->id % 3 == 0 ? 1999 : 0));
      ++answered;
      rte_pktmbuf_free(frame);
    }
    sched_yield();
  }
  CHECK_EQUAL(dispatcher.unknown, kRequests / 10);
  CHECK_EQUAL(statistic(shared, layout::kRequests), static_cast<double>(kRequests));
  CHECK_EQUAL(statisticOnce(shared, layout::kRepliesSent, kRequests), static_cast<double>(kRequests));
  CHECK_EQUAL(statistic(shared, layout::kUnknownType), static_cast<double>(kRequests / 10));
  CHECK_EQUAL(shared.mailbox(0).completed.load() + shared.mailbox(1).completed.load(), static_cast<double>(kRequests));
}

TEST("server: a request beyond all slots is refused and counted, an ARP question answered") {
  RingDevice device("full");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_test_pool_2", 255);
  // Nobody dispatches: 64 slots (and arrivals) fill, the other 36 have no place.
  for (uint32_t i = 0; i < 100; ++i) {
    rte_mbuf* frame = requestFrame(pool, i, 1, 0);
    framesGiven(&server.port());
    while (rte_ring_sp_enqueue(device.toDevice, frame) != 0) sched_yield();
  }
  rte_mbuf* question = rte_pktmbuf_alloc(pool);
  CHECK(question != nullptr);
  question->data_len = static_cast<uint16_t>(writeArpRequest(rte_pktmbuf_mtod(question, uint8_t*), kClient, kServer.ip));
  question->pkt_len = question->data_len;
  framesGiven(&server.port());
  while (rte_ring_sp_enqueue(device.toDevice, question) != 0) sched_yield();
  void* answer = nullptr;
  while (rte_ring_sc_dequeue(device.fromDevice, &answer) != 0) sched_yield();
  framesTaken(&server.port());
  auto* frame = static_cast<rte_mbuf*>(answer);
  CHECK(parseFrame(rte_pktmbuf_mtod(frame, uint8_t*), frame->data_len, kClient).kind == FrameKind::arpReply);
  rte_pktmbuf_free(frame);
  CHECK_EQUAL(statistic(shared, layout::kRequests), 100.0);
  CHECK_EQUAL(statistic(shared, layout::kDroppedNoSlot), 36.0);
  CHECK_EQUAL(statistic(shared, layout::kArpAnswered), 1.0);
}
