#pragma once
#include <cstdint>
#include <vector>

#include "apps/application.hpp"
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
  double arrivalNs = 0;
  /** Times of the first stint; negative until then. */
  double dispatchNs = -1;
  double startNs = -1;
  Request request;
};

/**
 * The fixed table of slots, and the net thread's stack of free ones: the last used is reused first, to touch few cache
 * lines.
 */
class SlotTable {
 public:
  explicit SlotTable(uint32_t slots) : slots_(slots) {
    free_.reserve(slots);
    for (uint32_t slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
  }

  static constexpr uint32_t kNone = UINT32_MAX;

  Slot& operator[](uint32_t slot) noexcept { return slots_[slot]; }

  uint32_t takeFree() noexcept {
    if (free_.empty()) return kNone;
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void giveBack(uint32_t slot) noexcept { free_.push_back(slot); }
  uint32_t inUse() const noexcept { return static_cast<uint32_t>(slots_.size() - free_.size()); }

 private:
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace psp
