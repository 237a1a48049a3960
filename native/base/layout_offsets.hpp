#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/shared_layout.hpp"

namespace psp {

/**
 * Everything about the shared memory that both languages state, by the names of src/hw/memory/layout.ts: offsets within
 * its parts, and the meaning of its numbers. That file compares them when the addon is loaded.
 */
inline std::vector<std::pair<std::string, size_t>> layoutOffsets() {
  using namespace layout;
#define PSP_WORD(field) {"header." #field, offsetof(Header, field) / sizeof(uint32_t)}
#define PSP_FIELD(part, Struct, field) {part "." #field, offsetof(Struct, field)}
  return {
      {"magic", kMagic},
      {"version", kVersion},
      PSP_WORD(magic),
      PSP_WORD(version),
      PSP_WORD(workers),
      PSP_WORD(types),
      PSP_WORD(slots),
      PSP_WORD(arrivalsOffset),
      PSP_WORD(arrivalsCapacity),
      PSP_WORD(releasesOffset),
      PSP_WORD(releasesCapacity),
      PSP_WORD(mailboxesOffset),
      PSP_WORD(netStatsOffset),
      PSP_WORD(dispatcherStatsOffset),
      PSP_WORD(reservationOffset),
      PSP_WORD(totalBytes),
      PSP_FIELD("control", Control, runState),
      PSP_FIELD("control", Control, clockNs),
      PSP_FIELD("control", Control, dispatcherBell),
      PSP_FIELD("control", Control, dispatcherState),
      PSP_FIELD("control", Control, wokenNs),
      PSP_FIELD("control", Control, epochTicks),
      PSP_FIELD("control", Control, nsPerTick),
      PSP_FIELD("control", Control, netLoop),
      {"control.bytes", sizeof(Control)},
      {"runState.running", kRunning},
      {"runState.draining", kDraining},
      {"runState.halted", kHalted},
      {"runState.stopped", kStopped},
      {"runState.closed", kClosed},
      {"dispatcherState.starting", kDispatcherStarting},
      {"dispatcherState.ready", kDispatcherReady},
      {"dispatcherState.stopped", kDispatcherStopped},
      PSP_FIELD("ring", RingHeader, tail),
      PSP_FIELD("ring", RingHeader, head),
      {"ring.entries", sizeof(RingHeader)},
      PSP_FIELD("arrival", Arrival, arrivalNs),
      PSP_FIELD("arrival", Arrival, slot),
      PSP_FIELD("arrival", Arrival, type),
      PSP_FIELD("arrival", Arrival, flow),
      {"arrival.bytes", sizeof(Arrival)},
      {"release.bytes", sizeof(uint32_t)},
      PSP_FIELD("mailbox", Mailbox, startSeq),
      PSP_FIELD("mailbox", Mailbox, startSlot),
      PSP_FIELD("mailbox", Mailbox, dispatchNs),
      PSP_FIELD("mailbox", Mailbox, preemptSeq),
      PSP_FIELD("mailbox", Mailbox, bell),
      PSP_FIELD("mailbox", Mailbox, finishSeq),
      PSP_FIELD("mailbox", Mailbox, finishOutcome),
      PSP_FIELD("mailbox", Mailbox, finishNs),
      PSP_FIELD("mailbox", Mailbox, completed),
      PSP_FIELD("mailbox", Mailbox, preempted),
      PSP_FIELD("mailbox", Mailbox, busyNs),
      PSP_FIELD("mailbox", Mailbox, failed),
      PSP_FIELD("mailbox", Mailbox, repliesDropped),
      PSP_FIELD("mailbox", Mailbox, repliesWithheld),
      {"mailbox.bytes", sizeof(Mailbox)},
      {"finishOutcome.completed", kCompleted},
      {"finishOutcome.preempted", kPreempted},
      {"netStat.framesReceived", kFramesReceived},
      {"netStat.requests", kRequests},
      {"netStat.unknownType", kUnknownType},
      {"netStat.arpAnswered", kArpAnswered},
      {"netStat.foreign", kForeign},
      {"netStat.malformed", kMalformed},
      {"netStat.truncated", kTruncated},
      {"netStat.oversized", kOversized},
      {"netStat.badChecksum", kBadChecksum},
      {"netStat.droppedNoSlot", kDroppedNoSlot},
      {"netStat.droppedArrivalsFull", kDroppedArrivalsFull},
      {"netStat.droppedStopping", kDroppedStopping},
      {"netStat.repliesSent", kRepliesSent},
      {"netStat.repliesDropped", kRepliesDropped},
      {"netStat.deviceMissed", kDeviceMissed},
      {"netStat.deviceNoBuffer", kDeviceNoBuffer},
      {"netStat.slotsInUse", kSlotsInUse},
      {"netStat.deviceTxErrors", kDeviceTxErrors},
      {"netStat.withoutChecksum", kWithoutChecksum},
      {"netStat.looksLikeIx", kLooksLikeIx},
      {"netStat.words", kNetStatWords},
  };
#undef PSP_WORD
#undef PSP_FIELD
}

}  // namespace psp
