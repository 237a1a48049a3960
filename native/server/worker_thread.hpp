#pragma once
#include <array>
#include <exception>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/doorbell.hpp"
#include "base/shared_layout.hpp"
#include "base/spsc_ring.hpp"
#include "base/thread_setup.hpp"
#include "include/psp_app.h"
#include "server/slot_table.hpp"

namespace psp {

/** A reply on its way from a worker to the net thread. */
struct Reply {
  rte_mbuf* frame;
  uint32_t queue;
};

/**
 * One application worker: takes the request from its mailbox, runs it, makes the reply in the request's frame, hands it
 * to the net thread and tells the dispatcher.
 */
class WorkerThread {
 public:
  struct Setup {
    uint32_t index;
    std::optional<int> core;
    Poll poll;
    /** A worker that yields looks this often for work before it does. */
    int looksBeforeYield;
    Payload payload;
    Clock clock;
    const psp_app& app;
    /** For the application's setup: its parameters as JSON, and the names of the types. */
    const std::string& parameters;
    const std::vector<const char*>& typeNames;
  };

  /** Replies that may wait for the net thread before the worker waits. */
  static constexpr uint32_t kReplyRingEntries = 1024;

  WorkerThread(const Setup& setup, const SharedLayout& shared, SlotTable& slots);
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  /** Waits until the application is set up. @throws what went wrong there */
  void waitUntilReady() { ready_.get_future().get(); }
  /** Waits for its end, after the stop word was set. Its reply ring stays. */
  void join();
  RingConsumer<Reply> replies() const { return replyMemory_.consumer(); }

 private:
  void run();
  /** Returns the application's state. @throws std::runtime_error with what its setup says */
  void* setUpApplication();
  void serve();
  void handle(uint32_t seq);
  void reply(Slot& slot, double endNs, size_t bodyBytes);
  void waitForWork(uint32_t lastSeq);

  Setup setup_;
  uint32_t workers_;
  /** Since it last had work. */
  int looks_ = 0;
  layout::Control& control_;
  layout::Mailbox& mailbox_;
  SlotTable& slots_;
  RingMemory<Reply> replyMemory_;
  RingProducer<Reply> replies_;
  void* state_ = nullptr;
  /** The application writes its reply here. It gets into the frame after the request was read. */
  std::array<uint8_t, kMaxFrameBytes> replyBody_;
  std::promise<void> ready_;
  std::thread thread_;
};

}  // namespace psp
