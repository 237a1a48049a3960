#pragma once
#include "include/psp_app.h"

namespace psp {

/**
 * RocksDB as in Perséphone: 5000 keys in a memory-mapped plain table. GET reads one key through an iterator. SCAN reads
 * all; it looks at the preempt flag every few keys, and another worker may go on where it stopped. The database is
 * created on first use. Parameters: `path`, its folder; `scan`, the type that scans, where every other type gets one
 * key. Without librocksdb its setup says so.
 */
psp_app rocksdbApp();

}  // namespace psp
