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
      workers_(shared.workers()),
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
  try {
    if (setup_.core) pinThisThread(*setup_.core);
    sharpenTimersOfThisThread();
    preferThisThread(setup_.poll);
    state_ = setUpApplication();
  } catch (...) {
    ready_.set_exception(std::current_exception());
    return;
  }
  ready_.set_value();
  serve();
  if (setup_.app.teardown != nullptr) setup_.app.teardown(state_);
}

void* WorkerThread::setUpApplication() {
  // The atomic words of the shared memory are plain words to an application.
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
  const psp_app_worker worker{
      .struct_size = sizeof(psp_app_worker),
      .worker = setup_.index,
      .workers = workers_,
      .types = static_cast<uint32_t>(setup_.typeNames.size()),
      .type_names = setup_.typeNames.data(),
      .ns_per_tick = setup_.clock.nsPerTick(),
      .bell = reinterpret_cast<uint32_t*>(&mailbox_.bell),
  };
  char error[512] = "";
  void* state = nullptr;
  if (setup_.app.setup(&worker, setup_.parameters.c_str(), &state, error, sizeof error) == 0) return state;
  error[sizeof error - 1] = '\0';
  const std::string words = error[0] == '\0' ? "it did not say why" : error;
  throw std::runtime_error(std::string("application ") + setup_.app.name + ": setup failed: " + words);
}

void WorkerThread::serve() {
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
    looks_ = 0;
    handle(seq);
  }
}

void WorkerThread::waitForWork(uint32_t lastSeq) {
  if (setup_.poll == Poll::yield && looks_ < setup_.looksBeforeYield) {
    ++looks_;
    return pauseInstruction();
  }
  if (setup_.poll != Poll::sleep) return idleOnce(setup_.poll);
  Doorbell bell(mailbox_.bell);
  bell.arm();
  if (mailbox_.startSeq.load(std::memory_order_seq_cst) != lastSeq) return bell.disarm();
  bell.wait(setup_.clock.monotonicAt(setup_.clock.nowNs() + kLookAroundNs));
}

void WorkerThread::handle(uint32_t seq) {
  Slot& slot = slots_[mailbox_.startSlot];
  const double startNs = setup_.clock.nowNs();
  if (slot.startNs < 0) {
    slot.startNs = startNs;
    slot.dispatchNs = mailbox_.dispatchNs;
    slot.request.preemptions = 0;
    slots_.clearScratch(slot);
  }
  slot.request.worker = setup_.index;
  psp_app_reply body{replyBody_.data(), replyRoom(slot.parsed, setup_.payload, slot.wantsStamps), 0};
  const psp_app_preempt preempt{reinterpret_cast<const uint32_t*>(&mailbox_.preemptSeq), seq};
  const size_t room = body.capacity;
  const int outcome = setup_.app.handle(state_, &slot.request, slot.body, slot.bodyBytes, &body, &preempt);
  const double endNs = setup_.clock.nowNs();
  addTo(mailbox_.busyNs, endNs - startNs);
  if (outcome == PSP_APP_PREEMPTED) {
    ++slot.request.preemptions;
    addTo(mailbox_.preempted, 1);
  } else {
    const bool fits = body.length <= room;
    if ((outcome != PSP_APP_DONE && outcome != PSP_APP_SILENT) || !fits) addTo(mailbox_.failed, 1);
    if (outcome == PSP_APP_SILENT && setup_.payload == Payload::udp) {
      // The net thread frees the frame when the slot comes back.
      addTo(mailbox_.repliesWithheld, 1);
    } else {
      reply(slot, endNs, fits ? body.length : 0);
    }
    addTo(mailbox_.completed, 1);
  }
  mailbox_.finishOutcome = outcome == PSP_APP_PREEMPTED ? layout::kPreempted : layout::kCompleted;
  mailbox_.finishNs = endNs;
  mailbox_.finishSeq.store(seq, std::memory_order_seq_cst);
  if (setup_.poll == Poll::sleep) Doorbell(control_.dispatcherBell).ring();
}

void WorkerThread::reply(Slot& slot, double endNs, size_t bodyBytes) {
  rte_mbuf* frame = slot.frame;
  uint8_t* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  const size_t capacity = frame->buf_len - frame->data_off;
  const Stamps stamps{slot.arrivalNs, slot.dispatchNs, slot.startNs, endNs, setup_.index};
  const size_t length = makeReplyInPlace(bytes, capacity, slot.parsed, setup_.payload, slot.wantsStamps, stamps,
                                         {replyBody_.data(), bodyBytes});
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
