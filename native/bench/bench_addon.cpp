#include <napi.h>

#include "addon/convert.hpp"
#include "bench/bench_world.hpp"

// The benchmarks' own addon: what bench/ needs and psp does not.

namespace psp::addon {
namespace {

class BenchBinding final : public Napi::ObjectWrap<BenchBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "BenchWorld",
                       {InstanceMethod("completed", &BenchBinding::completed), InstanceMethod("latencies", &BenchBinding::latencies),
                        InstanceMethod("stop", &BenchBinding::stop)});
  }
  explicit BenchBinding(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    size_t bytes = 0;
    auto* base = elements<std::byte>(info[0], "shared", &bytes);
    const auto from = info[1].As<Napi::Object>();
    world_ = std::make_unique<BenchWorld>(SharedLayout(base, bytes), BenchOffer{.window = static_cast<uint32_t>(number(from, "window")),
                                                                               .rate = number(from, "rate"),
                                                                               .core = static_cast<int>(number(from, "core"))});
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
  std::unique_ptr<BenchWorld> world_;
};

/** runCppDispatcher(shared, seconds) */
Napi::Value cppDispatcher(const Napi::CallbackInfo& info) {
  size_t bytes = 0;
  auto* base = elements<std::byte>(info[0], "shared", &bytes);
  return Napi::Number::New(info.Env(), runCppDispatcher(SharedLayout(base, bytes), info[1].ToNumber()));
}

/** threadCpuSeconds(): time the calling thread has had a core. */
Napi::Value threadCpuSeconds(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), kernelClockNs(CLOCK_THREAD_CPUTIME_ID) / 1e9);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("BenchWorld", BenchBinding::define(env));
  exports.Set("cppDispatcher", Napi::Function::New(env, cppDispatcher));
  exports.Set("threadCpuSeconds", Napi::Function::New(env, threadCpuSeconds));
  return exports;
}

}  // namespace
}  // namespace psp::addon

static Napi::Object initModule(Napi::Env env, Napi::Object exports) { return psp::addon::init(env, exports); }
NODE_API_MODULE(psp_bench, initModule)
