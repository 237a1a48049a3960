#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "apps/application.hpp"
#include "apps/spin_app.hpp"
#include "check.hpp"
#include "server/worker_thread.hpp"
#include "server_fixture.hpp"

// What an application is given and what becomes of what it returns: one worker, whose mailbox the test fills.

using namespace psp;
using namespace psp::test;

namespace {

/** What the application below does next, and what it was last given. */
struct Script {
  std::atomic<int> outcome{PSP_APP_DONE};
  std::atomic<size_t> replyBytes{0};
  psp_app_request seen{};
  std::string payload;
  size_t capacity = 0;
  uint32_t scratch = 0;
  bool clean = false;
  std::atomic<int> tornDown{0};
};
Script script;

/** Counts its calls for a request in the first and last word of the scratch; replies with letters. */
int handleAsTold(void*, psp_app_request* request, const uint8_t* payload, size_t length, psp_app_reply* reply,
                 const psp_app_preempt*) {
  auto* words = static_cast<uint32_t*>(request->scratch);
  const size_t last = 4096 / sizeof(uint32_t) - 1;
  script.seen = *request;
  script.clean = words[0] == words[last] && reply->length == 0;
  script.scratch = ++words[0];
  words[last] = words[0];
  script.payload.assign(reinterpret_cast<const char*>(payload), length);
  script.capacity = reply->capacity;
  std::memset(reply->data, 'r', reply->capacity);
  reply->length = script.replyBytes;
  return script.outcome;
}

psp_app scripted() {
  psp_app app{};
  app.abi_version = PSP_APP_ABI_VERSION;
  app.struct_size = sizeof app;
  app.name = "scripted";
  app.request_bytes = 4096;
  app.setup = [](const psp_app_worker*, const char*, void**, char*, size_t) { return 0; };
  app.handle = handleAsTold;
  app.teardown = [](void*) { ++script.tornDown; };
  return app;
}

/** A datagram from the client with any payload. */
rte_mbuf* datagram(rte_mempool* pool, const std::string& payload) {
  rte_mbuf* frame = requestFrame(pool, 0, 0, 0);
  uint8_t* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  const ParsedFrame asReply{FrameKind::datagram, kHeadersBytes, 0, 0, 0};
  const size_t length = makeReplyInPlace(bytes, kMaxFrameBytes, asReply, Payload::udp, false, {},
                                         {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()});
  frame->data_len = frame->pkt_len = static_cast<uint16_t>(length);
  return frame;
}

/** One worker and its mailbox. */
struct OneWorker {
  OneWorker(const char* name, Payload format)
      : memory(1),
        shared(memory.layout()),
        app(scripted()),
        slots(4, app.request_bytes),
        worker({0, std::nullopt, Poll::yield, 0, format, Clock::calibrate(), app, parameters, types}, shared, slots) {
    eal();
    pool = framePool(name, 63);
    worker.waitUntilReady();
  }
  ~OneWorker() { shared.control().runState.store(layout::kStopped); }

  /** Puts a request into a slot, as the net thread does. */
  void arrive(uint32_t index, const std::string& text) {
    Slot& slot = slots[index];
    slot.frame = datagram(pool, text);
    slot.parsed = parseFrame(rte_pktmbuf_mtod(slot.frame, uint8_t*), slot.frame->data_len, {{}, kClient.ip, 32768});
    CHECK(slot.parsed.kind == FrameKind::datagram);
    slot.body = rte_pktmbuf_mtod_offset(slot.frame, const uint8_t*, slot.parsed.payloadOffset);
    slot.bodyBytes = slot.parsed.payloadBytes;
    slot.startNs = slot.dispatchNs = -1;
    slot.request.type = 0;
    slot.request.demand_ns = 5;
  }
  void run(uint32_t index) {
    layout::Mailbox& box = shared.mailbox(0);
    box.startSlot = index;
    const uint32_t seq = box.startSeq.load() + 1;
    box.startSeq.store(seq);
    while (box.finishSeq.load() != seq) sched_yield();
  }
  /** The payload of the reply to what ran. */
  std::string reply() {
    RingConsumer<Reply> replies = worker.replies();
    Reply taken;
    CHECK_EQUAL(replies.take(&taken, 1), 1u);
    const uint8_t* bytes = rte_pktmbuf_mtod(taken.frame, const uint8_t*);
    const ParsedFrame parsed = parseFrame(bytes, taken.frame->data_len, {{}, kServer.ip, 6789});
    CHECK(parsed.kind == FrameKind::datagram);
    std::string text(reinterpret_cast<const char*>(bytes) + parsed.payloadOffset, parsed.payloadBytes);
    rte_pktmbuf_free(taken.frame);
    return text;
  }

  TestMemory memory;
  SharedLayout shared;
  psp_app app;
  std::string parameters = "{}";
  std::vector<const char*> types = {"A"};
  SlotTable slots;
  rte_mempool* pool = nullptr;
  WorkerThread worker;
};

}  // namespace

TEST("application: scratch is zero at a request's begin, its own, and survives a preemption") {
  script.tornDown = 0;
  {
    OneWorker one("psp_scratch_pool", Payload::udp);
    one.arrive(0, "first");
    one.arrive(1, "second");
    script.outcome = PSP_APP_PREEMPTED;
    for (uint32_t call = 1; call <= 3; ++call) {
      for (const uint32_t slot : {0u, 1u}) {
        one.run(slot);
        CHECK(script.clean);
        CHECK_EQUAL(script.scratch, call);
        CHECK_EQUAL(script.seen.preemptions, call - 1);
        CHECK_EQUAL(reinterpret_cast<uintptr_t>(script.seen.scratch) % 16, 0u);
        CHECK(script.payload == (slot == 0 ? "first" : "second"));
      }
    }
    script.outcome = PSP_APP_DONE;
    for (const uint32_t slot : {0u, 1u}) {
      one.run(slot);
      CHECK(one.reply().empty());
    }
    one.arrive(0, "third");
    one.run(0);
    CHECK_EQUAL(script.scratch, 1u);
    CHECK_EQUAL(script.seen.preemptions, 0u);
    CHECK(script.payload == "third");
    CHECK_EQUAL(one.shared.mailbox(0).preempted.load(), 6.0);
    CHECK(one.reply().empty());
  }
  CHECK_EQUAL(script.tornDown.load(), 1);
}

TEST("application: its reply is sent, one that is too long is a failure, and a silent one is not answered") {
  OneWorker one("psp_reply_pool", Payload::udp);
  script.outcome = PSP_APP_DONE;
  script.replyBytes = 5;
  one.arrive(0, "question");
  one.run(0);
  CHECK(one.reply() == "rrrrr");
  CHECK_EQUAL(script.capacity, kMaxFrameBytes - kHeadersBytes);
  script.replyBytes = script.capacity;
  one.arrive(0, "question");
  one.run(0);
  CHECK(one.reply() == std::string(script.capacity, 'r'));

  const layout::Mailbox& box = one.shared.mailbox(0);
  CHECK_EQUAL(box.failed.load(), 0.0);
  script.replyBytes = script.capacity + 1;
  one.arrive(0, "question");
  one.run(0);
  CHECK(one.reply().empty());
  CHECK_EQUAL(box.failed.load(), 1.0);
  script.replyBytes = 2;
  for (const int outcome : {int{PSP_APP_FAILED}, 77}) {
    script.outcome = outcome;
    one.arrive(0, "question");
    one.run(0);
    CHECK(one.reply() == "rr");
  }
  CHECK_EQUAL(box.failed.load(), 3.0);

  script.outcome = PSP_APP_SILENT;
  one.arrive(0, "question");
  one.run(0);
  CHECK_EQUAL(box.repliesWithheld.load(), 1.0);
  CHECK_EQUAL(box.completed.load(), 6.0);
  CHECK(one.slots[0].frame != nullptr);
  Reply none;
  CHECK_EQUAL(one.worker.replies().take(&none, 1), 0u);
  rte_pktmbuf_free(one.slots[0].frame);
  script.replyBytes = 0;
}

TEST("application: with a format that has a header, body and reply follow it") {
  const ParsedFrame parsed{FrameKind::datagram, kHeadersBytes, 20, kClient.ip, 9};
  CHECK_EQUAL(replyRoom(parsed, Payload::pspMb, false), 1514u - 42 - 12);
  CHECK_EQUAL(replyRoom(parsed, Payload::pspMb, true), 1514u - 42 - 48);
  CHECK_EQUAL(replyRoom(parsed, Payload::ix, false), 1514u - 42 - 42);
  RingDevice device("body");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  Server server(serverConfig(device), shared, oneType());
  rte_mempool* pool = framePool("psp_body_pool", 63);
  TestDispatcher dispatcher(shared);
  give(device, server.port(), requestFrame(pool, 7, 1, 0));
  void* reply = nullptr;
  while (rte_ring_sc_dequeue(device.fromDevice, &reply) != 0) dispatcher.step();
  framesTaken(&server.port());
  auto* frame = static_cast<rte_mbuf*>(reply);
  CHECK_EQUAL(frame->data_len, kHeadersBytes + kPspReplyBytes);
  rte_pktmbuf_free(frame);
}

TEST("application: what cannot be loaded says why") {
  const auto refusal = [](const ApplicationConfig& config) {
    try {
      loadApplication(config);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal({.name = "spinn"}) == "application 'spinn': expected one of spin, sleep, rocksdb");
  CHECK(refusal({.plugin = "/nosuch/lib.so"}) == "plug-in /nosuch/lib.so: there is no such file");
  CHECK(refusal({.name = "spin"}).empty());
}

TEST("application: a setup that fails ends the start with its words") {
  RingDevice device("setup");
  TestMemory memory(2);
  ServerConfig config = serverConfig(device);
  config.application.parameters = "{\"us\":1}";
  std::string said;
  try {
    const Server server(config, memory.layout(), oneType());
  } catch (const std::exception& error) {
    said = error.what();
  }
  CHECK(said == "application spin: setup failed: it has no parameters");
}

TEST("spin: neither a demand beyond all clocks nor one that is used up leaves the range of its counter") {
  psp_app_worker worker{};
  worker.ns_per_tick = Clock::calibrate().nsPerTick();
  SpinApp app(worker, "{}");
  const uint32_t word = 1;
  SpinApp::Progress progress{};
  psp_app_request request{};
  request.scratch = &progress;
  request.demand_ns = 0x1p80;
  const psp_app_preempt raised{&word, 1};
  CHECK_EQUAL(app.handle(&request, nullptr, 0, nullptr, &raised), int{PSP_APP_PREEMPTED});
  request.demand_ns = 100;
  progress.doneNs = 200;
  const psp_app_preempt lowered{&word, 2};
  CHECK_EQUAL(app.handle(&request, nullptr, 0, nullptr, &lowered), int{PSP_APP_DONE});
}

TEST("application: parameters are found in the outermost object only") {
  const char* json = R"({"a":{"bytes":1},"name":"x,}{\"","bytes":4096,"list":[1,{"b":2}],"path":"/a b"})";
  double value = -1;
  CHECK_EQUAL(psp_params_number(json, "bytes", &value), 1);
  CHECK_EQUAL(value, 4096.0);
  CHECK_EQUAL(psp_params_count(json), 5u);
  CHECK_EQUAL(psp_params_count("{}"), 0u);
  CHECK_EQUAL(psp_params_number(json, "b", &value), 0);
  CHECK_EQUAL(psp_params_number(json, "path", &value), 0);
  CHECK_EQUAL(psp_params_number(json, "byte", &value), 0);
  char text[5];
  CHECK_EQUAL(psp_params_text(json, "path", text, sizeof text), 1);
  CHECK(std::string(text) == "/a b");
  CHECK_EQUAL(psp_params_text(json, "path", text, 4), 0);
  CHECK_EQUAL(psp_params_text(json, "name", text, sizeof text), 0);
  CHECK_EQUAL(psp_params_text(json, "bytes", text, sizeof text), 0);
}
