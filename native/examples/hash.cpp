// The plug-in of hash.c in C++: what workers know is an object, and an exception in its constructor is a setup that
// fails. No exception may leave a function that psp calls.
//
//   c++ -std=c++17 -O2 -shared -fPIC -I native/include native/examples/hash.cpp -o libhash.so
#include <cstdio>
#include <exception>
#include <sstream>
#include <stdexcept>

#include "psp_app.h"
#include "psp_params.h"

namespace {

/** What a request has reached. It is all zeros when the request begins. */
struct Progress {
  uint64_t hashed;
  uint64_t hash;
};

class Hasher {
 public:
  explicit Hasher(const char* params) {
    double bytes = 4096;
    psp_params_number(params, "bytes", &bytes);
    if (!(bytes >= 1 && bytes <= 1e9)) {
      std::ostringstream message;
      message << "bytes: expected a number from 1 to 1000000000, found " << bytes;
      throw std::invalid_argument(message.str());
    }
    bytes_ = static_cast<uint64_t>(bytes);
  }

  int handle(Progress& progress, const uint8_t* payload, size_t length, psp_app_reply& reply,
             const psp_app_preempt& preempt) const noexcept {
    uint64_t hash = progress.hashed == 0 ? kOffsetBasis : progress.hash;
    for (uint64_t n = progress.hashed; n < bytes_; ++n) {
      if (n % kLookEvery == 0 && n > progress.hashed && psp_app_preempted(&preempt)) {
        progress = {n, hash};
        return PSP_APP_PREEMPTED;
      }
      hash = (hash ^ (length == 0 ? 0 : payload[n % length])) * kPrime;
    }
    if (reply.capacity < 8) return PSP_APP_FAILED;
    for (size_t i = 0; i < 8; ++i) reply.data[i] = static_cast<uint8_t>(hash >> (8 * i));
    reply.length = 8;
    return PSP_APP_DONE;
  }

 private:
  static constexpr uint64_t kOffsetBasis = 14695981039346656037u;
  static constexpr uint64_t kPrime = 1099511628211u;
  /** The flag is looked at once in this many bytes, less than a microsecond. */
  static constexpr uint64_t kLookEvery = 64;
  uint64_t bytes_ = 0;
};

int setup(const psp_app_worker*, const char* params, void** state, char* error, size_t errorBytes) {
  try {
    *state = new Hasher(params);
    return 0;
  } catch (const std::exception& thrown) {
    std::snprintf(error, errorBytes, "%s", thrown.what());
    return 1;
  }
}

int handle(void* state, psp_app_request* request, const uint8_t* payload, size_t length, psp_app_reply* reply,
           const psp_app_preempt* preempt) {
  auto& progress = *static_cast<Progress*>(request->scratch);
  return static_cast<const Hasher*>(state)->handle(progress, payload, length, *reply, *preempt);
}

void teardown(void* state) { delete static_cast<Hasher*>(state); }

constexpr psp_app kApp{PSP_APP_ABI_VERSION, sizeof(psp_app), "hash", sizeof(Progress), setup, handle, teardown};

}  // namespace

extern "C" PSP_APP_EXPORT const psp_app* psp_app_v1(void) { return &kApp; }
