#include "apps/rocksdb_app.hpp"

#include <stdexcept>

#ifdef PSP_HAVE_ROCKSDB
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <cstdio>

namespace psp {
namespace {

constexpr unsigned kKeys = 5000;
/** As long as a small record; Perséphone's paper does not say how long values are. */
constexpr size_t kValueBytes = 64;

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

class RocksdbApp final : public Application {
 public:
  RocksdbApp(std::shared_ptr<rocksdb::DB> database, uint32_t scanType)
      : database_(std::move(database)), scanType_(scanType) {}

  Handled handle(Request& request, const PreemptFlag&) override {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator(options));
    return (request.type == scanType_ ? scan(*iterator) : get(*iterator)) ? Handled::done : Handled::failed;
  }

 private:
  bool get(rocksdb::Iterator& iterator) {
    // A different key each time, in an order that no cache guesses: 2654435761 is Knuth's multiplicative hash.
    const std::string key = keyOf((next_++ * 2654435761u) % kKeys);
    iterator.Seek(key);
    return iterator.Valid() && iterator.key() == key && iterator.value().size() == kValueBytes;
  }

  bool scan(rocksdb::Iterator& iterator) {
    unsigned keys = 0;
    size_t bytes = 0;
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      ++keys;
      bytes += iterator.value().size();
    }
    return keys == kKeys && bytes == kKeys * kValueBytes;
  }

  std::shared_ptr<rocksdb::DB> database_;
  uint32_t scanType_;
  uint32_t next_ = 0;
};

}  // namespace

ApplicationFactory makeRocksdbFactory(const ApplicationConfig& config) {
  if (config.path.empty()) throw std::runtime_error("rocksdb: the configuration names no path for the database");
  auto database = openDatabase(config.path);
  return [database, scanType = config.scanType](const Clock&, Doorbell) {
    return std::make_unique<RocksdbApp>(database, scanType);
  };
}

}  // namespace psp

#else

namespace psp {

ApplicationFactory makeRocksdbFactory(const ApplicationConfig&) {
  throw std::runtime_error(
      "application rocksdb: the addon was built without it (apt-get install librocksdb-dev; npx psp build-native)");
}

}  // namespace psp

#endif
