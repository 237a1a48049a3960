#pragma once
#include "apps/application.hpp"

namespace psp {

/**
 * RocksDB as in the original: 5000 keys in a memory-mapped plain table; GET reads one key through an iterator, SCAN walks all of them.
 * The database is created on first use. Compiled in when librocksdb was there at build time.
 *
 * @throws std::runtime_error when it was not, or when the database cannot be opened.
 */
ApplicationFactory makeRocksdbFactory(const ApplicationConfig& config);

}  // namespace psp
