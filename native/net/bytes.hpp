#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace psp {

// Fields of frames at any alignment. Network order is big-endian, psp's payloads are little-endian, and so are the
// machines.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <typename T>
T loadLittle(const uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <typename T>
void storeLittle(uint8_t* at, T value) noexcept {
  std::memcpy(at, &value, sizeof value);
}
inline uint16_t loadBig16(const uint8_t* at) noexcept { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
inline uint32_t loadBig32(const uint8_t* at) noexcept { return __builtin_bswap32(loadLittle<uint32_t>(at)); }
inline void storeBig16(uint8_t* at, uint16_t value) noexcept { storeLittle(at, __builtin_bswap16(value)); }
inline void storeBig32(uint8_t* at, uint32_t value) noexcept { storeLittle(at, __builtin_bswap32(value)); }

}  // namespace psp
