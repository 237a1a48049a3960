#pragma once
#include <cstdint>

namespace psp {

/**
 * How many queue pairs both ends of this process's memif connection have. DPDK does not tell: it polls a queue that the
 * peer did not ask for as if it were the peer's first ring, which then loses and repeats frames. So the rings are
 * counted in the memory that the ends share. Returns 1, the least there can be, when that memory is not found. Reads
 * /proc, so it is not for hot loops.
 */
uint16_t sharedMemifPairs();

}  // namespace psp
