#include "server/net_thread.hpp"

#include "net/eal.hpp"

namespace psp {

NetThread::NetThread(std::optional<int> core, Poll poll, const SharedLayout& shared, NetLoop& loop)
    : core_(core), poll_(poll), control_(shared.control()), loop_(loop), thread_(&NetThread::run, this) {}

NetThread::~NetThread() { thread_.join(); }

void NetThread::run() {
  nameThisThread("psp-net");
  try {
    const EalThread lcore;
    // After the registration, which takes over the affinity that it finds.
    if (core_) pinThisThread(*core_);
    sharpenTimersOfThisThread();
    preferThisThread(poll_);
    ready_.set_value();
    while (control_.runState.load(std::memory_order_relaxed) < layout::kClosed) {
      if (loop_.pollOnce() == 0) idleOnce(poll_);
    }
    loop_.finish();
  } catch (...) {
    ready_.set_exception(std::current_exception());
  }
}

}  // namespace psp
