#include "net/eal.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace psp {
namespace {

/** Collects what DPDK logs while it starts, so that a refusal can be told in one line. */
class LogCapture {
 public:
  LogCapture() : stream_(open_memstream(&text_, &bytes_)) { rte_openlog_stream(stream_); }
  ~LogCapture() {
    rte_openlog_stream(nullptr);
    std::fclose(stream_);
    std::free(text_);
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  /** The last line that was logged. */
  std::string lastLine() {
    std::fflush(stream_);
    std::string text(text_ ? text_ : "");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

 private:
  char* text_ = nullptr;
  size_t bytes_ = 0;
  std::FILE* stream_;
};

}  // namespace

Eal::Eal(std::vector<std::string> arguments) : thread_(&Eal::live, this, std::move(arguments)) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return phase_ != Phase::starting; });
  if (phase_ == Phase::failed) {
    lock.unlock();
    thread_.join();
    throw std::runtime_error("DPDK refused to start: " + error_);
  }
}

Eal::~Eal() {
  {
    std::lock_guard lock(mutex_);
    phase_ = Phase::ending;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Eal::live(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "psp");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  Phase reached = Phase::running;
  std::string error;
  {
    LogCapture log;
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
      const std::string last = log.lastLine();
      error = last.empty() ? rte_strerror(rte_errno) : last + " (" + rte_strerror(rte_errno) + ")";
      reached = Phase::failed;
    }
  }
  std::unique_lock lock(mutex_);
  error_ = error;
  phase_ = reached;
  changed_.notify_all();
  if (reached == Phase::failed) return;
  changed_.wait(lock, [this] { return phase_ == Phase::ending; });
  rte_eal_cleanup();
}

EalThread::EalThread() {
  if (rte_thread_register() < 0) {
    throw std::runtime_error(std::string("DPDK has no lcore id left for another thread: ") + rte_strerror(rte_errno));
  }
}

EalThread::~EalThread() { rte_thread_unregister(); }

}  // namespace psp
