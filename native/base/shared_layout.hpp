#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace psp {

class NetLoop;

/**
 * The native view of the memory shared with the dispatcher. src/hw/memory/layout.ts defines and explains it. The
 * offsets of the parts are read from the header it wrote. What is repeated here is compared when the addon is loaded
 * (native/base/layout_offsets.hpp).
 */
namespace layout {

inline constexpr uint32_t kMagic = 0x50535031;
inline constexpr uint32_t kVersion = 5;

struct Header {
  uint32_t magic, version, workers, types, slots;
  uint32_t arrivalsOffset, arrivalsCapacity, releasesOffset, releasesCapacity;
  uint32_t mailboxesOffset, netStatsOffset, dispatcherStatsOffset, reservationOffset, totalBytes;
};

struct Control {
  alignas(64) std::byte header[256];
  alignas(64) std::atomic<uint32_t> runState;
  alignas(64) std::atomic<double> clockNs;
  alignas(64) std::atomic<uint32_t> dispatcherBell;
  alignas(64) std::atomic<uint32_t> dispatcherState;
  std::atomic<double> wokenNs;
  std::atomic<double> epochTicks;
  std::atomic<double> nsPerTick;
  std::atomic<NetLoop*> netLoop;
};
static_assert(sizeof(Control) == 512);

/** The steps of a stop: no new requests; the dispatcher ends; the workers end; the net thread ends. */
enum RunState : uint32_t { kRunning = 0, kDraining = 1, kHalted = 2, kStopped = 3, kClosed = 4 };
enum DispatcherState : uint32_t { kDispatcherStarting = 0, kDispatcherReady = 1, kDispatcherStopped = 2 };

struct RingHeader {
  alignas(64) std::atomic<uint32_t> tail;
  alignas(64) std::atomic<uint32_t> head;
};
static_assert(sizeof(RingHeader) == 128);

struct Arrival {
  double arrivalNs;
  uint32_t slot;
  uint32_t type;
  uint32_t flow;
  uint32_t unused[3];
};
static_assert(sizeof(Arrival) == 32);

enum Outcome : uint32_t { kCompleted = 0, kPreempted = 1 };

struct Mailbox {
  // Written by the dispatcher.
  alignas(64) std::atomic<uint32_t> startSeq;
  uint32_t startSlot;
  double dispatchNs;
  std::atomic<uint32_t> preemptSeq;
  // Armed by the worker.
  alignas(64) std::atomic<uint32_t> bell;
  // Written by the worker.
  alignas(64) std::atomic<uint32_t> finishSeq;
  uint32_t finishOutcome;
  double finishNs;
  // Statistics of the worker: one writer, read by anyone.
  alignas(64) std::atomic<double> completed;
  std::atomic<double> preempted;
  std::atomic<double> busyNs;
  std::atomic<double> failed;
  std::atomic<double> repliesDropped;
  std::atomic<double> repliesWithheld;
};
static_assert(sizeof(Mailbox) == 256);

enum NetStat : uint32_t {
  kFramesReceived,
  kRequests,
  kUnknownType,
  kArpAnswered,
  kForeign,
  kMalformed,
  kTruncated,
  kOversized,
  kBadChecksum,
  kDroppedNoSlot,
  kDroppedArrivalsFull,
  kDroppedStopping,
  kRepliesSent,
  kRepliesDropped,
  kDeviceMissed,
  kDeviceNoBuffer,
  kSlotsInUse,
  kDeviceTxErrors,
  kWithoutChecksum,
  kLooksLikeIx,
  kNetStatWords = 32,
};

}  // namespace layout

/** The parts of the shared memory, found through its header. */
class SharedLayout {
 public:
  /** @throws std::runtime_error when the memory was not laid out by the matching src/hw/memory/layout.ts */
  SharedLayout(std::byte* base, size_t bytes) : base_(base), header_(reinterpret_cast<const layout::Header*>(base)) {
    if (reinterpret_cast<uintptr_t>(base) % 64 != 0) {
      throw std::runtime_error("shared memory: expected an address aligned to 64 bytes");
    }
    if (bytes < sizeof(layout::Control) || header_->magic != layout::kMagic || header_->version != layout::kVersion ||
        header_->totalBytes > bytes) {
      throw std::runtime_error("shared memory: the header is not the one of this version of psp");
    }
  }

  uint32_t workers() const { return header_->workers; }
  uint32_t types() const { return header_->types; }
  uint32_t slots() const { return header_->slots; }
  layout::Control& control() const { return *reinterpret_cast<layout::Control*>(base_); }
  layout::Mailbox& mailbox(uint32_t worker) const {
    return reinterpret_cast<layout::Mailbox*>(base_ + header_->mailboxesOffset)[worker];
  }
  std::atomic<double>* netStats() const {
    return reinterpret_cast<std::atomic<double>*>(base_ + header_->netStatsOffset);
  }
  std::byte* arrivals() const { return base_ + header_->arrivalsOffset; }
  uint32_t arrivalsCapacity() const { return header_->arrivalsCapacity; }
  std::byte* releases() const { return base_ + header_->releasesOffset; }
  uint32_t releasesCapacity() const { return header_->releasesCapacity; }

 private:
  std::byte* base_;
  const layout::Header* header_;
};

}  // namespace psp
