#pragma once
#include <napi.h>

#include <memory>
#include <vector>

#include "client/load_generator.hpp"

namespace psp::addon {

/**
 * `new LoadGenerator(config, trace, records)` opens the port; `connect()` starts to look for the server, `connection()`
 * says whether it was found; then `start()`, `stop()`, `counts()`, `end()`, `close()`. `trace` and `records` are
 * objects of typed arrays, which must not be changed until the run has ended.
 */
class LoadBinding final : public Napi::ObjectWrap<LoadBinding> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LoadBinding(const Napi::CallbackInfo& info);

 private:
  Napi::Value connect(const Napi::CallbackInfo& info);
  Napi::Value connection(const Napi::CallbackInfo& info);
  Napi::Value start(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value counts(const Napi::CallbackInfo& info);
  Napi::Value end(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value clock(const Napi::CallbackInfo& info);

  std::vector<Napi::ObjectReference> memory_;
  std::unique_ptr<LoadGenerator> load_;
};

}  // namespace psp::addon
