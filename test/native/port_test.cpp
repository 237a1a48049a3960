#include "net/port.hpp"

#include <rte_eth_ring.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "base/spsc_ring.hpp"
#include "check.hpp"
#include "net/classifier.hpp"
#include "net/eal.hpp"
#include "server/net_thread.hpp"
#include "server/server.hpp"

using namespace psp;

namespace {

/** One environment for all tests below: DPDK allows no second one in a process. */
Eal& eal() {
  static Eal environment({"--no-pci", "--no-huge", "--no-shconf", "-m", "128", "--file-prefix=psp-test-" + std::to_string(getpid()),
                          "--log-level=lib.eal:error", "--lcores=0@(0-1)"});
  return environment;
}

/** A device whose two rings the test holds: what it puts into `toDevice` the port receives. */
struct RingDevice {
  explicit RingDevice(const std::string& name) {
    eal();
    toDevice = rte_ring_create((name + "_rx").c_str(), 256, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    fromDevice = rte_ring_create((name + "_tx").c_str(), 256, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    CHECK(rte_eth_from_rings(name.c_str(), &toDevice, 1, &fromDevice, 1, 0) >= 0);
    device = "net_ring_" + name;
  }
  ~RingDevice() {
    rte_ring_free(toDevice);
    rte_ring_free(fromDevice);
  }
  rte_ring* toDevice;
  rte_ring* fromDevice;
  std::string device;
};

const Endpoint kServer{*parseMac("42:42:42:42:42:01"), *parseIpv4("192.168.10.10"), 6789};
const Endpoint kClient{*parseMac("42:42:42:42:42:02"), *parseIpv4("192.168.10.11"), 32768};

rte_mbuf* requestFrame(rte_mempool* pool, uint32_t id, uint32_t code, double demandNs) {
  rte_mbuf* frame = rte_pktmbuf_alloc(pool);
  CHECK(frame != nullptr);
  const RequestFields fields{.id = id, .type = code, .demandNs = demandNs, .wantsStamps = true};
  const size_t bytes = writeRequest(rte_pktmbuf_mtod(frame, uint8_t*), Payload::pspMb, kClient, kServer, fields, 0);
  frame->data_len = static_cast<uint16_t>(bytes);
  frame->pkt_len = static_cast<uint32_t>(bytes);
  return frame;
}

/** The shared memory as src/hw/layout.ts lays it out, for one type and `workers` workers. */
struct TestMemory {
  explicit TestMemory(uint32_t workers) {
    size_t end = sizeof(layout::Control);
    const auto place = [&](size_t bytes) {
      const size_t at = end;
      end = (end + bytes + 63) / 64 * 64;
      return static_cast<uint32_t>(at);
    };
    layout::Header header{};
    header.magic = layout::kMagic;
    header.version = layout::kVersion;
    header.workers = workers;
    header.types = 1;
    header.slots = 64;
    header.arrivalsCapacity = 64;
    header.releasesCapacity = 64;
    header.netStatsOffset = place(layout::kNetStatWords * 8);
    header.mailboxesOffset = place(workers * sizeof(layout::Mailbox));
    header.arrivalsOffset = place(sizeof(layout::RingHeader) + 64 * sizeof(layout::Arrival));
    header.releasesOffset = place(sizeof(layout::RingHeader) + 64 * sizeof(uint32_t));
    header.totalBytes = static_cast<uint32_t>(end);
    bytes.reset(new (std::align_val_t{64}) std::byte[end]());
    size = end;
    std::memcpy(bytes.get(), &header, sizeof header);
  }
  SharedLayout layout() const { return {bytes.get(), size}; }
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte[], Free> bytes;
  size_t size;
};

}  // namespace

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
  ServerConfig config;
  config.port = {.device = device.device, .frames = 1023};
  config.self = kServer;
  config.poll = Poll::yield;
  config.application = {.name = "spin", .path = "", .scanType = 0};
  Server server(config, shared, Classifier(4, 4, false, {{1, 0}}, 1));
  // The port's own pool is the server's; frames for it come from another.
  rte_mempool* pool = rte_pktmbuf_pool_create("psp_test_pool", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  CHECK(pool != nullptr);

  // The dispatcher of this test is one loop: any free worker gets the next arrival. It shows the rings, not a policy.
  RingConsumer<layout::Arrival> arrivals(shared.arrivals(), shared.arrivalsCapacity());
  RingProducer<uint32_t> releases(shared.releases(), shared.releasesCapacity());
  uint32_t running[kWorkers] = {UINT32_MAX, UINT32_MAX};
  uint32_t sent = 0;
  uint32_t answered = 0;
  uint32_t unknown = 0;
  std::vector<bool> seen(kRequests);
  while (answered < kRequests) {
    if (sent < kRequests && sent - answered < 48) {
      // Every tenth has a type nobody knows.
      rte_mbuf* frame = requestFrame(pool, sent, sent % 10 == 0 ? 77 : 1, sent % 3 == 0 ? 2000 : 0);
      framesGiven(&server.port());
      if (rte_ring_sp_enqueue(device.toDevice, frame) == 0) ++sent;
      else rte_pktmbuf_free(frame);
    }
    for (uint32_t worker = 0; worker < kWorkers; ++worker) {
      layout::Mailbox& box = shared.mailbox(worker);
      const uint32_t seq = box.startSeq.load();
      if (running[worker] != UINT32_MAX && box.finishSeq.load() == seq) {
        CHECK_EQUAL(box.finishOutcome, static_cast<uint32_t>(layout::kCompleted));
        CHECK(releases.write(running[worker]));
        releases.publish();
        running[worker] = UINT32_MAX;
      }
      layout::Arrival arrival;
      if (running[worker] == UINT32_MAX && arrivals.take(&arrival, 1) == 1) {
        if (arrival.type == 1) ++unknown;
        running[worker] = arrival.slot;
        box.startSlot = arrival.slot;
        box.dispatchNs = arrival.arrivalNs;
        box.startSeq.store(seq + 1);
      }
    }
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
  CHECK_EQUAL(unknown, kRequests / 10);
  const auto stat = [&](layout::NetStat which) { return shared.netStats()[which].load(); };
  CHECK_EQUAL(stat(layout::kRequests), static_cast<double>(kRequests));
  CHECK_EQUAL(stat(layout::kRepliesSent), static_cast<double>(kRequests));
  CHECK_EQUAL(stat(layout::kUnknownType), static_cast<double>(kRequests / 10));
  CHECK_EQUAL(shared.mailbox(0).completed.load() + shared.mailbox(1).completed.load(), static_cast<double>(kRequests));
}

TEST("server: a request beyond all slots is refused and counted, an ARP question answered") {
  RingDevice device("full");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  ServerConfig config;
  config.port = {.device = device.device, .frames = 1023};
  config.self = kServer;
  config.poll = Poll::yield;
  config.application = {.name = "spin", .path = "", .scanType = 0};
  Server server(config, shared, Classifier(4, 4, false, {{1, 0}}, 1));
  rte_mempool* pool = rte_pktmbuf_pool_create("psp_test_pool_2", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  CHECK(pool != nullptr);
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
  const auto stat = [&](layout::NetStat which) { return shared.netStats()[which].load(); };
  CHECK_EQUAL(stat(layout::kRequests), 100.0);
  CHECK_EQUAL(stat(layout::kDroppedNoSlot), 36.0);
  CHECK_EQUAL(stat(layout::kArpAnswered), 1.0);
}
