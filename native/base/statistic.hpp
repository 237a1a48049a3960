#pragma once
#include <atomic>

namespace psp {

/**
 * Adds to a statistic that has one writer: a load and a store, no locked instruction. Readers see it late, never torn.
 */
inline void addTo(std::atomic<double>& statistic, double amount) noexcept {
  statistic.store(statistic.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace psp
