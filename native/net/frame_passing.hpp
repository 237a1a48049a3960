#pragma once

// Inside DPDK a device passes frames from thread to thread, which ThreadSanitizer cannot see. These two functions tell
// it. Without ThreadSanitizer they do nothing.
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
namespace psp {
inline void framesGiven(const void* device) { __tsan_release(const_cast<void*>(device)); }
inline void framesTaken(const void* device) { __tsan_acquire(const_cast<void*>(device)); }
}  // namespace psp
#else
namespace psp {
inline void framesGiven(const void*) noexcept {}
inline void framesTaken(const void*) noexcept {}
}  // namespace psp
#endif
