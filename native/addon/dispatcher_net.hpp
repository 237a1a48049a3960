#pragma once
#include <napi.h>

namespace psp::addon {

/**
 * openNet(words) returns the function with which the calling thread, a dispatcher, polls the port of the server over
 * the shared memory `words`. The function returns the number of packets handled; 0 also before the server is there.
 */
Napi::Value openNet(const Napi::CallbackInfo& info);

}  // namespace psp::addon
