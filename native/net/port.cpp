#include "net/port.hpp"

#include <rte_errno.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "net/memif_rings.hpp"

namespace psp {
namespace {

constexpr unsigned kPoolCacheFrames = 512;

void check(int result, const std::string& device, const char* doing) {
  if (result < 0) throw std::runtime_error("device " + device + ": " + doing + ": " + rte_strerror(-result));
}

}  // namespace

Port::Port(const PortConfig& config)
    : queues_(config.queues), isMemif_(config.device.starts_with("net_memif")) {
  if (rte_eth_dev_get_port_by_name(config.device.c_str(), &id_) != 0) {
    throw std::runtime_error("device " + config.device +
                             ": DPDK knows no such device (is it bound to a driver DPDK can use?)");
  }
  rte_eth_dev_info info;
  check(rte_eth_dev_info_get(id_, &info), config.device, "cannot ask for its properties");
  const uint16_t most = std::min(info.max_rx_queues, info.max_tx_queues);
  if (queues_ > most) {
    throw std::runtime_error("device " + config.device + ": has " + std::to_string(most) + " queue pairs, " +
                             std::to_string(queues_) + " are asked for");
  }

  static std::atomic<unsigned> serial{0};
  const std::string name = "psp_frames_" + std::to_string(serial++);
  const int socket = rte_eth_dev_socket_id(id_);
  pool_.reset(
      rte_pktmbuf_pool_create(name.c_str(), config.frames, kPoolCacheFrames, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket));
  if (!pool_) {
    throw std::runtime_error("no memory for " + std::to_string(config.frames) + " frames: " + rte_strerror(rte_errno) +
                             " (give the EAL more: -m or huge pages)");
  }

  rte_eth_conf conf{};
  if (queues_ > 1 && (info.flow_type_rss_offloads & RTE_ETH_RSS_NONFRAG_IPV4_UDP) != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV4);
  }
  check(rte_eth_dev_configure(id_, queues_, queues_, &conf), config.device, "cannot be configured");
  uint16_t rx = config.descriptors;
  uint16_t tx = config.descriptors;
  check(rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx), config.device, "refuses the number of descriptors");
  for (uint16_t queue = 0; queue < queues_; ++queue) {
    const auto node = static_cast<unsigned>(socket);
    check(rte_eth_rx_queue_setup(id_, queue, rx, node, nullptr, pool_.get()), config.device, "receive queue");
    check(rte_eth_tx_queue_setup(id_, queue, tx, node, nullptr), config.device, "transmit queue");
  }
  // Flow control is off, as in Perséphone: a slow receiver must lose frames visibly, not slow the sender. Virtual
  // devices have none.
  rte_eth_fc_conf flow{};
  flow.mode = RTE_ETH_FC_NONE;
  rte_eth_dev_flow_ctrl_set(id_, &flow);
  check(rte_eth_dev_start(id_), config.device, "cannot be started");
  if (config.promiscuous) rte_eth_promiscuous_enable(id_);

  rte_ether_addr address;
  check(rte_eth_macaddr_get(id_, &address), config.device, "has no MAC address");
  std::copy(std::begin(address.addr_bytes), std::end(address.addr_bytes), mac_.begin());
  if (config.mac && *config.mac != mac_) answerTo(*config.mac, config);
}

/** A NIC silently drops frames for other MACs than its own, so it must be told which it has, or to take all frames. */
void Port::answerTo(const Mac& wanted, const PortConfig& config) {
  rte_ether_addr address;
  std::copy(wanted.begin(), wanted.end(), std::begin(address.addr_bytes));
  const bool set = config.owned && rte_eth_dev_default_mac_addr_set(id_, &address) == 0;
  if (!set && !config.promiscuous) {
    check(rte_eth_promiscuous_enable(id_), config.device, "refuses the configured MAC, and to take frames for others");
  }
  mac_ = wanted;
}

Port::~Port() {
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
}

bool Port::linkUp() const noexcept {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

uint16_t Port::usableMemifQueues() noexcept {
  if (!linkUp()) {
    peerQueues_ = 0;
    return 1;
  }
  if (peerQueues_ == 0) peerQueues_ = sharedMemifPairs();
  return std::min(peerQueues_, queues_);
}

void Port::callAgain() const {
  rte_eth_dev_stop(id_);
  // A missing peer is no failure here: the next call may find it.
  rte_eth_dev_start(id_);
}

PortCounters Port::counters() const noexcept {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) != 0) return {};
  return {stats.imissed, stats.rx_nombuf, stats.oerrors};
}

}  // namespace psp
