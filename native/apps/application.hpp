#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/doorbell.hpp"

namespace psp {

/** A request, as an application sees it. It stays in its slot from arrival to reply, also when it is preempted. */
struct Request {
  /** Index of the type; the number of classified types means UNKNOWN. */
  uint32_t type = 0;
  /** The service time that the client demands (synthetic applications), ns. */
  double demandNs = 0;
  /** What earlier stints have done of it, ns; written by the application. */
  double doneNs = 0;
  uint8_t* payload = nullptr;
  size_t payloadBytes = 0;
};

/** Asks whether this stint must end. Costs a load of a cache line that only the dispatcher writes. */
class PreemptFlag {
 public:
  PreemptFlag(const std::atomic<uint32_t>& word, uint32_t stint) : word_(&word), stint_(stint) {}
  bool raised() const noexcept { return word_->load(std::memory_order_acquire) == stint_; }

 private:
  const std::atomic<uint32_t>* word_;
  uint32_t stint_;
};

enum class Handled { done, preempted, failed };

/**
 * What a worker does with a request. Each worker has its own object and uses it in its own thread only. To add an
 * application, derive from this and name it in application.cpp. `handle` may look at the flag wherever it can stop and
 * later continue; if it never looks, every request runs to completion.
 */
class Application {
 public:
  virtual ~Application() = default;
  /** Called once in the worker's thread, before its first request. @throws std::runtime_error when it cannot work */
  virtual void setup(unsigned /*worker*/) {}
  virtual Handled handle(Request& request, const PreemptFlag& preempt) = 0;
};

/** What applications are made with. */
struct ApplicationConfig {
  std::string name;
  /** rocksdb: folder of the database. */
  std::string path;
  /** rocksdb: index of the type that scans; every other type gets one key. */
  uint32_t scanType = 0;
};

/**
 * Makes the application of one worker. `bell` is that worker's bell, for applications that wait instead of computing.
 */
using ApplicationFactory = std::function<std::unique_ptr<Application>(const Clock& clock, Doorbell bell)>;

/**
 * @throws std::runtime_error for an unknown name, or when something that workers share (a database) cannot be opened
 */
ApplicationFactory makeApplicationFactory(const ApplicationConfig& config);

}  // namespace psp
