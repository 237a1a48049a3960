#pragma once
#include <rte_eth_ring.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/spsc_ring.hpp"
#include "check.hpp"
#include "endpoints.hpp"
#include "net/classifier.hpp"
#include "net/eal.hpp"
#include "server/server.hpp"

// What the tests of ports and servers have in common: a device of two rings, shared memory, a dispatcher of one loop.

namespace psp::test {

/** One environment for all tests below: DPDK allows no second one in a process. */
inline Eal& eal() {
  static Eal environment({"--no-pci", "--no-huge", "--no-shconf", "-m", "128",
                          "--file-prefix=psp-test-" + std::to_string(getpid()),
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

/** Puts a frame where `port`, whose device it is, will receive it; waits for room. */
inline void give(const RingDevice& device, const Port& port, rte_mbuf* frame) {
  framesGiven(&port);
  while (rte_ring_sp_enqueue(device.toDevice, frame) != 0) sched_yield();
}

inline rte_mbuf* requestFrame(rte_mempool* pool, uint32_t id, uint32_t code, double demandNs) {
  rte_mbuf* frame = rte_pktmbuf_alloc(pool);
  CHECK(frame != nullptr);
  const RequestFields fields{.id = id, .type = code, .demandNs = demandNs, .wantsStamps = true};
  const size_t bytes = writeRequest(rte_pktmbuf_mtod(frame, uint8_t*), Payload::pspMb, kClient, kServer, fields, 0);
  frame->data_len = static_cast<uint16_t>(bytes);
  frame->pkt_len = static_cast<uint32_t>(bytes);
  return frame;
}

/** The shared memory as src/hw/memory/layout.ts lays it out, for one type. */
struct TestMemory {
  explicit TestMemory(uint32_t workers, uint32_t slots = 64, uint32_t arrivals = 64) {
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
    header.slots = slots;
    header.arrivalsCapacity = arrivals;
    header.releasesCapacity = slots;
    header.netStatsOffset = place(layout::kNetStatWords * 8);
    header.mailboxesOffset = place(workers * sizeof(layout::Mailbox));
    header.arrivalsOffset = place(sizeof(layout::RingHeader) + arrivals * sizeof(layout::Arrival));
    header.releasesOffset = place(sizeof(layout::RingHeader) + slots * sizeof(uint32_t));
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

/** What a server of the tests below is started from. */
inline ServerConfig serverConfig(const RingDevice& device) {
  ServerConfig config;
  config.port = {.device = device.device, .frames = 1023};
  config.self = kServer;
  config.poll = Poll::yield;
  config.application.name = "spin";
  config.typeNames = {"A"};
  return config;
}

/** Type code 1 is type 0; everything else nobody knows. */
inline Classifier oneType() { return Classifier(4, 4, false, {{1, 0}}, 1); }

/** Frames for a server, from a pool that is not the server's. */
inline rte_mempool* framePool(const char* name, unsigned frames) {
  rte_mempool* pool = rte_pktmbuf_pool_create(name, frames, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  CHECK(pool != nullptr);
  return pool;
}

/** A dispatcher of one loop: any free worker gets the next arrival. It shows the rings, not a policy. */
struct TestDispatcher {
  explicit TestDispatcher(const SharedLayout& memory)
      : shared(memory),
        arrivals(memory.arrivals(), memory.arrivalsCapacity()),
        releases(memory.releases(), memory.releasesCapacity()),
        running(memory.workers(), UINT32_MAX) {}
  void step() {
    for (uint32_t worker = 0; worker < shared.workers(); ++worker) {
      layout::Mailbox& box = shared.mailbox(worker);
      const uint32_t seq = box.startSeq.load();
      if (running[worker] != UINT32_MAX && box.finishSeq.load() == seq) {
        CHECK_EQUAL(box.finishOutcome, static_cast<uint32_t>(layout::kCompleted));
        CHECK(releases.write(running[worker]));
        releases.publish();
        running[worker] = UINT32_MAX;
        ++completed;
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
  }
  SharedLayout shared;
  RingConsumer<layout::Arrival> arrivals;
  RingProducer<uint32_t> releases;
  std::vector<uint32_t> running;
  uint32_t completed = 0;
  uint32_t unknown = 0;
};

inline double statistic(const SharedLayout& shared, layout::NetStat which) { return shared.netStats()[which].load(); }

/** The same, once it is what it will be: the net thread counts after it has acted. Gives up after five seconds. */
inline double statisticOnce(const SharedLayout& shared, layout::NetStat which, double atLeast) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (statistic(shared, which) < atLeast && std::chrono::steady_clock::now() < limit) sched_yield();
  return statistic(shared, which);
}

}  // namespace psp::test
