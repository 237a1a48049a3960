#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace psp {

/** How long the net loop was busy for each packet, received or sent, real ns. One writer, any readers. */
class PacketTimes {
 public:
  /** Width of a bucket; the last holds everything beyond (8 us). */
  static constexpr double kBucketNs = 8;
  static constexpr size_t kBuckets = 1024;

  /** One look took `ns` and handled `packets`. */
  void add(double ns, uint32_t packets) noexcept {
    const auto bucket = static_cast<size_t>(std::max(0.0, ns) / packets / kBucketNs);
    auto& count = counts_[std::min(bucket, kBuckets - 1)];
    count.store(count.load(std::memory_order_relaxed) + packets, std::memory_order_relaxed);
  }
  uint32_t count(size_t bucket) const noexcept { return counts_[bucket].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint32_t>, kBuckets> counts_{};
};

}  // namespace psp
