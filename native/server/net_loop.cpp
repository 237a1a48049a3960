#include "server/net_loop.hpp"

#include <algorithm>

namespace psp {
namespace {

/**
 * A full device is tried this often, about 1 ms at 0.2 us a try, before the rest of a burst is dropped (and counted).
 */
constexpr int kSendTries = 5000;
/** The device's own counters are read this often, because a read takes microseconds. */
constexpr double kCountDeviceEveryNs = 100e6;

layout::NetStat statisticOf(FrameKind kind) {
  switch (kind) {
    case FrameKind::truncated: return layout::kTruncated;
    case FrameKind::oversized: return layout::kOversized;
    case FrameKind::badChecksum: return layout::kBadChecksum;
    case FrameKind::malformed: return layout::kMalformed;
    default: return layout::kForeign;
  }
}

}  // namespace

NetLoop::NetLoop(const Setup& setup, const SharedLayout& shared, Port& port, const Classifier& classifier,
                     SlotTable& slots, std::vector<RingConsumer<Reply>> replies)
    : setup_(setup),
      control_(shared.control()),
      stats_(shared.netStats()),
      port_(port),
      classifier_(classifier),
      slots_(slots),
      arrivals_(shared.arrivals(), shared.arrivalsCapacity()),
      releases_(shared.releases(), shared.releasesCapacity()),
      replies_(std::move(replies)),
      outgoing_(port.queues()) {}

uint32_t NetLoop::pollOnce() {
  const double nowNs = setup_.clock.nowNs();
  control_.clockNs.store(nowNs, std::memory_order_relaxed);
  takeBackSlots();
  uint32_t handled = 0;
  usable_ = port_.usableQueues();
  for (uint16_t queue = 0; queue < usable_; ++queue) handled += receive(queue);
  handled += sendReplies();
  if (handled > 0) packetTimes_.add(setup_.clock.nowNs() - nowNs, handled);
  if (nowNs >= countDeviceNs_) {
    countDevice();
    countDeviceNs_ = nowNs + kCountDeviceEveryNs;
  }
  return handled;
}

void NetLoop::finish() {
  sendReplies();
  takeBackSlots();
  countDevice();
}

void NetLoop::takeBackSlots() {
  uint32_t released[kBurst];
  uint32_t count;
  while ((count = releases_.take(released, kBurst)) > 0) {
    for (uint32_t i = 0; i < count; ++i) {
      Slot& slot = slots_[released[i]];
      // The frame is still there when the scheduler dropped the request, or its worker could not pass on the reply.
      if (slot.frame != nullptr) rte_pktmbuf_free(slot.frame);
      slot.frame = nullptr;
      slots_.giveBack(released[i]);
    }
    stats_[layout::kSlotsInUse].store(slots_.inUse(), std::memory_order_relaxed);
  }
}

uint32_t NetLoop::receive(uint16_t queue) {
  rte_mbuf* frames[kBurst];
  const uint16_t count = port_.receive(queue, frames, kBurst);
  if (count == 0) return 0;
  // After the burst: if this thread loses its core in between, requests must not be stamped before they were sent.
  const double nowNs = setup_.clock.nowNs();
  this->count(layout::kFramesReceived, count);
  for (uint16_t i = 0; i < count; ++i) {
    if (i + 1 < count) rte_prefetch0(rte_pktmbuf_mtod(frames[i + 1], void*));
    take(frames[i], queue, nowNs);
  }
  if (arrivals_.hasUnpublished()) {
    arrivals_.publish();
    if (setup_.poll == Poll::sleep) Doorbell(control_.dispatcherBell).ring();
  }
  stats_[layout::kSlotsInUse].store(slots_.inUse(), std::memory_order_relaxed);
  return count;
}

void NetLoop::take(rte_mbuf* frame, uint16_t queue, double nowNs) {
  // A frame in several segments is longer than any request, and parseFrame sees only the first segment.
  if (frame->nb_segs != 1) return refuse(frame, layout::kOversized);
  const uint8_t* bytes = rte_pktmbuf_mtod(frame, const uint8_t*);
  const ParsedFrame parsed = parseFrame(bytes, frame->data_len, setup_.self, port_.isMemif());
  if (parsed.withoutChecksum) count(layout::kWithoutChecksum);
  switch (parsed.kind) {
    case FrameKind::datagram: return takeRequest(frame, parsed, queue, nowNs);
    case FrameKind::arpRequest: return answerArp(frame, queue);
    default: return refuse(frame, statisticOf(parsed.kind));
  }
}

void NetLoop::takeRequest(rte_mbuf* frame, const ParsedFrame& parsed, uint16_t queue, double nowNs) {
  const uint8_t* payload = rte_pktmbuf_mtod_offset(frame, uint8_t*, parsed.payloadOffset);
  const auto fields = readRequest(setup_.payload, payload, parsed.payloadBytes);
  if (!fields) return refuse(frame, layout::kTruncated);
  // IX has room for a demand of years, which would keep a worker for years.
  if (fields->demandNs > kMaxDemandNs) return refuse(frame, layout::kMalformed);
  count(layout::kRequests);
  if (setup_.payload == Payload::pspMb && looksLikeIx(payload, parsed.payloadBytes)) count(layout::kLooksLikeIx);
  const bool running = control_.runState.load(std::memory_order_relaxed) == layout::kRunning;
  if (!running) return refuse(frame, layout::kDroppedStopping);
  // The request was sent to a group; the reply must come from one station.
  uint8_t* destination = rte_pktmbuf_mtod(frame, uint8_t*);
  if (isGroup(destination)) std::copy(setup_.self.mac.begin(), setup_.self.mac.end(), destination);
  const uint32_t index = slots_.takeFree();
  if (index == SlotTable::kNone) return refuse(frame, layout::kDroppedNoSlot);

  Slot& slot = slots_[index];
  const uint32_t type = classifier_.classify(payload, parsed.payloadBytes);
  if (type == classifier_.unknown()) count(layout::kUnknownType);
  slot.frame = frame;
  slot.parsed = parsed;
  slot.queue = queue;
  slot.wantsStamps = fields->wantsStamps;
  slot.arrivalNs = nowNs;
  slot.dispatchNs = slot.startNs = -1;
  const size_t header = requestHeaderBytes(setup_.payload);
  slot.body = payload + header;
  slot.bodyBytes = static_cast<uint16_t>(parsed.payloadBytes - header);
  slot.request.type = type;
  slot.request.demand_ns = fields->demandNs;
  const uint32_t flow = flowLabel(parsed.sourceIp, parsed.sourcePort, setup_.self.ip, setup_.self.port);
  if (!arrivals_.write({.arrivalNs = nowNs, .slot = index, .type = type, .flow = flow, .unused = {}})) {
    slot.frame = nullptr;
    slots_.giveBack(index);
    refuse(frame, layout::kDroppedArrivalsFull);
  }
}

void NetLoop::answerArp(rte_mbuf* frame, uint16_t queue) {
  makeArpReplyInPlace(rte_pktmbuf_mtod(frame, uint8_t*), setup_.self);
  count(layout::kArpAnswered);
  Outgoing& out = outgoing_[queue];
  out.frames[out.count++] = frame;
  flush(queue);
}

void NetLoop::refuse(rte_mbuf* frame, layout::NetStat reason) {
  count(reason);
  rte_pktmbuf_free(frame);
}

uint32_t NetLoop::sendReplies() {
  uint32_t sent = 0;
  Reply taken[kBurst];
  for (auto& ring : replies_) {
    uint32_t count;
    while ((count = ring.take(taken, kBurst)) > 0) {
      sent += count;
      for (uint32_t i = 0; i < count; ++i) {
        Outgoing& out = outgoing_[taken[i].queue];
        out.frames[out.count++] = taken[i].frame;
        ++out.replies;
        if (out.count == kBurst) flush(static_cast<uint16_t>(taken[i].queue));
      }
    }
  }
  if (sent > 0) {
    for (uint16_t queue = 0; queue < outgoing_.size(); ++queue) {
      if (outgoing_[queue].count > 0) flush(queue);
    }
  }
  return sent;
}

void NetLoop::flush(uint16_t queue) {
  Outgoing& out = outgoing_[queue];
  uint16_t sent = 0;
  // The client that this queue was for is gone; the one that is there has fewer.
  const int most = queue < usable_ ? kSendTries : 0;
  for (int tries = 0; sent < out.count && tries < most; ++tries) {
    sent += port_.send(queue, out.frames + sent, static_cast<uint16_t>(out.count - sent));
    if (sent == out.count) break;
    // The client is gone: waiting would only delay the next requests.
    if (tries % 256 == 255 && !port_.linkUp()) break;
    pauseInstruction();
    if (setup_.poll != Poll::spin && tries % 64 == 63) idleOnce(setup_.poll);
  }
  const uint16_t dropped = out.count - sent;
  for (uint16_t i = sent; i < out.count; ++i) rte_pktmbuf_free(out.frames[i]);
  // ARP answers are sent alone, so a burst holds only replies or none.
  if (out.replies > 0) {
    count(layout::kRepliesSent, sent);
    count(layout::kRepliesDropped, dropped);
  }
  out.count = out.replies = 0;
}

void NetLoop::countDevice() {
  const PortCounters counters = port_.counters();
  stats_[layout::kDeviceMissed].store(static_cast<double>(counters.missed), std::memory_order_relaxed);
  stats_[layout::kDeviceNoBuffer].store(static_cast<double>(counters.noBuffer), std::memory_order_relaxed);
  stats_[layout::kDeviceTxErrors].store(static_cast<double>(counters.txErrors), std::memory_order_relaxed);
}

}  // namespace psp
