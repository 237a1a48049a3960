#pragma once
#include <napi.h>

#include <memory>

#include "server/server.hpp"

namespace psp::addon {

/** `new Server(config, shared)` starts the native half of a server over the memory `shared`; `stop()` ends it. */
class ServerBinding final : public Napi::ObjectWrap<ServerBinding> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ServerBinding(const Napi::CallbackInfo& info);

 private:
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value mac(const Napi::CallbackInfo& info);
  Napi::Value clock(const Napi::CallbackInfo& info);
  Napi::Value gapsNs(const Napi::CallbackInfo& info);
  Napi::Value packetTimes(const Napi::CallbackInfo& info);

  Napi::Reference<Napi::Value> memory_;
  std::unique_ptr<Server> server_;
};

}  // namespace psp::addon
