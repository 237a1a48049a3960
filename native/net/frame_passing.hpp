#pragma once

// A device hands frames from thread to thread inside DPDK, which ThreadSanitizer cannot see into. These two say so to it; without it
// they are nothing.
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
