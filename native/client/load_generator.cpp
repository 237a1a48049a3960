#include "client/load_generator.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "client/load_thread.hpp"

namespace psp {
namespace {

/** The port answers to the configured MAC. */
PortConfig portOf(const LoadConfig& config) {
  PortConfig port = config.port;
  if (config.self.mac != Mac{}) port.mac = config.self.mac;
  return port;
}

}  // namespace

LoadGenerator::LoadGenerator(const LoadConfig& config, const TraceView& trace, const RecordView& records)
    : config_(config), trace_(trace), records_(records), port_(portOf(config)), clock_(Clock::calibrate()) {
  if (config_.cores.size() > port_.queues()) throw std::runtime_error("load generator: more threads than queue pairs");
  if (config_.self.mac == Mac{}) config_.self.mac = port_.mac();
  if (config_.concurrency != UINT32_MAX) open_ = std::make_unique<std::atomic<uint8_t>[]>(trace_.length);
}

LoadGenerator::~LoadGenerator() {
  stop();
  go_.store(true);
  if (connector_.joinable()) connector_.join();
}

void LoadGenerator::connect() {
  connector_ = std::thread([this] {
    try {
      waitForLink();
      checkQueues();
      if (config_.server.mac == Mac{}) resolveServer();
      connection_.store(Connection::connected, std::memory_order_release);
    } catch (const std::exception& error) {
      connectError_ = error.what();
      connection_.store(Connection::failed, std::memory_order_release);
    }
  });
}

void LoadGenerator::waitForLink() {
  const double limit = clock_.nowNs() + config_.connectNs;
  // A call ends the one before it. On a busy machine the peer may take longer to answer, so that the waits grow.
  constexpr double kLongestWaitNs = 2e9;
  double waitNs = 300e6;
  double callNs = clock_.nowNs() + waitNs;
  while (!port_.linkUp() && !stopping()) {
    if (config_.calls && clock_.nowNs() > callNs) {
      port_.callAgain();
      waitNs = std::min(2 * waitNs, kLongestWaitNs);
      callNs = clock_.nowNs() + waitNs;
    }
    if (clock_.nowNs() > limit) {
      const auto threads = std::to_string(config_.cores.size());
      const bool mayLackQueues = port_.isMemif() && config_.cores.size() > 1;
      throw std::runtime_error("device " + config_.port.device + ": the link is down (" +
                               (mayLackQueues ? "does the server have " + threads + " queues, one for each of the " +
                                                    threads + " cores of the client, and is it running?)"
                                              : "is the server running?)"));
    }
    idleOnce(Poll::sleep);
  }
}

void LoadGenerator::checkQueues() {
  if (stopping()) return;
  const uint16_t usable = port_.usableQueues();
  if (usable >= config_.cores.size()) return;
  throw std::runtime_error("device " + config_.port.device + ": the server has " + std::to_string(usable) +
                           " queue pairs, fewer than the " + std::to_string(config_.cores.size()) +
                           " cores of the client");
}

void LoadGenerator::resolveServer() {
  const double limit = clock_.nowNs() + config_.connectNs;
  constexpr double kAskEveryNs = 100e6;
  double askNs = 0;
  while (clock_.nowNs() < limit && !stopping()) {
    if (clock_.nowNs() >= askNs) {
      askNs = clock_.nowNs() + kAskEveryNs;
      rte_mbuf* question = rte_pktmbuf_alloc(port_.pool());
      if (question == nullptr) throw std::runtime_error("load generator: the frame pool is empty");
      const size_t length = writeArpRequest(rte_pktmbuf_mtod(question, uint8_t*), config_.self, config_.server.ip);
      question->data_len = static_cast<uint16_t>(length);
      question->pkt_len = question->data_len;
      if (port_.send(0, &question, 1) == 0) rte_pktmbuf_free(question);
    }
    for (uint16_t queue = 0; queue < port_.queues(); ++queue) {
      rte_mbuf* frame;
      if (port_.receive(queue, &frame, 1) == 0) continue;
      const uint8_t* bytes = rte_pktmbuf_mtod(frame, const uint8_t*);
      const ParsedFrame parsed = parseFrame(bytes, frame->data_len, config_.self);
      if (parsed.kind == FrameKind::arpRequest) {
        answerArp(frame, queue);
        continue;
      }
      const bool answered = parsed.kind == FrameKind::arpReply && parsed.sourceIp == config_.server.ip;
      if (answered) config_.server.mac = arpSenderMac(bytes);
      rte_pktmbuf_free(frame);
      if (answered) return;
    }
    idleOnce(Poll::sleep);
  }
  if (stopping()) return;
  const int seconds = static_cast<int>(config_.connectNs / 1e9);
  throw std::runtime_error("the server did not answer ARP within " + std::to_string(seconds) +
                           " s: is it running, and its address right?");
}

void LoadGenerator::answerArp(rte_mbuf* question, uint16_t queue) const {
  makeArpReplyInPlace(rte_pktmbuf_mtod(question, uint8_t*), config_.self);
  if (port_.send(queue, &question, 1) == 0) rte_pktmbuf_free(question);
}

void LoadGenerator::open(uint32_t index) noexcept {
  outstanding_.fetch_add(1, std::memory_order_relaxed);
  if (open_) open_[index].store(1, std::memory_order_relaxed);
}

void LoadGenerator::settle(uint32_t index) noexcept {
  const bool first = !open_ || open_[index].exchange(0, std::memory_order_relaxed) == 1;
  if (first) outstanding_.fetch_sub(1, std::memory_order_release);
}

void LoadGenerator::start() {
  const auto threads = static_cast<uint32_t>(config_.cores.size());
  sending_ = threads;
  // All threads must exist before the first runs, because each reads the counts of the others.
  for (uint32_t i = 0; i < threads; ++i) threads_.push_back(std::make_unique<LoadThread>(*this, i, threads));
  for (uint32_t i = 0; i < threads; ++i) threads_[i]->start(config_.cores[i]);
  for (const auto& thread : threads_) thread->waitUntilReady();
  clock_ = Clock::calibrate();
  go_.store(true, std::memory_order_release);
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
