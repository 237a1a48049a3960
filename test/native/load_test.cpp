#include "client/load_generator.hpp"

#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "check.hpp"
#include "client/load_thread.hpp"
#include "net/bytes.hpp"
#include "server_fixture.hpp"

// The load generator over in-process rings, whose other end the test plays by hand.

using namespace psp;
using namespace psp::test;

namespace {

constexpr double kNever = std::numeric_limits<double>::quiet_NaN();

/** Requests 1 us apart, of a type of code 1, and what happened to them. */
struct Played {
  explicit Played(uint32_t requests, double gapNs = 1e3)
      : planned(requests),
        demand(requests, 0),
        code(requests, 1),
        flow(requests, 0),
        columns(6, std::vector<double>(requests, kNever)),
        worker(requests, -1) {
    for (uint32_t i = 0; i < requests; ++i) planned[i] = gapNs * i;
  }
  TraceView trace() const {
    return {static_cast<uint32_t>(planned.size()), planned.data(), demand.data(), code.data(), flow.data()};
  }
  RecordView records() {
    return {columns[0].data(), columns[1].data(), columns[2].data(), columns[3].data(),
            columns[4].data(), columns[5].data(), worker.data()};
  }
  std::vector<double> planned, demand;
  std::vector<uint32_t> code, flow;
  std::vector<std::vector<double>> columns;
  std::vector<int32_t> worker;
};

LoadConfig loadConfig(const RingDevice& device) {
  LoadConfig config;
  config.port = {.device = device.device, .frames = 1023};
  config.self = kClient;
  config.server = kServer;
  config.poll = Poll::yield;
  config.drainNs = 50e6;
  config.idBase = 0xffff'fffe;  // ids wrap
  return config;
}

/** Whose port the frames pass: for ThreadSanitizer, see frame_passing.hpp. */
const Port* wire = nullptr;

/** What the other end gets next; nothing when that takes longer than `patience`. */
rte_mbuf* takeFrom(const RingDevice& device, std::chrono::milliseconds patience = std::chrono::milliseconds(2000)) {
  const auto limit = std::chrono::steady_clock::now() + patience;
  void* frame = nullptr;
  while (rte_ring_sc_dequeue(device.fromDevice, &frame) != 0) {
    if (std::chrono::steady_clock::now() > limit) return nullptr;
    sched_yield();
  }
  framesTaken(wire);
  return static_cast<rte_mbuf*>(frame);
}

/** Replies to a request as a server does; `shift` is added to its id. */
void answer(const RingDevice& device, rte_mbuf* frame, uint32_t shift = 0) {
  uint8_t* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  const ParsedFrame parsed = parseFrame(bytes, frame->data_len, kServer);
  CHECK(parsed.kind == FrameKind::datagram);
  uint32_t id;
  std::memcpy(&id, bytes + parsed.payloadOffset, 4);
  id += shift;
  std::memcpy(bytes + parsed.payloadOffset, &id, 4);
  const size_t room = frame->buf_len - frame->data_off;
  const size_t length = makeReplyInPlace(bytes, room, parsed, Payload::pspMb, true, {1, 2, 3, 4});
  frame->data_len = frame->pkt_len = static_cast<uint16_t>(length);
  give(device, *wire, frame);
}

void connect(LoadGenerator& load) {
  wire = &load.port();
  load.connect();
  while (load.connection() == Connection::connecting) sched_yield();
  CHECK(load.connection() == Connection::connected);
}

LoadEnd endOf(const LoadGenerator& load) {
  while (load.end() == LoadEnd::running) usleep(1000);
  return load.end();
}

double seconds(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

TEST("load: sends the trace, records each reply, takes none that belongs to an earlier run") {
  constexpr uint32_t kRequests = 300;
  RingDevice device("load_plain");
  Played played(kRequests);
  LoadGenerator load(loadConfig(device), played.trace(), played.records());
  connect(load);
  load.start();
  for (uint32_t i = 0; i < kRequests; ++i) {
    rte_mbuf* frame = takeFrom(device);
    CHECK(frame != nullptr);
    // Ids far from the base are of another run.
    if (i == 7) {
      rte_mbuf* stale = rte_pktmbuf_copy(frame, frame->pool, 0, UINT32_MAX);
      CHECK(stale != nullptr);
      answer(device, stale, 1'000'000);
    }
    answer(device, frame);
  }
  CHECK(endOf(load) == LoadEnd::complete);
  CHECK_EQUAL(load.counts(0).received.load(), static_cast<double>(kRequests));
  CHECK_EQUAL(load.counts(0).duplicates.load(), 1.0);
  CHECK_EQUAL(load.counts(0).malformed.load(), 0.0);
  for (uint32_t i = 0; i < kRequests; ++i) {
    CHECK(played.columns[1][i] > played.columns[0][i] && played.columns[5][i] == 4);
  }
}

/** Replies from another port than the request went to, or with an IPv4 checksum that is wrong. */
void answerBadly(const RingDevice& device, rte_mbuf* frame, bool fromElsewhere) {
  uint8_t* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  const ParsedFrame parsed = parseFrame(bytes, frame->data_len, kServer);
  const size_t length = makeReplyInPlace(bytes, frame->buf_len - frame->data_off, parsed, Payload::pspMb, false, {});
  frame->data_len = frame->pkt_len = static_cast<uint16_t>(length);
  if (fromElsewhere) storeBig16(bytes + 34, 34074);
  else bytes[24] ^= 0xff;
  give(device, *wire, frame);
}

TEST("load: counts by what is wrong with it what it throws away, and takes answers from elsewhere when told to") {
  for (const bool anySource : {false, true}) {
    RingDevice device(anySource ? "load_any" : "load_strict");
    Played played(4);
    LoadConfig config = loadConfig(device);
    config.anySource = anySource;
    LoadGenerator load(config, played.trace(), played.records());
    connect(load);
    load.start();
    for (uint32_t i = 0; i < 4; ++i) answerBadly(device, takeFrom(device), i < 3);
    CHECK(endOf(load) == (anySource ? LoadEnd::drained : LoadEnd::serverGone));
    const LoadCounts& counts = load.counts(0);
    CHECK_EQUAL(counts.received.load(), anySource ? 3.0 : 0.0);
    CHECK_EQUAL(counts.foreign.load(), anySource ? 0.0 : 3.0);
    CHECK_EQUAL(counts.badChecksum.load(), 1.0);
    CHECK_EQUAL(counts.malformed.load(), 0.0);
    CHECK_EQUAL(counts.stranger.load(), anySource ? 0.0 : kServer.ip * 65536.0 + 34074);
  }
}

TEST("load: answers who asks for its address, while it looks for the server and while it sends") {
  RingDevice device("load_arp");
  Played played(2, 100e6);
  LoadConfig config = loadConfig(device);
  config.server.mac = {};
  LoadGenerator load(config, played.trace(), played.records());
  wire = &load.port();
  load.connect();
  rte_mempool* pool = framePool("psp_load_arp", 63);
  const auto ask = [&] {
    rte_mbuf* question = rte_pktmbuf_alloc(pool);
    const size_t length = writeArpRequest(rte_pktmbuf_mtod(question, uint8_t*), kServer, kClient.ip);
    question->data_len = question->pkt_len = static_cast<uint16_t>(length);
    give(device, *wire, question);
  };
  // Takes frames until one is of that kind for the server.
  const auto await = [&](FrameKind kind) {
    for (;;) {
      rte_mbuf* frame = takeFrom(device);
      CHECK(frame != nullptr);
      if (parseFrame(rte_pktmbuf_mtod(frame, uint8_t*), frame->data_len, kServer).kind == kind) return frame;
      rte_pktmbuf_free(frame);
    }
  };
  rte_mbuf* question = await(FrameKind::arpRequest);
  ask();
  rte_pktmbuf_free(await(FrameKind::arpReply));
  makeArpReplyInPlace(rte_pktmbuf_mtod(question, uint8_t*), kServer);
  give(device, *wire, question);
  while (load.connection() == Connection::connecting) sched_yield();
  CHECK(load.connection() == Connection::connected);
  load.start();
  answer(device, await(FrameKind::datagram));
  ask();
  rte_pktmbuf_free(await(FrameKind::arpReply));
  answer(device, await(FrameKind::datagram));
  CHECK(endOf(load) == LoadEnd::complete);
  CHECK_EQUAL(load.counts(0).foreign.load(), 0.0);
}

TEST("load: a lost reply costs itself, and not its place among those under way") {
  constexpr uint32_t kRequests = 3;
  RingDevice device("load_lost");
  Played played(kRequests);
  LoadConfig config = loadConfig(device);
  config.concurrency = 1;
  config.closedLoop = true;
  LoadGenerator load(config, played.trace(), played.records());
  connect(load);
  load.start();
  rte_pktmbuf_free(takeFrom(device));
  for (uint32_t i = 1; i < kRequests; ++i) {
    rte_mbuf* frame = takeFrom(device);
    CHECK(frame != nullptr);
    answer(device, frame);
  }
  CHECK(endOf(load) == LoadEnd::drained);
  CHECK_EQUAL(load.counts(0).received.load(), 2.0);
}

TEST("load: a server that falls silent is gone, also while there is more to send; one that loses replies is not") {
  for (const bool silent : {true, false}) {
    constexpr uint32_t kRequests = 200;
    RingDevice device(silent ? "load_silent" : "load_lossy");
    Played played(kRequests, 5e6);
    LoadConfig config = loadConfig(device);
    // The server here is this thread, which a busy machine may hold up for a while.
    if (!silent) config.drainNs = 500e6;
    LoadGenerator load(config, played.trace(), played.records());
    connect(load);
    load.start();
    uint32_t seen = 0;
    while (load.end() == LoadEnd::running) {
      rte_mbuf* frame = takeFrom(device, std::chrono::milliseconds(10));
      if (frame == nullptr) continue;
      ++seen;
      if (silent ? seen <= 20 : seen % 5 == 0) answer(device, frame);
      else rte_pktmbuf_free(frame);
    }
    CHECK(load.end() == (silent ? LoadEnd::serverGone : LoadEnd::drained));
    CHECK_EQUAL(load.counts(0).received.load(), silent ? 20.0 : 40.0);
    CHECK_EQUAL(load.counts(0).sent.load() < kRequests, silent);
  }
}

TEST("load: one that never answers is gone, however few were sent") {
  RingDevice device("load_dead");
  Played played(3);
  LoadGenerator load(loadConfig(device), played.trace(), played.records());
  connect(load);
  load.start();
  CHECK(endOf(load) == LoadEnd::serverGone);
}

TEST("load: stopped, it sends no more and takes what is under way") {
  RingDevice device("load_stop");
  Played played(100'000, 1e6);
  LoadConfig config = loadConfig(device);
  config.drainNs = 1e9;
  LoadGenerator load(config, played.trace(), played.records());
  connect(load);
  load.start();
  for (int i = 0; i < 5; ++i) answer(device, takeFrom(device));
  rte_mbuf* underWay = takeFrom(device);
  load.stop();
  usleep(100'000);
  CHECK(load.end() == LoadEnd::running);
  while (rte_mbuf* more = takeFrom(device, std::chrono::milliseconds(1))) answer(device, more);
  answer(device, underWay);
  CHECK(endOf(load) == LoadEnd::stopped);
  CHECK_EQUAL(load.counts(0).received.load(), load.counts(0).sent.load());
}

TEST("load: stopped while it looks for a server, it ends at once") {
  RingDevice device("load_nobody");
  Played played(1);
  LoadConfig config = loadConfig(device);
  config.server.mac = {};
  config.connectNs = 60e9;
  CHECK(seconds([&] {
          LoadGenerator load(config, played.trace(), played.records());
          load.connect();
          usleep(20'000);
          CHECK(load.connection() == Connection::connecting);
        }) < 5);
  RingDevice again("load_nobody_again");
  config.port.device = again.device;
  config.connectNs = 10e6;
  LoadGenerator load(config, played.trace(), played.records());
  load.connect();
  while (load.connection() == Connection::connecting) sched_yield();
  CHECK(load.connection() == Connection::failed);
  CHECK(load.connectError().find("did not answer ARP") != std::string::npos);
}

TEST("load: a thread that cannot be pinned is an error") {
  RingDevice device("load_unpinned");
  Played played(1);
  LoadConfig config = loadConfig(device);
  config.cores = {1000};
  LoadGenerator load(config, played.trace(), played.records());
  connect(load);
  try {
    load.start();
    CHECK(false);
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("cannot pin a thread to core 1000") != std::string::npos);
  }
}
