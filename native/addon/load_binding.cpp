#include "addon/load_binding.hpp"

#include <algorithm>

#include "addon/convert.hpp"

namespace psp::addon {

Napi::Function LoadBinding::define(Napi::Env env) {
  return DefineClass(env, "LoadGenerator",
                     {InstanceMethod("connect", &LoadBinding::connect),
                      InstanceMethod("connection", &LoadBinding::connection),
                      InstanceMethod("start", &LoadBinding::start), InstanceMethod("stop", &LoadBinding::stop),
                      InstanceMethod("counts", &LoadBinding::counts), InstanceMethod("end", &LoadBinding::end),
                      InstanceMethod("close", &LoadBinding::close), InstanceMethod("clock", &LoadBinding::clock)});
}

LoadBinding::LoadBinding(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  try {
    const auto from = info[0].As<Napi::Object>();
    const auto traceFrom = info[1].As<Napi::Object>();
    const auto recordsFrom = info[2].As<Napi::Object>();
    LoadConfig config;
    config.port = portOf(object(from, "port"));
    config.self = endpointOf(object(from, "self"));
    config.server = endpointOf(object(from, "server"));
    const std::string frame = text(from, "frame");
    config.payload = payloadOf(frame);
    config.wantsStamps = frame == "psp";
    config.poll = pollOf(text(from, "poll"));
    config.cores = integers(from, "cores");
    config.concurrency = static_cast<uint32_t>(number(from, "concurrency"));
    config.closedLoop = boolean(from, "closedLoop");
    config.lateAfterNs = number(from, "lateAfterNs");
    config.drainNs = number(from, "drainNs");
    config.calls = boolean(from, "calls");
    config.idBase = static_cast<uint32_t>(number(from, "idBase"));
    config.connectNs = number(from, "connectNs");
    config.anySource = boolean(from, "anySource");

    TraceView trace;
    trace.length = static_cast<uint32_t>(number(traceFrom, "length"));
    const auto column = [&]<typename T>(const Napi::Object& table, const char* name, T*& into) {
      size_t length = 0;
      into = elements<T>(table.Get(name), name, &length);
      if (length < trace.length) wrong(name, "as many elements as the trace has requests");
    };
    column(traceFrom, "plannedNs", trace.plannedNs);
    column(traceFrom, "demandNs", trace.demandNs);
    column(traceFrom, "code", trace.code);
    column(traceFrom, "flow", trace.flow);
    RecordView records;
    column(recordsFrom, "sentNs", records.sentNs);
    column(recordsFrom, "repliedNs", records.repliedNs);
    column(recordsFrom, "receivedNs", records.receivedNs);
    column(recordsFrom, "dispatchedNs", records.dispatchedNs);
    column(recordsFrom, "startedNs", records.startedNs);
    column(recordsFrom, "endedNs", records.endedNs);
    column(recordsFrom, "worker", records.worker);

    load_ = std::make_unique<LoadGenerator>(config, trace, records);
    memory_.push_back(Napi::Persistent(traceFrom));
    memory_.push_back(Napi::Persistent(recordsFrom));
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

Napi::Value LoadBinding::start(const Napi::CallbackInfo& info) {
  try {
    if (load_) load_->start();
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
  return info.Env().Undefined();
}

Napi::Value LoadBinding::connect(const Napi::CallbackInfo& info) {
  if (load_) load_->connect();
  return info.Env().Undefined();
}

/** Returns whether the server was found; throws the reason when it cannot be. */
Napi::Value LoadBinding::connection(const Napi::CallbackInfo& info) {
  const Connection state = load_ ? load_->connection() : Connection::connecting;
  if (state == Connection::failed) throw Napi::Error::New(info.Env(), load_->connectError());
  return Napi::Boolean::New(info.Env(), state == Connection::connected);
}

Napi::Value LoadBinding::stop(const Napi::CallbackInfo& info) {
  if (load_) load_->stop();
  return info.Env().Undefined();
}

Napi::Value LoadBinding::counts(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  const auto sum = [&](const char* name, std::atomic<double> LoadCounts::* member) {
    double total = 0;
    for (size_t i = 0; load_ && i < load_->threads(); ++i) {
      total += (load_->counts(i).*member).load(std::memory_order_relaxed);
    }
    result.Set(name, total);
  };
  sum("sent", &LoadCounts::sent);
  sum("received", &LoadCounts::received);
  sum("late", &LoadCounts::late);
  sum("skipped", &LoadCounts::skipped);
  sum("foreign", &LoadCounts::foreign);
  sum("duplicates", &LoadCounts::duplicates);
  sum("malformed", &LoadCounts::malformed);
  sum("badChecksum", &LoadCounts::badChecksum);
  sum("withoutChecksum", &LoadCounts::withoutChecksum);
  sum("sendAttempts", &LoadCounts::sendAttempts);
  double stranger = 0;
  for (size_t i = 0; load_ && i < load_->threads(); ++i) {
    stranger = std::max(stranger, load_->counts(i).stranger.load(std::memory_order_relaxed));
  }
  result.Set("stranger", stranger);
  result.Set("nowNs", load_ && load_->threads() > 0 ? load_->counts(0).nowNs.load(std::memory_order_relaxed) : 0.0);
  return result;
}

Napi::Value LoadBinding::end(const Napi::CallbackInfo& info) {
  const LoadEnd end = load_ ? load_->end() : LoadEnd::stopped;
  static constexpr const char* kNames[] = {"running", "complete", "drained", "stopped", "serverGone"};
  return Napi::String::New(info.Env(), kNames[static_cast<uint32_t>(end)]);
}

Napi::Value LoadBinding::close(const Napi::CallbackInfo& info) {
  load_.reset();
  memory_.clear();
  return info.Env().Undefined();
}

/** Returns nothing when it has ended. */
Napi::Value LoadBinding::clock(const Napi::CallbackInfo& info) {
  if (!load_) return info.Env().Undefined();
  return clockOf(info.Env(), load_->clock());
}

}  // namespace psp::addon
