#include "addon/dispatcher_net.hpp"

#include <optional>

#include "addon/convert.hpp"
#include "base/shared_layout.hpp"
#include "net/eal.hpp"
#include "server/net_loop.hpp"

namespace psp::addon {
namespace {

/** A dispatcher's thread as the one that uses the port. */
struct DispatcherNet {
  layout::Control& control;
  /** DPDK starts after the dispatcher is ready, so the thread registers when it first finds the port. */
  std::optional<EalThread> lcore;

  uint32_t poll() {
    NetLoop* loop = control.netLoop.load(std::memory_order_acquire);
    if (loop == nullptr) return 0;
    if (!lcore) lcore.emplace();
    return loop->pollOnce();
  }
};

/** Plain N-API, because node-addon-api's wrapper would add half to the time of the call. */
napi_value poll(napi_env env, napi_callback_info info) {
  void* net = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &net);
  napi_value handled = nullptr;
  try {
    napi_create_uint32(env, static_cast<DispatcherNet*>(net)->poll(), &handled);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return handled;
}

}  // namespace

Napi::Value openNet(const Napi::CallbackInfo& info) {
  auto* net = new DispatcherNet{*elements<layout::Control>(info[0], "words"), std::nullopt};
  // It ends with its thread, which alone may leave DPDK.
  info.Env().AddCleanupHook([net] { delete net; });
  napi_value function = nullptr;
  napi_create_function(info.Env(), "pollNet", NAPI_AUTO_LENGTH, poll, net, &function);
  return Napi::Value(info.Env(), function);
}

}  // namespace psp::addon
