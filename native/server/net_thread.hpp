#pragma once
#include <future>
#include <optional>
#include <thread>

#include "base/shared_layout.hpp"
#include "base/thread_setup.hpp"
#include "server/net_loop.hpp"

namespace psp {

/** A thread that does nothing but poll the port, until the stop word says that the workers have ended. */
class NetThread {
 public:
  NetThread(std::optional<int> core, Poll poll, const SharedLayout& shared, NetLoop& loop);
  ~NetThread();
  NetThread(const NetThread&) = delete;
  NetThread& operator=(const NetThread&) = delete;

  void waitUntilReady() { ready_.get_future().get(); }

 private:
  void run();

  std::optional<int> core_;
  Poll poll_;
  layout::Control& control_;
  NetLoop& loop_;
  std::promise<void> ready_;
  std::thread thread_;
};

}  // namespace psp
