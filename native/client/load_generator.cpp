#include "client/load_generator.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "client/load_thread.hpp"

namespace psp {

LoadGenerator::LoadGenerator(const LoadConfig& config, const TraceView& trace, const RecordView& records)
    : config_(config), trace_(trace), records_(records), port_(config.port), clock_(Clock::calibrate()) {
  for (uint32_t i = 0; i < trace_.length; ++i) longestDemandNs_ = std::max(longestDemandNs_, trace_.demandNs[i]);
  if (config_.cores.size() > port_.queues()) throw std::runtime_error("load generator: more threads than queue pairs");
  if (config_.self.mac == Mac{}) config_.self.mac = port_.mac();
  waitForLink();
  if (config_.server.mac == Mac{}) resolveServer();
}

LoadGenerator::~LoadGenerator() { stop(); }

void LoadGenerator::waitForLink() {
  const double limit = clock_.nowNs() + config_.connectNs;
  constexpr double kCallEveryNs = 300e6;
  double callNs = clock_.nowNs() + kCallEveryNs;
  while (!port_.linkUp()) {
    if (config_.calls && clock_.nowNs() > callNs) {
      port_.callAgain();
      callNs = clock_.nowNs() + kCallEveryNs;
    }
    if (clock_.nowNs() > limit) throw std::runtime_error("device " + config_.port.device + ": the link is down (is the server running?)");
    idleOnce(Poll::sleep);
  }
}

void LoadGenerator::resolveServer() {
  const double limit = clock_.nowNs() + config_.connectNs;
  constexpr double kAskEveryNs = 100e6;
  double askNs = 0;
  while (clock_.nowNs() < limit) {
    if (clock_.nowNs() >= askNs) {
      askNs = clock_.nowNs() + kAskEveryNs;
      rte_mbuf* question = rte_pktmbuf_alloc(port_.pool());
      if (question == nullptr) throw std::runtime_error("load generator: the frame pool is empty");
      question->data_len = static_cast<uint16_t>(writeArpRequest(rte_pktmbuf_mtod(question, uint8_t*), config_.self, config_.server.ip));
      question->pkt_len = question->data_len;
      if (port_.send(0, &question, 1) == 0) rte_pktmbuf_free(question);
    }
    for (uint16_t queue = 0; queue < port_.queues(); ++queue) {
      rte_mbuf* frame;
      if (port_.receive(queue, &frame, 1) == 0) continue;
      const uint8_t* bytes = rte_pktmbuf_mtod(frame, const uint8_t*);
      const ParsedFrame parsed = parseFrame(bytes, frame->data_len, config_.self);
      const bool answered = parsed.kind == FrameKind::arpReply && parsed.sourceIp == config_.server.ip;
      if (answered) config_.server.mac = arpSenderMac(bytes);
      rte_pktmbuf_free(frame);
      if (answered) return;
    }
    idleOnce(Poll::sleep);
  }
  throw std::runtime_error("the server did not answer ARP within " + std::to_string(static_cast<int>(config_.connectNs / 1e9)) +
                           " s: is it running, and its address right?");
}

void LoadGenerator::start() {
  clock_ = Clock::calibrate();
  const auto threads = static_cast<uint32_t>(config_.cores.size());
  sending_ = threads;
  // All of them exist before the first runs: a thread looks at its siblings' counts.
  for (uint32_t i = 0; i < threads; ++i) threads_.push_back(std::make_unique<LoadThread>(*this, i, threads));
  for (uint32_t i = 0; i < threads; ++i) threads_[i]->start(config_.cores[i]);
}

LoadEnd LoadGenerator::end() const noexcept {
  LoadEnd worst = LoadEnd::complete;
  for (const auto& thread : threads_) {
    const auto end = static_cast<LoadEnd>(thread->end.load(std::memory_order_acquire));
    if (end == LoadEnd::running) return LoadEnd::running;
    worst = std::max(worst, end);
  }
  return worst;
}

size_t LoadGenerator::threads() const noexcept { return threads_.size(); }
const LoadCounts& LoadGenerator::counts(size_t thread) const noexcept { return threads_[thread]->counts; }

}  // namespace psp
