#include "client/load_thread.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "base/statistic.hpp"
#include "net/eal.hpp"

namespace psp {
namespace {

/** A server whose link is down this long is gone; a shorter time means that it restarts its queues. */
constexpr double kGoneAfterNs = 200e6;
/** The link and the silence of the server are checked this often. */
constexpr double kLookEveryNs = 20e6;
/** One turn counts as at most this much silence: while the process, or its machine, was stopped, nobody listened. */
constexpr double kLongestTurnNs = 50e6;
/** The server is silent only if this many requests were not answered; a few replies may get lost. */
constexpr double kAskedInVain = 8;

}  // namespace

LoadThread::LoadThread(LoadGenerator& load, uint32_t index, uint32_t threads)
    : load_(load), queue_(static_cast<uint16_t>(index)), stride_(threads), next_(index), oldest_(index) {}

LoadThread::~LoadThread() {
  if (thread_.joinable()) thread_.join();
}

void LoadThread::run(int core) {
  nameThisThread(("psp-load-" + std::to_string(queue_)).c_str());
  std::optional<EalThread> lcore;
  try {
    lcore.emplace();
    if (core >= 0) pinThisThread(core);
  } catch (...) {
    ready_.set_exception(std::current_exception());
    return;
  }
  sharpenTimersOfThisThread();
  preferThisThread(load_.config_.poll);
  ready_.set_value();
  while (!load_.go_.load(std::memory_order_acquire)) idleOnce(Poll::sleep);
  end.store(static_cast<uint32_t>(play()), std::memory_order_release);
}

LoadEnd LoadThread::play() {
  const Clock& clock = load_.clock_;
  bool sending = true;
  // On the clock of silence.
  double stoppedNs = -1;
  double lastProgressNs = 0;
  double lookNs = 0;
  LoadEnd result = LoadEnd::running;
  for (double turnNs = clock.nowNs(); result == LoadEnd::running;) {
    const double nowNs = clock.nowNs();
    hearNs_ += std::min(nowNs - turnNs, kLongestTurnNs);
    if (nowNs - turnNs > load_.config_.drainNs) resumedNs_ = nowNs;
    turnNs = nowNs;
    counts.nowNs.store(nowNs, std::memory_order_relaxed);
    if (stoppedNs < 0 && load_.stopping()) {
      stoppedNs = hearNs_;
      abandonBurst();
    }
    bool worked = stoppedNs < 0 && sending && sendDue(nowNs);
    worked |= receive();
    if (sending && (stoppedNs >= 0 || (next_ >= load_.trace_.length && inBurst_ == 0))) {
      sending = false;
      load_.sending_.fetch_sub(1);
      lastProgressNs = hearNs_;
    }
    if (!sending) result = drained(lastProgressNs);
    // After a stop, replies are awaited as long as at the end of a whole run.
    const bool over = result != LoadEnd::running || hearNs_ - stoppedNs > load_.config_.drainNs;
    if (stoppedNs >= 0 && over) result = LoadEnd::stopped;
    if (nowNs >= lookNs) {
      lookNs = nowNs + kLookEveryNs;
      if (serverGone()) result = LoadEnd::serverGone;
      expire(nowNs);
    }
    if (!worked) idle(nowNs);
  }
  abandonBurst();
  if (sending) load_.sending_.fetch_sub(1);
  return result;
}

LoadEnd LoadThread::drained(double& lastProgressNs) {
  if (load_.sending_.load() > 0) {
    lastProgressNs = hearNs_;
    return LoadEnd::running;
  }
  const bool nothingUnderWay = load_.outstanding_.load(std::memory_order_acquire) == 0;
  const double received = total(&LoadCounts::received);
  if (nothingUnderWay) return received == total(&LoadCounts::sent) ? LoadEnd::complete : LoadEnd::drained;
  // Each reply restarts the limit: it bounds silence, not the length of a backlog.
  if (received != lastSeenReceived_) {
    lastSeenReceived_ = received;
    lastProgressNs = hearNs_;
  }
  if (hearNs_ - lastProgressNs <= load_.config_.drainNs) return LoadEnd::running;
  return received == 0 || unheard() ? LoadEnd::serverGone : LoadEnd::drained;
}

/** A server can be gone while the link is up: behind a switch, or dead with its device still open. */
bool LoadThread::serverGone() {
  if (load_.port_.linkUp()) downSinceNs_ = -1;
  else if (downSinceNs_ < 0) downSinceNs_ = hearNs_;
  else if (hearNs_ - downSinceNs_ > kGoneAfterNs) return true;

  const double received = total(&LoadCounts::received);
  if (received != heard_) {
    heard_ = received;
    sentWhenHeard_ = total(&LoadCounts::sent);
  }
  if (!unheard()) {
    askedNs_ = hearNs_;
    return false;
  }
  return hearNs_ - askedNs_ > load_.config_.drainNs;
}

/** Have more requests been sent since the last reply than may be lost by chance? */
bool LoadThread::unheard() const { return total(&LoadCounts::sent) - sentWhenHeard_ >= kAskedInVain; }

double LoadThread::total(std::atomic<double> LoadCounts::* member) const {
  double sum = 0;
  for (size_t i = 0; i < load_.threads(); ++i) sum += (load_.counts(i).*member).load(std::memory_order_relaxed);
  return sum;
}

/** Gives up requests whose reply is lost, so that they no longer count as under way. */
void LoadThread::expire(double nowNs) {
  if (!load_.open_) return;
  for (; oldest_ < next_ && oldest_ < load_.trace_.length; oldest_ += stride_) {
    if (load_.open_[oldest_].load(std::memory_order_relaxed) == 0) continue;
    const double sentNs = load_.records_.sentNs[oldest_];
    // A request that the device has not taken yet has no send time.
    if (std::isnan(sentNs) || nowNs - std::max(sentNs, resumedNs_) <= load_.config_.drainNs) return;
    load_.settle(oldest_);
  }
}

void LoadThread::abandonBurst() {
  for (uint32_t i = 0; i < inBurst_; ++i) {
    rte_pktmbuf_free(burst_[i]);
    load_.settle(burstIds_[i]);
  }
  inBurst_ = 0;
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
    if (frame == nullptr) break;  // every frame is in use: try again when some have come back
    load_.open(next_);
    burst_[inBurst_] = frame;
    burstIds_[inBurst_++] = next_;
    next_ += stride_;
    any = true;
  }
  if (inBurst_ > 0) flush();
  return any;
}

/** Hands the burst to the device. What it does not take stays for the next turn and may then be late. */
void LoadThread::flush() {
  addTo(counts.sendAttempts, 1);
  // Stamped before the device has the requests: no reply can come before its request is recorded as sent.
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
  // One source port per flow, from 32768, like Perséphone's clients.
  from.port = static_cast<uint16_t>(32768 + load_.trace_.flow[id] % 32768);
  const RequestFields fields{
      .id = config.idBase + id,
      .type = load_.trace_.code[id],
      .demandNs = load_.trace_.demandNs[id],
      .wantsStamps = config.wantsStamps,
  };
  auto* bytes = rte_pktmbuf_mtod(frame, uint8_t*);
  const size_t length = writeRequest(bytes, config.payload, from, config.server, fields, nowNs);
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
    record(frames[i], nowNs);
  }
  return true;
}

/** Takes the frame. */
void LoadThread::record(rte_mbuf* frame, double nowNs) {
  const uint8_t* bytes = rte_pktmbuf_mtod(frame, const uint8_t*);
  Endpoint self = load_.config_.self;
  self.port = 0;  // every flow has its own
  const ParsedFrame parsed = parseFrame(bytes, frame->data_len, self, load_.port_.isMemif());
  if (parsed.withoutChecksum) addTo(counts.withoutChecksum, 1);
  if (parsed.kind == FrameKind::arpRequest) return load_.answerArp(frame, queue_);
  if (parsed.kind == FrameKind::datagram) recordReply(bytes, parsed, nowNs);
  else if (parsed.kind == FrameKind::foreign) addTo(counts.foreign, 1);
  else if (parsed.kind == FrameKind::badChecksum) addTo(counts.badChecksum, 1);
  // The server may answer more than once who it is.
  else if (parsed.kind != FrameKind::arpReply) addTo(counts.malformed, 1);
  rte_pktmbuf_free(frame);
}

void LoadThread::recordReply(const uint8_t* bytes, const ParsedFrame& parsed, double nowNs) {
  const Endpoint& server = load_.config_.server;
  const bool isServer = parsed.sourceIp == server.ip && parsed.sourcePort == server.port;
  if (!isServer && !load_.config_.anySource) {
    counts.stranger.store(parsed.sourceIp * 65536.0 + parsed.sourcePort, std::memory_order_relaxed);
    return addTo(counts.foreign, 1);
  }
  const auto reply = readReply(load_.config_.payload, bytes + parsed.payloadOffset, parsed.payloadBytes);
  if (!reply) return addTo(counts.malformed, 1);
  const uint32_t index = reply->id - load_.config_.idBase;
  const RecordView& records = load_.records_;
  // A reply to an earlier run, or a second reply to the same request.
  if (index >= load_.trace_.length || std::isnan(records.sentNs[index]) || !std::isnan(records.repliedNs[index])) {
    return addTo(counts.duplicates, 1);
  }
  records.repliedNs[index] = nowNs;
  if (reply->hasStamps) {
    records.receivedNs[index] = reply->stamps.receivedNs;
    records.dispatchedNs[index] = reply->stamps.dispatchedNs;
    records.startedNs[index] = reply->stamps.startedNs;
    records.endedNs[index] = reply->stamps.endedNs;
    records.worker[index] = static_cast<int32_t>(reply->stamps.worker);
  }
  addTo(counts.received, 1);
  load_.settle(index);
}

void LoadThread::idle(double nowNs) {
  const Poll poll = load_.config_.poll;
  const bool dueSoon = next_ < load_.trace_.length && !blocked_ &&
                       load_.trace_.plannedNs[next_] - nowNs < static_cast<double>(kSleepBetweenPollsNs);
  // A sleep would overshoot the planned time, so the last microseconds are spent with yields.
  idleOnce(poll == Poll::sleep && dueSoon ? Poll::yield : poll);
}

}  // namespace psp
