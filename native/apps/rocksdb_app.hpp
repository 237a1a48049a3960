#pragma once
#include "apps/application.hpp"

namespace psp {

/**
 * RocksDB as in Perséphone: 5000 keys in a memory-mapped plain table. GET reads one key through an iterator, SCAN reads
 * all. The database is created on first use.
 *
 * @throws std::runtime_error when the addon was built without librocksdb, or the database cannot be opened
 */
ApplicationFactory makeRocksdbFactory(const ApplicationConfig& config);

}  // namespace psp
