#pragma once
#include <cstdint>
#include <vector>

namespace psp {

/**
 * How long an entry takes from one core to another: two threads that spin send one entry to and fro through two rings.
 *
 * @return ns of one way, the mean of each of `batches` batches of `rounds` rounds
 * @throws std::runtime_error when there is no such core
 */
std::vector<double> ringHops(uint32_t batches, uint32_t rounds, int core, int otherCore);

}  // namespace psp
