#include <napi.h>
#include <sched.h>

#include <memory>

#include "addon/convert.hpp"
#include "addon/dispatcher_net.hpp"
#include "addon/load_binding.hpp"
#include "addon/server_binding.hpp"
#include "apps/application.hpp"
#include "base/clock.hpp"
#include "base/doorbell.hpp"
#include "base/layout_offsets.hpp"
#include "base/thread_setup.hpp"
#include "net/eal.hpp"

namespace psp::addon {
namespace {

/** The only global: DPDK's environment exists once per process and cannot be made twice. */
std::unique_ptr<Eal> eal;

/** startEal(arguments) returns what DPDK said. */
Napi::Value startEal(const Napi::CallbackInfo& info) {
  try {
    if (eal) throw std::runtime_error("DPDK is already running in this process");
    const auto list = info[0].As<Napi::Array>();
    std::vector<std::string> arguments;
    for (uint32_t i = 0; i < list.Length(); ++i) arguments.push_back(list.Get(i).ToString().Utf8Value());
    eal = std::make_unique<Eal>(std::move(arguments));
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
  return Napi::String::New(info.Env(), eal->words());
}

Napi::Value stopEal(const Napi::CallbackInfo& info) {
  eal.reset();
  return info.Env().Undefined();
}

/** misalignment(bytes) returns how many bytes the memory of a typed array lies beyond a multiple of 64. */
Napi::Value misalignment(const Napi::CallbackInfo& info) {
  const auto* data = elements<std::byte>(info[0], "bytes");
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(data) % 64));
}

Napi::Value pinThread(const Napi::CallbackInfo& info) {
  try {
    pinThisThread(info[0].ToNumber().Int32Value());
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
  return info.Env().Undefined();
}

/** prepareThread(poll) names the dispatcher's thread, and sets its timers and priority as for every native thread. */
Napi::Value prepareThread(const Napi::CallbackInfo& info) {
  nameThisThread("psp-dispatcher");
  sharpenTimersOfThisThread();
  preferThisThread(pollOf(info[0].ToString().Utf8Value()));
  return info.Env().Undefined();
}

Napi::Value yieldThread(const Napi::CallbackInfo& info) {
  sched_yield();
  return info.Env().Undefined();
}

// The dispatcher's side of the bells. The memory is an argument, so that nothing is kept between calls.

/**
 * armBell(words, index) announces that the caller is about to sleep. It must look for work once more before it waits.
 */
Napi::Value armBell(const Napi::CallbackInfo& info) {
  auto* words = elements<std::atomic<uint32_t>>(info[0], "words");
  Doorbell(words[info[1].ToNumber().Uint32Value()]).arm();
  return info.Env().Undefined();
}

Napi::Value disarmBell(const Napi::CallbackInfo& info) {
  auto* words = elements<std::atomic<uint32_t>>(info[0], "words");
  Doorbell(words[info[1].ToNumber().Uint32Value()]).disarm();
  return info.Env().Undefined();
}

/** waitBell(words, index, timeoutNs) waits, and writes into the shared memory when the wait ended. */
Napi::Value waitBell(const Napi::CallbackInfo& info) {
  auto* words = elements<std::atomic<uint32_t>>(info[0], "words");
  const double until = kernelClockNs(CLOCK_MONOTONIC) + info[2].ToNumber().DoubleValue();
  const auto seconds = static_cast<time_t>(until / 1e9);
  const auto rest = static_cast<long>(until - static_cast<double>(seconds) * 1e9);
  Doorbell(words[info[1].ToNumber().Uint32Value()]).wait({seconds, rest});
  auto& control = *reinterpret_cast<layout::Control*>(words);
  const double wokenNs = (static_cast<double>(readTicks()) - control.epochTicks) * control.nsPerTick;
  control.wokenNs.store(wokenNs, std::memory_order_relaxed);
  return info.Env().Undefined();
}

Napi::Value ringBell(const Napi::CallbackInfo& info) {
  auto* words = elements<std::atomic<uint32_t>>(info[0], "words");
  Doorbell(words[info[1].ToNumber().Uint32Value()]).ring();
  return info.Env().Undefined();
}

/** The layout that this addon was compiled with, by the names of src/hw/memory/layout.ts. */
Napi::Object layoutOffsetsOf(Napi::Env env) {
  auto offsets = Napi::Object::New(env);
  for (const auto& [name, offset] : layoutOffsets()) offsets.Set(name, static_cast<double>(offset));
  return offsets;
}

/** The names of the built-in applications. */
Napi::Array applicationsOf(Napi::Env env) {
  auto names = Napi::Array::New(env);
  for (const std::string& name : builtInApplications()) names.Set(names.Length(), name);
  return names;
}

/** checkApplication(name, plugin) loads an application, and throws why it cannot be. */
Napi::Value checkApplication(const Napi::CallbackInfo& info) {
  try {
    loadApplication({.name = info[0].ToString(), .plugin = info[1].ToString(), .parameters = "{}"});
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("layoutOffsets", layoutOffsetsOf(env));
  exports.Set("applications", applicationsOf(env));
#ifdef PSP_HAVE_ROCKSDB
  exports.Set("hasRocksdb", Napi::Boolean::New(env, true));
#else
  exports.Set("hasRocksdb", Napi::Boolean::New(env, false));
#endif
  exports.Set("checkApplication", Napi::Function::New(env, checkApplication));
  exports.Set("startEal", Napi::Function::New(env, startEal));
  exports.Set("stopEal", Napi::Function::New(env, stopEal));
  exports.Set("misalignment", Napi::Function::New(env, misalignment));
  exports.Set("pinThread", Napi::Function::New(env, pinThread));
  exports.Set("prepareThread", Napi::Function::New(env, prepareThread));
  exports.Set("yieldThread", Napi::Function::New(env, yieldThread));
  exports.Set("armBell", Napi::Function::New(env, armBell));
  exports.Set("disarmBell", Napi::Function::New(env, disarmBell));
  exports.Set("waitBell", Napi::Function::New(env, waitBell));
  exports.Set("ringBell", Napi::Function::New(env, ringBell));
  exports.Set("openNet", Napi::Function::New(env, openNet));
  exports.Set("Server", ServerBinding::define(env));
  exports.Set("LoadGenerator", LoadBinding::define(env));
  return exports;
}

}  // namespace
}  // namespace psp::addon

static Napi::Object initModule(Napi::Env env, Napi::Object exports) { return psp::addon::init(env, exports); }
NODE_API_MODULE(psp_native, initModule)
