#include <napi.h>

#include "addon/convert.hpp"
#include "probe/probe_world.hpp"
#include "probe/ring_hops.hpp"

// A second addon, for bench/ and psp calibrate. It needs no DPDK.

namespace psp::addon {
namespace {

class ProbeBinding final : public Napi::ObjectWrap<ProbeBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "ProbeWorld",
                       {InstanceMethod("completed", &ProbeBinding::completed),
                        InstanceMethod("latencies", &ProbeBinding::latencies),
                        InstanceMethod("stop", &ProbeBinding::stop)});
  }
  explicit ProbeBinding(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    size_t bytes = 0;
    auto* base = elements<std::byte>(info[0], "shared", &bytes);
    const auto from = info[1].As<Napi::Object>();
    const ProbeOffer offer{.window = static_cast<uint32_t>(number(from, "window")),
                           .rate = number(from, "rate"),
                           .core = static_cast<int>(number(from, "core"))};
    world_ = std::make_unique<ProbeWorld>(SharedLayout(base, bytes), offer);
    memory_ = Napi::Reference<Napi::Value>::New(info[0], 1);
  }

 private:
  Napi::Value completed(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), world_->completed()); }
  Napi::Value latencies(const Napi::CallbackInfo& info) {
    std::vector<double> quantiles;
    const auto list = info[0].As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) quantiles.push_back(list.Get(i).ToNumber());
    auto result = Napi::Array::New(info.Env());
    for (const double ns : world_->takeLatencies(quantiles)) result.Set(result.Length(), ns);
    return result;
  }
  Napi::Value stop(const Napi::CallbackInfo& info) {
    const double share = world_->stop();
    world_.reset();
    memory_.Reset();
    return Napi::Number::New(info.Env(), share);
  }

  Napi::Reference<Napi::Value> memory_;
  std::unique_ptr<ProbeWorld> world_;
};

/** runCppDispatcher(shared, seconds) */
Napi::Value cppDispatcher(const Napi::CallbackInfo& info) {
  size_t bytes = 0;
  auto* base = elements<std::byte>(info[0], "shared", &bytes);
  return Napi::Number::New(info.Env(), runCppDispatcher(SharedLayout(base, bytes), info[1].ToNumber()));
}

/** threadCpuSeconds() returns how long the calling thread has had a core. */
Napi::Value threadCpuSeconds(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), kernelClockNs(CLOCK_THREAD_CPUTIME_ID) / 1e9);
}

/** ringHops(batches, rounds, core, otherCore) */
Napi::Value hops(const Napi::CallbackInfo& info) {
  try {
    const auto at = [&](size_t i) { return info[i].ToNumber().Int32Value(); };
    const auto found = ringHops(info[0].ToNumber().Uint32Value(), info[1].ToNumber().Uint32Value(), at(2), at(3));
    auto result = Napi::Float64Array::New(info.Env(), found.size());
    std::copy(found.begin(), found.end(), result.Data());
    return result;
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("ProbeWorld", ProbeBinding::define(env));
  exports.Set("cppDispatcher", Napi::Function::New(env, cppDispatcher));
  exports.Set("ringHops", Napi::Function::New(env, hops));
  exports.Set("threadCpuSeconds", Napi::Function::New(env, threadCpuSeconds));
  return exports;
}

}  // namespace
}  // namespace psp::addon

static Napi::Object initModule(Napi::Env env, Napi::Object exports) { return psp::addon::init(env, exports); }
NODE_API_MODULE(psp_probe, initModule)
