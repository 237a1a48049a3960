#pragma once
#include <rte_mbuf.h>

#include <vector>

#include "base/clock.hpp"
#include "base/doorbell.hpp"
#include "base/shared_layout.hpp"
#include "base/spsc_ring.hpp"
#include "base/statistic.hpp"
#include "base/thread_setup.hpp"
#include "net/classifier.hpp"
#include "net/port.hpp"
#include "server/packet_times.hpp"
#include "server/slot_table.hpp"
#include "server/worker_thread.hpp"

namespace psp {

/**
 * All use of the port: receives bursts, classifies, hands requests to the dispatcher, and sends the workers' replies in
 * bursts. One thread at a time uses it: a net thread of its own, or the dispatcher's. Frames are allocated and freed
 * here, so they never move from one core's pool cache to another's. It decides nothing about scheduling.
 */
class NetLoop {
 public:
  struct Setup {
    Poll poll;
    Payload payload;
    Endpoint self;
    Clock clock;
  };

  NetLoop(const Setup& setup, const SharedLayout& shared, Port& port, const Classifier& classifier,
          SlotTable& slots, std::vector<RingConsumer<Reply>> replies);
  NetLoop(const NetLoop&) = delete;
  NetLoop& operator=(const NetLoop&) = delete;

  /**
   * One turn: tells the time, takes back slots, receives one burst from each queue and sends all replies. Returns the
   * number of packets received and sent.
   */
  uint32_t pollOnce();
  /** The last replies, after the workers have ended. */
  void finish();
  const PacketTimes& packetTimes() const noexcept { return packetTimes_; }

 private:
  /** Perséphone receives 8 at a time. DPDK's vector paths prefer 32, and a shorter burst is returned just as fast. */
  static constexpr uint16_t kBurst = 32;

  void takeBackSlots();
  /** Returns the number of frames. */
  uint32_t receive(uint16_t queue);
  void take(rte_mbuf* frame, uint16_t queue, double nowNs);
  void takeRequest(rte_mbuf* frame, const ParsedFrame& parsed, uint16_t queue, double nowNs);
  void answerArp(rte_mbuf* frame, uint16_t queue);
  void refuse(rte_mbuf* frame, layout::NetStat reason);
  /** Returns the number of frames. */
  uint32_t sendReplies();
  void flush(uint16_t queue);
  void countDevice();
  void count(layout::NetStat statistic, double amount = 1) { addTo(stats_[statistic], amount); }

  struct Outgoing {
    rte_mbuf* frames[kBurst];
    uint16_t count = 0;
    uint16_t replies = 0;
  };

  Setup setup_;
  layout::Control& control_;
  std::atomic<double>* stats_;
  Port& port_;
  /** See Port::usableQueues; of this turn. */
  uint16_t usable_ = 1;
  const Classifier& classifier_;
  SlotTable& slots_;
  RingProducer<layout::Arrival> arrivals_;
  RingConsumer<uint32_t> releases_;
  std::vector<RingConsumer<Reply>> replies_;
  std::vector<Outgoing> outgoing_;
  PacketTimes packetTimes_;
  double countDeviceNs_ = 0;
};

}  // namespace psp
