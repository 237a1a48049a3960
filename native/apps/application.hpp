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

/** A request as an application sees it. Lives in its slot from arrival to reply, across preemptions. */
struct Request {
  /** Index of the type; the number of classified types means UNKNOWN. */
  uint32_t type = 0;
  /** What the client demands (synthetic applications), ns. */
  double demandNs = 0;
  /** What was already worked off in earlier stints, ns; the application's to write. */
  double doneNs = 0;
  uint8_t* payload = nullptr;
  size_t payloadBytes = 0;
};

/** Asks whether this stint is to end. Costs a load of a line that only the dispatcher writes. */
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
 * What a worker does with a request. One object per worker, used by that worker's thread only. To add an application: derive, give it a
 * name in application.cpp's table. `handle` may look at the flag wherever it can stop and later go on; one that never looks runs
 * every request to completion.
 */
class Application {
 public:
  virtual ~Application() = default;
  /** Called once on the worker's thread, before its first request. @throws std::runtime_error when it cannot work. */
  virtual void setup(unsigned /*worker*/) {}
  virtual Handled handle(Request& request, const PreemptFlag& preempt) = 0;
};

/** What applications are made from. */
struct ApplicationConfig {
  std::string name;
  /** rocksdb: folder of the database. */
  std::string path;
  /** rocksdb: index of the type that scans; every other type gets one key. */
  uint32_t scanType = 0;
};

/** Makes the application of one worker; `bell` is that worker's, for applications that wait instead of computing. */
using ApplicationFactory = std::function<std::unique_ptr<Application>(const Clock& clock, Doorbell bell)>;

/** @throws std::runtime_error for an unknown name, or when what workers share (a database) cannot be opened. */
ApplicationFactory makeApplicationFactory(const ApplicationConfig& config);

}  // namespace psp
