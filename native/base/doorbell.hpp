#pragma once
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <ctime>

namespace psp {

/**
 * Lets a thread sleep until another has work for it. It is one 32-bit word: 1 while its owner sleeps or is about to
 * sleep.
 *
 * The sleeper arms the bell, looks for work once more, and then waits. The other side publishes work and then rings.
 * Both use sequentially consistent operations on the work's counter and on the word, so at least one of them sees the
 * other (Dekker).
 */
class Doorbell {
 public:
  explicit Doorbell(std::atomic<uint32_t>& word) : word_(&word) {}

  void arm() noexcept { word_->store(1, std::memory_order_seq_cst); }
  void disarm() noexcept { word_->store(0, std::memory_order_relaxed); }

  /**
   * Sleeps until the bell rings or until the absolute CLOCK_MONOTONIC `deadline`. Call it after arm() and a last look
   * for work.
   */
  void wait(const timespec& deadline) noexcept {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(word_), FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 1, &deadline,
            nullptr, FUTEX_BITSET_MATCH_ANY);
    disarm();
  }

  void ring() noexcept {
    if (word_->load(std::memory_order_seq_cst) == 1 && word_->exchange(0, std::memory_order_seq_cst) == 1) {
      syscall(SYS_futex, reinterpret_cast<uint32_t*>(word_), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0);
    }
  }

 private:
  std::atomic<uint32_t>* word_;
};

}  // namespace psp
