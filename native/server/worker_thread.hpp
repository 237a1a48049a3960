#pragma once
#include <exception>
#include <future>
#include <optional>
#include <thread>

#include "apps/application.hpp"
#include "base/shared_layout.hpp"
#include "base/spsc_ring.hpp"
#include "base/thread_setup.hpp"
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
    Payload payload;
    Clock clock;
    ApplicationFactory makeApplication;
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
  void serve(Application& application);
  void handle(Application& application, uint32_t seq);
  void reply(Slot& slot, double endNs);
  void waitForWork(uint32_t lastSeq);

  Setup setup_;
  layout::Control& control_;
  layout::Mailbox& mailbox_;
  SlotTable& slots_;
  RingMemory<Reply> replyMemory_;
  RingProducer<Reply> replies_;
  std::promise<void> ready_;
  std::thread thread_;
};

}  // namespace psp
