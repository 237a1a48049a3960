#include "net/port.hpp"

#include <rte_dev.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "net/bytes.hpp"
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
    give(device, server.port(), frame);
  }
  rte_mbuf* question = rte_pktmbuf_alloc(pool);
  CHECK(question != nullptr);
  const size_t length = writeArpRequest(rte_pktmbuf_mtod(question, uint8_t*), kClient, kServer.ip);
  question->data_len = static_cast<uint16_t>(length);
  question->pkt_len = question->data_len;
  give(device, server.port(), question);
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

TEST("port: a device of its own gets the configured MAC, one of the host's listens to all") {
  eal();
  const Mac wanted = kServer.mac;
  for (const bool owned : {true, false}) {
    const std::string name = owned ? "net_null_owned" : "net_null_shared";
    CHECK_EQUAL(rte_eal_hotplug_add("vdev", name.c_str(), ""), 0);
    const Port port({.device = name, .frames = 1023, .mac = wanted, .owned = owned});
    CHECK(port.mac() == wanted);
    uint16_t id;
    CHECK_EQUAL(rte_eth_dev_get_port_by_name(name.c_str(), &id), 0);
    rte_ether_addr address;
    rte_eth_macaddr_get(id, &address);
    CHECK_EQUAL(std::equal(wanted.begin(), wanted.end(), address.addr_bytes), owned);
    CHECK(owned || rte_eth_promiscuous_get(id) == 1);
  }
}

namespace {

using Change = void (*)(uint8_t* bytes, rte_mbuf* frame);

void repairIp(uint8_t* bytes) {
  storeBig16(bytes + 24, 0);
  storeBig16(bytes + 24, internetChecksum(bytes + 14, 20));
}

void sendChanged(const RingDevice& device, const Server& server, rte_mempool* pool, Change change) {
  rte_mbuf* frame = requestFrame(pool, 0, 1, 0);
  change(rte_pktmbuf_mtod(frame, uint8_t*), frame);
  give(device, server.port(), frame);
}

}  // namespace

TEST("server: frames that are no requests are counted as what they are, and dropped") {
  RingDevice device("noise");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_noise_pool", 255);
  const auto send = [&](unsigned times, Change change) {
    for (unsigned i = 0; i < times; ++i) sendChanged(device, server, pool, change);
  };
  // Another type of frame, another host's, another port's.
  send(1, [](uint8_t* bytes, rte_mbuf*) { storeBig16(bytes + 12, 0x86dd); });
  send(1, [](uint8_t* bytes, rte_mbuf*) { storeBig32(bytes + 30, kClient.ip), repairIp(bytes); });
  send(1, [](uint8_t* bytes, rte_mbuf*) { storeBig16(bytes + 36, 53); });
  // An IPv6 header in an IPv4 frame; a UDP datagram shorter than its own header.
  send(1, [](uint8_t* bytes, rte_mbuf*) { bytes[14] = 0x65; });
  send(1, [](uint8_t* bytes, rte_mbuf*) { storeBig16(bytes + 38, 7); });
  send(3, [](uint8_t* bytes, rte_mbuf*) { bytes[24] ^= 1; });
  send(4, [](uint8_t*, rte_mbuf* frame) { frame->data_len = frame->pkt_len = 40; });
  send(5, [](uint8_t* bytes, rte_mbuf* frame) {
    std::fill_n(bytes + 58, 1600 - 58, uint8_t{0});
    frame->data_len = frame->pkt_len = 1600;
  });
  CHECK_EQUAL(statisticOnce(shared, layout::kOversized, 5), 5.0);
  CHECK_EQUAL(statistic(shared, layout::kForeign), 3.0);
  CHECK_EQUAL(statistic(shared, layout::kMalformed), 2.0);
  CHECK_EQUAL(statistic(shared, layout::kBadChecksum), 3.0);
  CHECK_EQUAL(statistic(shared, layout::kTruncated), 4.0);
  CHECK_EQUAL(statistic(shared, layout::kFramesReceived), 17.0);
  CHECK_EQUAL(statistic(shared, layout::kRequests), 0.0);
}

TEST("server: an IX frame that demands years is malformed") {
  RingDevice device("years");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  ServerConfig config = serverConfig(device);
  config.payload = Payload::ix;
  Server server(config, shared, Classifier(0, 2, false, {{1, 0}}, 1));
  rte_mempool* pool = framePool("psp_years_pool", 255);
  for (const double demandNs : {0x1p62, kMaxDemandNs + 1, kMaxDemandNs}) {
    rte_mbuf* frame = rte_pktmbuf_alloc(pool);
    const RequestFields fields{.id = 1, .type = 1, .demandNs = demandNs};
    const size_t bytes = writeRequest(rte_pktmbuf_mtod(frame, uint8_t*), Payload::ix, kClient, kServer, fields, 0);
    frame->data_len = frame->pkt_len = static_cast<uint16_t>(bytes);
    give(device, server.port(), frame);
  }
  CHECK_EQUAL(statisticOnce(shared, layout::kRequests, 1), 1.0);
  CHECK_EQUAL(statistic(shared, layout::kMalformed), 2.0);
}

TEST("server: a request sent to everybody is answered by one") {
  RingDevice device("broadcast");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_broadcast_pool", 255);
  TestDispatcher dispatcher(shared);
  sendChanged(device, server, pool, [](uint8_t* bytes, rte_mbuf*) { std::fill_n(bytes, 6, uint8_t{0xff}); });
  void* reply = nullptr;
  while (rte_ring_sc_dequeue(device.fromDevice, &reply) != 0) dispatcher.step();
  framesTaken(&server.port());
  const uint8_t* bytes = rte_pktmbuf_mtod(static_cast<rte_mbuf*>(reply), uint8_t*);
  CHECK(std::equal(bytes, bytes + 6, kClient.mac.begin()));
  CHECK(std::equal(bytes + 6, bytes + 12, kServer.mac.begin()));
  rte_pktmbuf_free(static_cast<rte_mbuf*>(reply));
}

TEST("server: stops though its workers run for seconds") {
  for (const char* application : {"spin", "sleep"}) {
    RingDevice device(std::string("long_") + application);
    TestMemory memory(1);
    const SharedLayout shared = memory.layout();
    ServerConfig config = serverConfig(device);
    config.application.name = application;
    config.poll = application == std::string("sleep") ? Poll::sleep : Poll::yield;
    std::chrono::steady_clock::time_point began;
    {
      Server server(config, shared, oneType());
      TestDispatcher dispatcher(shared);
      rte_mbuf* frame = requestFrame(server.port().pool(), 0, 1, kMaxDemandNs);
      framesGiven(&server.port());
      CHECK_EQUAL(rte_ring_sp_enqueue(device.toDevice, frame), 0);
      while (dispatcher.running[0] == UINT32_MAX) dispatcher.step();
      // It runs: a worker that looks for work sleeps 50 ms at most.
      usleep(100'000);
      began = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
    CHECK_EQUAL(shared.mailbox(0).preempted.load(), 1.0);
  }
}
