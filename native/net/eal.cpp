#include "net/eal.hpp"

#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace psp {
namespace {

/**
 * Collects what DPDK says while it starts, so that a refusal is one line: its log, and what it and getopt write to the
 * process's own streams. Nothing else of psp runs meanwhile.
 */
class Words {
 public:
  Words() : log_(open_memstream(&text_, &bytes_)) {
    rte_openlog_stream(log_);
    std::fflush(stdout);
    for (int i = 0; i < 2; ++i) {
      spoken_[i] = memfd_create("psp-words", MFD_CLOEXEC);
      kept_[i] = fcntl(kStreams[i], F_DUPFD_CLOEXEC, 3);
      if (spoken_[i] >= 0) dup2(spoken_[i], kStreams[i]);
    }
  }
  ~Words() {
    std::fflush(stdout);
    for (int i = 0; i < 2; ++i) {
      if (kept_[i] >= 0) dup2(kept_[i], kStreams[i]);
      for (const int file : {spoken_[i], kept_[i]}) {
        if (file >= 0) close(file);
      }
    }
    rte_openlog_stream(nullptr);
    std::fclose(log_);
    std::free(text_);
  }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  /**
   * The line that says most: getopt's complaint about an argument, else the first line of the log, which names the
   * cause.
   */
  std::string tellingLine() {
    std::fflush(log_);
    char spoken[4096];
    const ssize_t length = spoken_[1] < 0 ? 0 : pread(spoken_[1], spoken, sizeof spoken, 0);
    const std::string_view errors(spoken, length > 0 ? static_cast<size_t>(length) : 0);
    if (errors.starts_with(kProgram)) {
      return std::string(errors.substr(kProgram.size(), errors.find('\n') - kProgram.size()));
    }
    const std::string text(text_ ? text_ : "");
    for (size_t at = 0, end; at < text.size(); at = end + 1) {
      end = std::min(text.find('\n', at), text.size());
      if (end > at) return text.substr(at, end - at);
    }
    return {};
  }

  /** getopt's complaints begin with this: DPDK is told that it is the program's name. */
  static constexpr std::string_view kProgram = "dpdk: ";

 private:
  static constexpr int kStreams[] = {STDOUT_FILENO, STDERR_FILENO};
  char* text_ = nullptr;
  size_t bytes_ = 0;
  std::FILE* log_;
  int spoken_[2];
  int kept_[2];
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
  arguments.insert(arguments.begin(), "dpdk");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  Phase reached = Phase::running;
  std::string error;
  std::string last;
  {
    Words words;
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
      last = words.tellingLine();
      error = last.empty() ? rte_strerror(rte_errno) : last + " (" + rte_strerror(rte_errno) + ")";
      reached = Phase::failed;
    } else {
      last = words.tellingLine();
    }
  }
  std::unique_lock lock(mutex_);
  error_ = error;
  words_ = last;
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
