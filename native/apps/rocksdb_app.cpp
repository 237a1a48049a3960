#include "apps/rocksdb_app.hpp"

#include <stdexcept>

#include "apps/app_class.hpp"

#ifdef PSP_HAVE_ROCKSDB
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "include/psp_params.h"

namespace psp {
namespace {

constexpr unsigned kKeys = 5000;
/** As long as a small record; Perséphone's paper does not say how long values are. */
constexpr size_t kValueBytes = 64;
/** A key takes some 50 to 130 ns, so that a scan looks at the flag about every microsecond. */
constexpr unsigned kKeysPerLook = 16;

std::string keyOf(unsigned index) {
  char key[16];
  std::snprintf(key, sizeof key, "key%08u", index);
  return key;
}

std::string firstLine(const rocksdb::Status& status) { return status.ToString(); }

std::shared_ptr<rocksdb::DB> openDatabase(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.allow_mmap_reads = true;
  options.allow_mmap_writes = true;
  options.error_if_exists = false;
  // A plain table has pointers into the mapped file instead of blocks and a block cache. Without a prefix extractor it
  // keeps all keys in order and finds them by binary search (rocksdb wiki, "PlainTable Format").
  rocksdb::PlainTableOptions table;
  table.hash_table_ratio = 0;
  table.bloom_bits_per_key = 0;
  options.table_factory.reset(rocksdb::NewPlainTableFactory(table));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path, &opened);
  if (!status.ok()) throw std::runtime_error("rocksdb: cannot open " + path + ": " + firstLine(status));
  std::shared_ptr<rocksdb::DB> database(opened);

  std::string present;
  if (!database->Get(rocksdb::ReadOptions(), keyOf(kKeys - 1), &present).ok()) {
    for (unsigned i = 0; i < kKeys; ++i) {
      const std::string value(kValueBytes, static_cast<char>('a' + i % 26));
      const rocksdb::Status put = database->Put(rocksdb::WriteOptions(), keyOf(i), value);
      if (!put.ok()) throw std::runtime_error("rocksdb: cannot write to " + path + ": " + firstLine(put));
    }
    // Into a table file, because the mapped table must be measured, not the memtable.
    const rocksdb::Status flushed = database->Flush(rocksdb::FlushOptions());
    if (!flushed.ok()) throw std::runtime_error("rocksdb: cannot flush " + path + ": " + firstLine(flushed));
  }
  return database;
}

/** The database, and the iterators of scans that were preempted. */
class Store {
 public:
  explicit Store(const std::string& path) : database_(openDatabase(path)) {}

  std::unique_ptr<rocksdb::Iterator> iterator() {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(options));
  }

  /** Keeps an iterator while no worker has it: a server may end before its scan goes on. */
  rocksdb::Iterator* park(std::unique_ptr<rocksdb::Iterator> iterator) {
    const std::lock_guard lock(mutex_);
    parked_.push_back(std::move(iterator));
    return parked_.back().get();
  }

  std::unique_ptr<rocksdb::Iterator> takeBack(const rocksdb::Iterator* iterator) {
    const std::lock_guard lock(mutex_);
    const auto isIt = [&](const auto& one) { return one.get() == iterator; };
    const auto found = std::find_if(parked_.begin(), parked_.end(), isIt);
    std::unique_ptr<rocksdb::Iterator> taken = std::move(*found);
    *found = std::move(parked_.back());
    parked_.pop_back();
    return taken;
  }

 private:
  // Closed after the iterators, as RocksDB demands.
  std::shared_ptr<rocksdb::DB> database_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<rocksdb::Iterator>> parked_;
};

/** Opened by the first worker, closed after the last. */
std::shared_ptr<Store> sharedStore(const std::string& path) {
  static std::mutex mutex;
  static std::weak_ptr<Store> opened;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Store> store = opened.lock();
  if (!store) opened = store = std::make_shared<Store>(path);
  return store;
}

std::string textOf(const char* params, const char* name) {
  char text[4096];
  if (psp_params_text(params, name, text, sizeof text)) return text;
  throw std::runtime_error(std::string("rocksdb: ") + name + ": expected a text without quotes and backslashes");
}

/** @throws std::runtime_error when the workload has no such type */
uint32_t typeNamed(const psp_app_worker& worker, const std::string& name) {
  std::string known;
  for (uint32_t type = 0; type < worker.types; ++type) {
    if (name == worker.type_names[type]) return type;
    known += (type == 0 ? "" : ", ") + std::string(worker.type_names[type]);
  }
  throw std::runtime_error("rocksdb: the workload has no type " + name + " to scan for; it has " + known);
}

/** Where a scan that was preempted goes on. */
struct ScanProgress {
  /** Null until the first preemption; the store has it. */
  rocksdb::Iterator* iterator;
  unsigned keys;
  size_t bytes;
};

class RocksdbApp {
 public:
  RocksdbApp(const psp_app_worker& worker, const char* params)
      : scanType_(typeNamed(worker, textOf(params, "scan"))), store_(sharedStore(textOf(params, "path"))) {}

  int handle(psp_app_request* request, const uint8_t*, size_t, psp_app_reply*, const psp_app_preempt* preempt) {
    if (request->type != scanType_) return get(*store_->iterator()) ? PSP_APP_DONE : PSP_APP_FAILED;
    return scan(*static_cast<ScanProgress*>(request->scratch), preempt);
  }

 private:
  bool get(rocksdb::Iterator& iterator) {
    // A different key each time, in an order that no cache guesses: 2654435761 is Knuth's multiplicative hash.
    const std::string key = keyOf((next_++ * 2654435761u) % kKeys);
    iterator.Seek(key);
    return iterator.Valid() && iterator.key() == key && iterator.value().size() == kValueBytes;
  }

  int scan(ScanProgress& progress, const psp_app_preempt* preempt) {
    const bool begins = progress.iterator == nullptr;
    std::unique_ptr<rocksdb::Iterator> iterator = begins ? store_->iterator() : store_->takeBack(progress.iterator);
    if (begins) iterator->SeekToFirst();
    while (iterator->Valid()) {
      ++progress.keys;
      progress.bytes += iterator->value().size();
      iterator->Next();
      // Asked after some keys, so that every stint gets on.
      if (progress.keys % kKeysPerLook == 0 && psp_app_preempted(preempt) && iterator->Valid()) {
        progress.iterator = store_->park(std::move(iterator));
        return PSP_APP_PREEMPTED;
      }
    }
    return progress.keys == kKeys && progress.bytes == kKeys * kValueBytes ? PSP_APP_DONE : PSP_APP_FAILED;
  }

  uint32_t scanType_;
  std::shared_ptr<Store> store_;
  uint32_t next_ = 0;
};

}  // namespace

psp_app rocksdbApp() { return appOf<RocksdbApp>("rocksdb", sizeof(ScanProgress)); }

}  // namespace psp

#else

namespace psp {
namespace {

struct NoRocksdb {
  NoRocksdb(const psp_app_worker&, const char*) {
    throw std::runtime_error("the addon was built without it (apt-get install librocksdb-dev; npx psp build-native)");
  }
  int handle(psp_app_request*, const uint8_t*, size_t, psp_app_reply*, const psp_app_preempt*) {
    return PSP_APP_FAILED;
  }
};

}  // namespace

psp_app rocksdbApp() { return appOf<NoRocksdb>("rocksdb", 0); }

}  // namespace psp

#endif
