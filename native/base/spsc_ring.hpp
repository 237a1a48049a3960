#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

#include "base/shared_layout.hpp"

namespace psp {

/**
 * Single-producer single-consumer ring over raw memory: two counters on cache lines of their own, then the entries. The
 * other side of the memory may be TypeScript. The capacity is a power of two, the 32-bit counters run freely, batches
 * are published at once.
 *
 * Each side holds one end. An end keeps its own counter and a copy of the other's, and reads the shared word only when
 * the copy says full (or empty). So the two sides rarely need each other's cache line.
 */
template <typename Entry>
  requires std::is_trivially_copyable_v<Entry>
class RingProducer {
 public:
  RingProducer(std::byte* memory, uint32_t capacity)
      : header_(reinterpret_cast<layout::RingHeader*>(memory)),
        entries_(reinterpret_cast<Entry*>(memory + sizeof(layout::RingHeader))),
        capacity_(capacity),
        tail_(header_->tail.load(std::memory_order_relaxed)),
        head_(header_->head.load(std::memory_order_acquire)) {}

  /** Writes an entry without publishing it; false when the ring is full. */
  bool write(const Entry& entry) noexcept {
    if (tail_ - head_ == capacity_) {
      head_ = header_->head.load(std::memory_order_acquire);
      if (tail_ - head_ == capacity_) return false;
    }
    entries_[tail_ & (capacity_ - 1)] = entry;
    ++tail_;
    return true;
  }

  /** Makes all written entries visible. Sequentially consistent, because a bell may be read next (see Doorbell). */
  void publish() noexcept { header_->tail.store(tail_, std::memory_order_seq_cst); }

  bool hasUnpublished() const noexcept { return header_->tail.load(std::memory_order_relaxed) != tail_; }

 private:
  layout::RingHeader* header_;
  Entry* entries_;
  uint32_t capacity_;
  uint32_t tail_;
  uint32_t head_;
};

template <typename Entry>
  requires std::is_trivially_copyable_v<Entry>
class RingConsumer {
 public:
  RingConsumer(std::byte* memory, uint32_t capacity)
      : header_(reinterpret_cast<layout::RingHeader*>(memory)),
        entries_(reinterpret_cast<Entry*>(memory + sizeof(layout::RingHeader))),
        capacity_(capacity),
        head_(header_->head.load(std::memory_order_relaxed)),
        tail_(head_) {}

  /** Starts to fetch the producer's counter from its cache, for a `take` a little later. */
  void prefetch() noexcept { tail_ = header_->tail.load(std::memory_order_acquire); }

  /** Takes up to `limit` entries and frees their places at once. */
  uint32_t take(Entry* into, uint32_t limit) noexcept {
    if (tail_ == head_) tail_ = header_->tail.load(std::memory_order_acquire);
    const uint32_t count = std::min(tail_ - head_, limit);
    for (uint32_t i = 0; i < count; ++i) into[i] = entries_[(head_ + i) & (capacity_ - 1)];
    if (count > 0) {
      head_ += count;
      header_->head.store(head_, std::memory_order_release);
    }
    return count;
  }

  bool empty() const noexcept { return tail_ == head_ && header_->tail.load(std::memory_order_acquire) == head_; }

 private:
  layout::RingHeader* header_;
  Entry* entries_;
  uint32_t capacity_;
  uint32_t head_;
  uint32_t tail_;
};

/** Zeroed, cache-aligned memory for a ring with two native sides. */
template <typename Entry>
class RingMemory {
 public:
  explicit RingMemory(uint32_t capacity) : capacity_(capacity) {
    const size_t bytes = sizeof(layout::RingHeader) + capacity * sizeof(Entry);
    memory_.reset(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{64})));
    std::memset(memory_.get(), 0, bytes);
  }
  RingProducer<Entry> producer() const { return {memory_.get(), capacity_}; }
  RingConsumer<Entry> consumer() const { return {memory_.get(), capacity_}; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
  };
  uint32_t capacity_;
  std::unique_ptr<std::byte[], Free> memory_;
};

}  // namespace psp
