#include "client/load_thread.hpp"

#include <cmath>
#include <string>

#include "base/statistic.hpp"
#include "net/eal.hpp"

namespace psp {
namespace {

/** A link that is down this long is a server that is gone, not one that is restarting its queues. */
constexpr double kGoneAfterNs = 200e6;
/** The link is looked at this often. */
constexpr double kLookAtLinkEveryNs = 20e6;

}  // namespace

LoadThread::LoadThread(LoadGenerator& load, uint32_t index, uint32_t threads)
    : load_(load), queue_(static_cast<uint16_t>(index)), stride_(threads), next_(index) {}

LoadThread::~LoadThread() {
  if (thread_.joinable()) thread_.join();
}

void LoadThread::run(int core) {
  nameThisThread(("psp-load-" + std::to_string(queue_)).c_str());
  LoadEnd result = LoadEnd::stopped;
  try {
    const EalThread lcore;
    if (core >= 0) pinThisThread(core);
    sharpenTimersOfThisThread();
    preferThisThread(load_.config_.poll);
    result = play();
  } catch (const std::exception&) {
    // No lcore id or no such core: nothing was sent by this thread, which the counts then show.
    load_.sending_.fetch_sub(1);
  }
  end.store(static_cast<uint32_t>(result), std::memory_order_release);
}

LoadEnd LoadThread::play() {
  const Clock& clock = load_.clock_;
  bool sending = true;
  double lastProgressNs = 0;
  double lookAtLinkNs = 0;
  double downSinceNs = -1;
  LoadEnd result = LoadEnd::running;
  while (result == LoadEnd::running) {
    const double nowNs = clock.nowNs();
    counts.nowNs.store(nowNs, std::memory_order_relaxed);
    bool worked = sending && sendDue(nowNs);
    worked |= receive();
    if (sending && next_ >= load_.trace_.length && inBurst_ == 0) {
      sending = false;
      load_.sending_.fetch_sub(1);
      lastProgressNs = nowNs;
    }
    if (!sending) result = drained(nowNs, lastProgressNs);
    if (load_.stop_.load(std::memory_order_relaxed)) result = LoadEnd::stopped;
    if (nowNs >= lookAtLinkNs) {
      lookAtLinkNs = nowNs + kLookAtLinkEveryNs;
      if (sending && isSilent(nowNs)) result = LoadEnd::serverGone;
      if (load_.port_.linkUp()) downSinceNs = -1;
      else if (downSinceNs < 0) downSinceNs = nowNs;
      else if (nowNs - downSinceNs > kGoneAfterNs) result = LoadEnd::serverGone;
    }
    if (!worked) idle(nowNs);
  }
  for (uint32_t i = 0; i < inBurst_; ++i) rte_pktmbuf_free(burst_[i]);
  if (sending) load_.sending_.fetch_sub(1);
  return result;
}

LoadEnd LoadThread::drained(double nowNs, double& lastProgressNs) {
  if (load_.sending_.load() > 0) {
    lastProgressNs = nowNs;
    return LoadEnd::running;
  }
  if (load_.outstanding_.load() == 0) return LoadEnd::complete;
  // Replies still trickling in push the limit out: it bounds silence, not the length of a backlog.
  const double received = receivedByAll();
  if (received != lastSeenReceived_) {
    lastSeenReceived_ = received;
    lastProgressNs = nowNs;
  }
  if (nowNs - lastProgressNs <= load_.config_.drainNs) return LoadEnd::running;
  // Who has answered nothing at all was not there.
  return received == 0 ? LoadEnd::serverGone : LoadEnd::drained;
}

double LoadThread::receivedByAll() const {
  double received = 0;
  for (size_t i = 0; i < load_.threads(); ++i) received += load_.counts(i).received.load(std::memory_order_relaxed);
  return received;
}

/** Behind a NIC no link goes down when the server does: requests are under way, and for longer than any of them may take nothing has come back. */
bool LoadThread::isSilent(double nowNs) {
  const double received = receivedByAll();
  if (received != heardReceived_ || load_.outstanding_.load(std::memory_order_relaxed) == 0) {
    heardReceived_ = received;
    heardNs_ = nowNs;
  }
  return nowNs - heardNs_ > load_.config_.drainNs + load_.longestDemandNs_;
}

bool LoadThread::sendDue(double nowNs) {
  const TraceView& trace = load_.trace_;
  const LoadConfig& config = load_.config_;
  bool any = inBurst_ > 0;
  blocked_ = false;
  while (inBurst_ < kBurst && next_ < trace.length && (config.closedLoop || trace.plannedNs[next_] <= nowNs)) {
    if (load_.outstanding_.load(std::memory_order_relaxed) >= config.concurrency) {
      blocked_ = config.closedLoop;
      if (config.closedLoop) break;
      addTo(counts.skipped, 1);
      next_ += stride_;
      continue;
    }
    rte_mbuf* frame = build(next_, nowNs);
    if (frame == nullptr) break;  // every frame is under way: try again when some have come back
    load_.outstanding_.fetch_add(1, std::memory_order_relaxed);
    burst_[inBurst_] = frame;
    burstIds_[inBurst_++] = next_;
    next_ += stride_;
    any = true;
  }
  if (inBurst_ > 0) flush();
  return any;
}

/** Hands the burst to the device; what it does not take stays for the next turn, and is then late. */
void LoadThread::flush() {
  addTo(counts.sendAttempts, 1);
  // Stamped before the device has them: a reply cannot come sooner than its request is recorded as sent.
  const double sentNs = load_.clock_.nowNs();
  for (uint32_t i = 0; i < inBurst_; ++i) load_.records_.sentNs[burstIds_[i]] = sentNs;
  const uint16_t sent = load_.port_.send(queue_, burst_, static_cast<uint16_t>(inBurst_));
  for (uint16_t i = 0; i < sent; ++i) {
    if (sentNs - load_.trace_.plannedNs[burstIds_[i]] > load_.config_.lateAfterNs) addTo(counts.late, 1);
  }
  addTo(counts.sent, sent);
  for (uint32_t i = sent; i < inBurst_; ++i) {
    load_.records_.sentNs[burstIds_[i]] = std::nan("");
    burst_[i - sent] = burst_[i];
    burstIds_[i - sent] = burstIds_[i];
  }
  inBurst_ -= sent;
}

rte_mbuf* LoadThread::build(uint32_t id, double nowNs) {
  rte_mbuf* frame = rte_pktmbuf_alloc(load_.port_.pool());
  if (frame == nullptr) return nullptr;
  const LoadConfig& config = load_.config_;
  Endpoint from = config.self;
  // One source port per flow, from 32768 as the original's clients do.
  from.port = static_cast<uint16_t>(32768 + load_.trace_.flow[id] % 32768);
  const RequestFields fields{
      .id = id, .type = load_.trace_.code[id], .demandNs = load_.trace_.demandNs[id], .wantsStamps = config.wantsStamps};
  const size_t length = writeRequest(rte_pktmbuf_mtod(frame, uint8_t*), config.payload, from, config.server, fields, nowNs);
  frame->data_len = static_cast<uint16_t>(length);
  frame->pkt_len = static_cast<uint32_t>(length);
  return frame;
}

bool LoadThread::receive() {
  rte_mbuf* frames[kBurst];
  const uint16_t count = load_.port_.receive(queue_, frames, kBurst);
  if (count == 0) return false;
  const double nowNs = load_.clock_.nowNs();
  for (uint16_t i = 0; i < count; ++i) {
    Endpoint self = load_.config_.self;
    self.port = 0;  // every flow has its own
    const ParsedFrame parsed = parseFrame(rte_pktmbuf_mtod(frames[i], const uint8_t*), frames[i]->data_len, self);
    if (parsed.kind == FrameKind::arpRequest) {
      answerArp(frames[i]);
      continue;
    }
    record(frames[i], parsed, nowNs);
    rte_pktmbuf_free(frames[i]);
  }
  return true;
}

/** An ordinary host asks who we are before it answers, and again when it has forgotten. */
void LoadThread::answerArp(rte_mbuf* frame) {
  makeArpReplyInPlace(rte_pktmbuf_mtod(frame, uint8_t*), load_.config_.self);
  if (load_.port_.send(queue_, &frame, 1) == 0) rte_pktmbuf_free(frame);
}

void LoadThread::record(rte_mbuf* frame, const ParsedFrame& parsed, double nowNs) {
  const uint8_t* bytes = rte_pktmbuf_mtod(frame, const uint8_t*);
  if (parsed.kind != FrameKind::datagram) {
    const bool notForUs = parsed.kind == FrameKind::foreign || parsed.kind == FrameKind::arpReply;
    return addTo(notForUs ? counts.foreign : counts.malformed, 1);
  }
  if (parsed.sourceIp != load_.config_.server.ip || parsed.sourcePort != load_.config_.server.port) return addTo(counts.foreign, 1);
  const auto reply = readReply(load_.config_.payload, bytes + parsed.payloadOffset, parsed.payloadBytes);
  if (!reply || reply->id >= load_.trace_.length) return addTo(counts.malformed, 1);
  const RecordView& records = load_.records_;
  // An answer to what was not asked: one left over from an earlier run, or one that came twice.
  if (std::isnan(records.sentNs[reply->id]) || !std::isnan(records.repliedNs[reply->id])) return addTo(counts.duplicates, 1);
  records.repliedNs[reply->id] = nowNs;
  if (reply->hasStamps) {
    records.receivedNs[reply->id] = reply->stamps.receivedNs;
    records.dispatchedNs[reply->id] = reply->stamps.dispatchedNs;
    records.startedNs[reply->id] = reply->stamps.startedNs;
    records.endedNs[reply->id] = reply->stamps.endedNs;
  }
  load_.outstanding_.fetch_sub(1, std::memory_order_relaxed);
  addTo(counts.received, 1);
}

void LoadThread::idle(double nowNs) {
  const Poll poll = load_.config_.poll;
  const bool dueSoon = next_ < load_.trace_.length && !blocked_ &&
                       load_.trace_.plannedNs[next_] - nowNs < static_cast<double>(kSleepBetweenPollsNs);
  // A sleep would overshoot the planned time: yield through the last microseconds.
  idleOnce(poll == Poll::sleep && dueSoon ? Poll::yield : poll);
}

}  // namespace psp
