#include "addon/server_binding.hpp"

#include <cstdio>

#include "addon/convert.hpp"

namespace psp::addon {

Napi::Function ServerBinding::define(Napi::Env env) {
  return DefineClass(env, "Server",
                     {InstanceMethod("stop", &ServerBinding::stop), InstanceMethod("mac", &ServerBinding::mac),
                      InstanceMethod("clock", &ServerBinding::clock),
                      InstanceMethod("packetTimes", &ServerBinding::packetTimes),
                      InstanceMethod("gapsNs", &ServerBinding::gapsNs)});
}

ServerBinding::ServerBinding(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  try {
    const auto from = info[0].As<Napi::Object>();
    size_t bytes = 0;
    auto* base = elements<std::byte>(info[1], "shared", &bytes);
    const SharedLayout shared(base, bytes);
    ServerConfig config;
    config.port = portOf(object(from, "port"));
    config.self = endpointOf(object(from, "self"));
    config.payload = payloadOf(text(from, "frame"));
    config.poll = pollOf(text(from, "poll"));
    config.inlineNet = boolean(from, "inlineNet");
    if (from.Get("netCore").IsNumber()) config.netCore = static_cast<int>(number(from, "netCore"));
    config.workerCores = integers(from, "workerCores");
    config.keepAwake = boolean(from, "keepAwake");
    const auto application = object(from, "application");
    config.application = {.name = text(application, "name"),
                          .plugin = text(application, "plugin"),
                          .parameters = text(application, "parameters")};
    config.typeNames = texts(from, "types");
    server_ = std::make_unique<Server>(config, shared, classifierOf(object(from, "classifier"), shared.types()));
    memory_ = Napi::Reference<Napi::Value>::New(info[1], 1);
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

Napi::Value ServerBinding::stop(const Napi::CallbackInfo& info) {
  server_.reset();
  memory_.Reset();
  return info.Env().Undefined();
}

Napi::Value ServerBinding::mac(const Napi::CallbackInfo& info) {
  if (!server_) return info.Env().Undefined();
  const Mac mac = server_->mac();
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return Napi::String::New(info.Env(), text);
}

/** Returns nothing when it has ended. */
Napi::Value ServerBinding::clock(const Napi::CallbackInfo& info) {
  if (!server_) return info.Env().Undefined();
  return clockOf(info.Env(), server_->clock());
}

/** Returns nothing when it has ended. */
Napi::Value ServerBinding::gapsNs(const Napi::CallbackInfo& info) {
  if (!server_) return info.Env().Undefined();
  const std::vector<double> times = server_->gapsNs();
  auto result = Napi::Float64Array::New(info.Env(), times.size());
  std::copy(times.begin(), times.end(), result.Data());
  return result;
}

/** How many packets kept the net loop busy for how long, as counts of buckets. Returns nothing when it has ended. */
Napi::Value ServerBinding::packetTimes(const Napi::CallbackInfo& info) {
  if (!server_) return info.Env().Undefined();
  auto counts = Napi::Uint32Array::New(info.Env(), PacketTimes::kBuckets);
  const PacketTimes& times = server_->packetTimes();
  for (size_t bucket = 0; bucket < PacketTimes::kBuckets; ++bucket) counts[bucket] = times.count(bucket);
  auto result = Napi::Object::New(info.Env());
  result.Set("bucketNs", PacketTimes::kBucketNs);
  result.Set("counts", counts);
  return result;
}

}  // namespace psp::addon
