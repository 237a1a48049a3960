#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "include/psp_app.h"
#include "net/frame.hpp"

struct rte_mbuf;

namespace psp {

/**
 * Everything the server knows about a request between its arrival and its reply. Who has the handle may write it: the
 * net thread before it publishes the arrival, a worker while it runs the request, the net thread again after the
 * release.
 */
struct alignas(64) Slot {
  /** The request's frame; the reply is made in it. Null once a worker has passed it on. */
  rte_mbuf* frame = nullptr;
  ParsedFrame parsed;
  uint16_t queue = 0;
  bool wantsStamps = false;
  /** What the application sees of the payload. */
  uint16_t bodyBytes = 0;
  const uint8_t* body = nullptr;
  double arrivalNs = 0;
  /** Times of the first stint; negative until then. */
  double dispatchNs = -1;
  double startNs = -1;
  psp_app_request request{};
  /** The scratch of applications that need no more, on a line that the worker reads anyway. */
  alignas(16) std::byte scratch[32];
};
static_assert(sizeof(Slot) == 128);

/**
 * The fixed table of slots, and the net thread's stack of free ones: the last used is reused first, to touch few cache
 * lines. It also holds the scratch of each slot's request.
 */
class SlotTable {
 public:
  SlotTable(uint32_t slots, size_t requestBytes)
      : requestBytes_(requestBytes),
        slots_(slots),
        scratch_(requestBytes > sizeof(Slot::scratch) ? slots * linesOf(requestBytes) : 0) {
    free_.reserve(slots);
    for (uint32_t slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
    for (uint32_t slot = 0; slot < slots && requestBytes > 0; ++slot) {
      slots_[slot].request.scratch = scratch_.empty() ? static_cast<void*>(slots_[slot].scratch)
                                                      : scratch_[slot * linesOf(requestBytes)].bytes;
    }
  }

  static constexpr uint32_t kNone = UINT32_MAX;

  Slot& operator[](uint32_t slot) noexcept { return slots_[slot]; }

  /** Makes a request's scratch zero. Called by its first worker, so that the net thread does not touch that memory. */
  void clearScratch(Slot& slot) const noexcept {
    if (scratch_.empty()) {
      std::fill(std::begin(slot.scratch), std::end(slot.scratch), std::byte{0});
    } else {
      std::fill_n(static_cast<std::byte*>(slot.request.scratch), requestBytes_, std::byte{0});
    }
  }

  uint32_t takeFree() noexcept {
    if (free_.empty()) return kNone;
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void giveBack(uint32_t slot) noexcept { free_.push_back(slot); }
  uint32_t inUse() const noexcept { return static_cast<uint32_t>(slots_.size() - free_.size()); }

 private:
  /** The scratches of two requests share no cache line. */
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  static size_t linesOf(size_t bytes) noexcept { return (bytes + sizeof(Line) - 1) / sizeof(Line); }

  size_t requestBytes_;
  std::vector<Slot> slots_;
  std::vector<Line> scratch_;
  std::vector<uint32_t> free_;
};

}  // namespace psp
