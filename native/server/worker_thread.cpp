#include "server/worker_thread.hpp"

#include <rte_mbuf.h>

#include <string>

#include "base/statistic.hpp"

namespace psp {
namespace {

/** A worker waits this long for room in its reply ring, then drops the reply: the net thread is not late but gone. */
constexpr double kReplyPatienceNs = 100e6;
/** A sleeping worker looks at the stop word at least this often. */
constexpr double kLookAroundNs = 50e6;

}  // namespace

WorkerThread::WorkerThread(const Setup& setup, const SharedLayout& shared, SlotTable& slots)
    : setup_(setup),
      control_(shared.control()),
      mailbox_(shared.mailbox(setup.index)),
      slots_(slots),
      replyMemory_(kReplyRingEntries),
      replies_(replyMemory_.producer()),
      thread_(&WorkerThread::run, this) {}

WorkerThread::~WorkerThread() { join(); }

void WorkerThread::join() {
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::run() {
  nameThisThread(("psp-worker-" + std::to_string(setup_.index)).c_str());
  std::unique_ptr<Application> application;
  try {
    if (setup_.core) pinThisThread(*setup_.core);
    sharpenTimersOfThisThread();
    preferThisThread(setup_.poll);
    application = setup_.makeApplication(setup_.clock, Doorbell(mailbox_.bell));
    application->setup(setup_.index);
  } catch (...) {
    ready_.set_exception(std::current_exception());
    return;
  }
  ready_.set_value();
  serve(*application);
}

void WorkerThread::serve(Application& application) {
  uint32_t lastSeq = mailbox_.finishSeq.load(std::memory_order_relaxed);
  while (control_.runState.load(std::memory_order_relaxed) < layout::kStopped) {
    const uint32_t seq = mailbox_.startSeq.load(std::memory_order_acquire);
    if (seq == lastSeq) {
      waitForWork(lastSeq);
      continue;
    }
    // Looked at again after the start was seen. The stopper stores the word first and then tells the latest start to
    // give up: either this thread sees the word, or the stopper saw the start.
    if (control_.runState.load(std::memory_order_seq_cst) >= layout::kStopped) break;
    lastSeq = seq;
    handle(application, seq);
  }
}

void WorkerThread::waitForWork(uint32_t lastSeq) {
  if (setup_.poll != Poll::sleep) return idleOnce(setup_.poll);
  Doorbell bell(mailbox_.bell);
  bell.arm();
  if (mailbox_.startSeq.load(std::memory_order_seq_cst) != lastSeq) return bell.disarm();
  bell.wait(setup_.clock.monotonicAt(setup_.clock.nowNs() + kLookAroundNs));
}

void WorkerThread::handle(Application& application, uint32_t seq) {
  Slot& slot = slots_[mailbox_.startSlot];
  const double startNs = setup_.clock.nowNs();
  if (slot.startNs < 0) {
    slot.startNs = startNs;
    slot.dispatchNs = mailbox_.dispatchNs;
  }
  const Handled handled = application.handle(slot.request, PreemptFlag(mailbox_.preemptSeq, seq));
  const double endNs = setup_.clock.nowNs();
  addTo(mailbox_.busyNs, endNs - startNs);
  if (handled == Handled::preempted) {
    addTo(mailbox_.preempted, 1);
  } else {
    if (handled == Handled::failed) addTo(mailbox_.failed, 1);
    reply(slot, endNs);
    addTo(mailbox_.completed, 1);
  }
  mailbox_.finishOutcome = handled == Handled::preempted ? layout::kPreempted : layout::kCompleted;
  mailbox_.finishNs = endNs;
  mailbox_.finishSeq.store(seq, std::memory_order_seq_cst);
  if (setup_.poll == Poll::sleep) Doorbell(control_.dispatcherBell).ring();
}

void WorkerThread::reply(Slot& slot, double endNs) {
  rte_mbuf* frame = slot.frame;
  uint8_t* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  const size_t capacity = frame->buf_len - frame->data_off;
  const Stamps stamps{slot.arrivalNs, slot.dispatchNs, slot.startNs, endNs, setup_.index};
  const size_t length = makeReplyInPlace(bytes, capacity, slot.parsed, setup_.payload, slot.wantsStamps, stamps);
  frame->data_len = static_cast<uint16_t>(length);
  frame->pkt_len = static_cast<uint32_t>(length);
  if (length > 0) {
    const Reply message{frame, slot.queue};
    const double patience = setup_.clock.nowNs() + kReplyPatienceNs;
    // The frame leaves the slot before the ring shows it, because from then on it belongs to the net thread.
    slot.frame = nullptr;
    do {
      if (replies_.write(message)) return replies_.publish();
      idleOnce(setup_.poll);
    } while (setup_.clock.nowNs() < patience);
    slot.frame = frame;  // the net thread frees it when the slot comes back
  }
  addTo(mailbox_.repliesDropped, 1);
}

}  // namespace psp
