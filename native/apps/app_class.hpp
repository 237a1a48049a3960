#pragma once
#include <cstdio>
#include <exception>

#include "include/psp_app.h"

namespace psp {

/**
 * Makes an application of a class. Its constructor takes a psp_app_worker and the parameters, and throws a
 * std::exception when it cannot work; its `handle` has the arguments of psp_app.handle, without the state.
 */
template <typename App>
constexpr psp_app appOf(const char* name, size_t requestBytes) {
  return {
      .abi_version = PSP_APP_ABI_VERSION,
      .struct_size = sizeof(psp_app),
      .name = name,
      .request_bytes = requestBytes,
      .setup = [](const psp_app_worker* worker, const char* params, void** state, char* error, size_t bytes) -> int {
        try {
          *state = new App(*worker, params);
          return 0;
        } catch (const std::exception& thrown) {
          std::snprintf(error, bytes, "%s", thrown.what());
          return 1;
        }
      },
      .handle = [](void* state, psp_app_request* request, const uint8_t* payload, size_t length, psp_app_reply* reply,
                   const psp_app_preempt* preempt) -> int {
        return static_cast<App*>(state)->handle(request, payload, length, reply, preempt);
      },
      .teardown = [](void* state) { delete static_cast<App*>(state); },
  };
}

}  // namespace psp
