#include "net/memif_rings.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace psp {
namespace {

// Of the memif protocol, version 2: rings lie one after another from the start of the first region. Each begins with a
// cookie, and after three cache lines has descriptors of 16 bytes, a power of two of them, at most 2^14.
constexpr uint32_t kCookie = 0x3E31F20;
constexpr size_t kRingHeaderBytes = 128;
constexpr size_t kDescriptorBytes = 16;
constexpr unsigned kLargestRing = 14;

bool hasCookie(const std::byte* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word == kCookie;
}

/** The number of rings in a region; 0 when it does not begin with one. */
size_t ringsIn(const std::byte* region, size_t bytes) {
  if (bytes < kRingHeaderBytes || !hasCookie(region)) return 0;
  for (unsigned log2 = 0; log2 <= kLargestRing; ++log2) {
    const size_t stride = kRingHeaderBytes + (kDescriptorBytes << log2);
    if (stride + kRingHeaderBytes > bytes || !hasCookie(region + stride)) continue;
    size_t rings = 2;
    while ((rings + 1) * stride <= bytes && hasCookie(region + rings * stride)) ++rings;
    return rings;
  }
  return 1;
}

}  // namespace

uint16_t sharedMemifPairs() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t from = 0;
    uintptr_t to = 0;
    char access[5] = "";
    if (line.find("memfd:memif") == std::string::npos) continue;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, access) != 3 || access[0] != 'r') continue;
    const size_t rings = ringsIn(reinterpret_cast<const std::byte*>(from), to - from);
    // As many rings go one way as the other.
    if (rings > 0) return static_cast<uint16_t>(std::max<size_t>(1, rings / 2));
  }
  return 1;
}

}  // namespace psp
