#pragma once
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <memory>
#include <optional>
#include <string>

#include "net/frame.hpp"
#include "net/frame_passing.hpp"

namespace psp {

/** The DPDK device to open, and how. */
struct PortConfig {
  /** Its name in DPDK: a PCI address, `net_memif0`, `net_af_packet0`, … */
  std::string device;
  uint16_t queues = 1;
  uint16_t descriptors = 128;
  uint32_t frames = 16383;
  bool promiscuous = false;
  /** The MAC the device must answer to; absent: its own. */
  std::optional<Mac> mac;
  /**
   * Only psp uses the device (a NIC taken from the kernel), so its MAC may be changed. Other devices are made
   * promiscuous.
   */
  bool owned = false;
};

/** The device's own counters. */
struct PortCounters {
  uint64_t missed = 0;
  uint64_t noBuffer = 0;
  uint64_t txErrors = 0;
};

/**
 * One Ethernet device with its frame pool: a PCI NIC, memif, af_packet, or rings within the process; DPDK hides the
 * difference. Opened and started by the constructor, stopped and closed (in that order, or PMDs crash) by the
 * destructor.
 */
class Port {
 public:
  /** @throws std::runtime_error naming the device and what it lacks */
  explicit Port(const PortConfig& config);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  uint16_t queues() const noexcept { return queues_; }
  Mac mac() const noexcept { return mac_; }
  rte_mempool* pool() const noexcept { return pool_.get(); }
  bool linkUp() const noexcept;
  /** A memif: it has neither a NIC's checksums, nor need its peer have as many queue pairs. */
  bool isMemif() const noexcept { return isMemif_; }
  /**
   * The queue pairs that may be polled and sent to now: those that the peer has, too. For one thread at a time, in each
   * turn: a peer comes and goes.
   */
  uint16_t usableQueues() noexcept {
    return isMemif_ && queues_ > 1 ? usableMemifQueues() : queues_;
  }
  /** Calls the peer again, for a device that does so only once, when it is started. */
  void callAgain() const;
  PortCounters counters() const noexcept;

  uint16_t receive(uint16_t queue, rte_mbuf** frames, uint16_t limit) const noexcept {
    const uint16_t count = rte_eth_rx_burst(id_, queue, frames, limit);
    if (count > 0) framesTaken(this);
    return count;
  }
  uint16_t send(uint16_t queue, rte_mbuf** frames, uint16_t count) const noexcept {
    framesGiven(this);
    return rte_eth_tx_burst(id_, queue, frames, count);
  }

 private:
  uint16_t usableMemifQueues() noexcept;
  void answerTo(const Mac& wanted, const PortConfig& config);

  struct FreePool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
  };
  std::unique_ptr<rte_mempool, FreePool> pool_;
  uint16_t id_ = 0;
  uint16_t queues_;
  bool isMemif_ = false;
  /** Of the peer that is connected; 0: none is, or they were not counted yet. */
  uint16_t peerQueues_ = 0;
  Mac mac_{};
};

}  // namespace psp
