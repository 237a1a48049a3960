// A plug-in that is a memcached over UDP: its frame header and the commands get, gets, set, delete and version of the
// text protocol (memcached's doc/protocol.txt). Requests and replies are one datagram each. All workers share a store
// of fixed size, which forgets the oldest items when it is full. Parameter: `megabytes`, the size of the store (default
// 64).
//
//   c++ -std=c++20 -O2 -shared -fPIC -pthread -I native/include native/examples/memcached.cpp -o libmemcached_udp.so
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "psp_app.h"
#include "psp_params.h"

namespace {

using Text = std::string_view;

/** memcached's limit. */
constexpr size_t kLongestKey = 250;
/** Longer times to live are points in time (doc/protocol.txt, "Expiration times"). */
constexpr int64_t kLongestRelativeSeconds = 60 * 60 * 24 * 30;

int64_t nowSeconds() {
  timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec;
}

struct Item {
  Text key;
  Text data;
  uint32_t flags = 0;
  /** 0 means never. */
  int64_t expires = 0;
  uint64_t cas = 0;
};

/**
 * A part of the store: a circular log of items, and an index of sets of eight places in the log, which forgets the
 * oldest of a full set. No memory is taken after the start. (MICA's cache mode: Lim et al., NSDI 2014, section 4.3.)
 */
class Shard {
 public:
  explicit Shard(size_t bytes) : log_(bytes), sets_(std::max<size_t>(1, bytes / kBytesPerSet)) {}

  /** Calls `use(item)` under the lock if the key is there. */
  template <typename Use>
  bool find(uint64_t hash, Text key, Use use) {
    const std::lock_guard lock(mutex_);
    const Place* place = placeOf(hash, key);
    if (place == nullptr) return false;
    const Item item = read(place->position);
    if (item.expires != 0 && item.expires <= nowSeconds()) return false;
    use(item);
    return true;
  }

  void put(uint64_t hash, Item item) {
    const std::lock_guard lock(mutex_);
    Place* place = placeOf(hash, item.key);
    if (place == nullptr) {
      Place* const set = setOf(hash);
      place = std::min_element(set, set + kPlaces, [this](const Place& a, const Place& b) {
        return (isThere(a) ? a.position : 0) < (isThere(b) ? b.position : 0);
      });
    }
    item.cas = ++lastCas_;
    *place = {append(item), tagOf(hash)};
  }

  bool remove(uint64_t hash, Text key) {
    const std::lock_guard lock(mutex_);
    Place* place = placeOf(hash, key);
    if (place == nullptr) return false;
    const bool alive = [&] {
      const Item item = read(place->position);
      return item.expires == 0 || item.expires > nowSeconds();
    }();
    *place = {};
    return alive;
  }

 private:
  static constexpr size_t kPlaces = 8;
  /** Of the log; one place for every 64 bytes of it. */
  static constexpr size_t kBytesPerSet = kPlaces * 64;

  struct Head {
    int64_t expires;
    uint64_t cas;
    uint32_t flags;
    uint32_t dataBytes;
    uint32_t keyBytes;
  };
  struct Place {
    /** Counts from 1, and grows with each item; 0 means that nothing is here. */
    uint64_t position = 0;
    uint32_t tag = 0;
  };
  struct Set {
    Place places[kPlaces];
  };

  static uint32_t tagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  Place* setOf(uint64_t hash) { return sets_[hash % sets_.size()].places; }
  /** What was written longer ago than the log is long has been written over. */
  bool isThere(const Place& place) const { return place.position != 0 && place.position + log_.size() >= next_; }

  Place* placeOf(uint64_t hash, Text key) {
    Place* const set = setOf(hash);
    const auto is = [&](const Place& place) {
      return place.tag == tagOf(hash) && isThere(place) && read(place.position).key == key;
    };
    Place* const found = std::find_if(set, set + kPlaces, is);
    return found == set + kPlaces ? nullptr : found;
  }

  Item read(uint64_t position) const {
    const char* at = &log_[position % log_.size()];
    Head head;
    std::memcpy(&head, at, sizeof head);
    at += sizeof head;
    return {{at, head.keyBytes}, {at + head.keyBytes, head.dataBytes}, head.flags, head.expires, head.cas};
  }

  uint64_t append(const Item& item) {
    const size_t bytes = sizeof(Head) + item.key.size() + item.data.size();
    // An item does not go around the end.
    const size_t left = log_.size() - next_ % log_.size();
    if (left < bytes) next_ += left;
    const Head head{item.expires, item.cas, item.flags, static_cast<uint32_t>(item.data.size()),
                    static_cast<uint32_t>(item.key.size())};
    char* at = &log_[next_ % log_.size()];
    std::memcpy(at, &head, sizeof head);
    std::memcpy(at + sizeof head, item.key.data(), item.key.size());
    std::memcpy(at + sizeof head + item.key.size(), item.data.data(), item.data.size());
    const uint64_t position = next_;
    next_ += bytes;
    return position;
  }

  std::mutex mutex_;
  std::vector<char> log_;
  std::vector<Set> sets_;
  uint64_t next_ = 1;
  uint64_t lastCas_ = 0;
};

class Store {
 public:
  explicit Store(size_t bytes) {
    for (size_t i = 0; i < kShards; ++i) shards_.push_back(std::make_unique<Shard>(bytes / kShards));
  }
  template <typename Use>
  bool find(Text key, Use use) {
    const uint64_t hash = hashOf(key);
    return shardOf(hash).find(hash, key, use);
  }
  void put(const Item& item) {
    const uint64_t hash = hashOf(item.key);
    shardOf(hash).put(hash, item);
  }
  bool remove(Text key) {
    const uint64_t hash = hashOf(key);
    return shardOf(hash).remove(hash, key);
  }

 private:
  static constexpr size_t kShards = 16;

  /** FNV-1a, and the finaliser of MurmurHash3, because shard, set and tag take different bits. */
  static uint64_t hashOf(Text key) {
    uint64_t hash = 14695981039346656037u;
    for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
    return hash ^ hash >> 33;
  }
  Shard& shardOf(uint64_t hash) { return *shards_[hash >> 60]; }
  static_assert(kShards == 16);

  std::vector<std::unique_ptr<Shard>> shards_;
};

/** The datagram of a reply: memcached's frame header, then text. */
class Answer {
 public:
  explicit Answer(psp_app_reply& reply) : reply_(reply) {}

  /** The header has the request's number, and says that this is datagram 0 of 1. */
  void begin(const uint8_t* request) {
    const uint8_t header[8] = {request[0], request[1], 0, 0, 0, 1, 0, 0};
    std::memcpy(reply_.data, header, sizeof header);
    reply_.length = sizeof header;
    full_ = false;
  }
  /** Adds text, or notes that there is no room. */
  void add(Text text) {
    if (text.size() > reply_.capacity - reply_.length) full_ = true;
    if (full_) return;
    std::memcpy(reply_.data + reply_.length, text.data(), text.size());
    reply_.length += text.size();
  }
  void add(uint64_t number) {
    char digits[20];
    add(Text(digits, std::to_chars(digits, digits + sizeof digits, number).ptr - digits));
  }
  bool full() const { return full_; }

 private:
  psp_app_reply& reply_;
  bool full_ = false;
};

/** Takes the next word of a line. */
Text nextWord(Text& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const Text word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

template <typename Number>
bool readNumber(Text word, Number& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

/** A word is a key, as in memcached, which does not look for control characters either. */
bool isKey(Text key) { return !key.empty() && key.size() <= kLongestKey; }

constexpr Text kBadLine = "CLIENT_ERROR bad command line format\r\n";

/** Serves one worker's requests from the store of all. */
class Service {
 public:
  explicit Service(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  int handle(const uint8_t* payload, size_t length, psp_app_reply& reply) {
    // A datagram without a whole header cannot be answered: its request has no number.
    if (length < kHeaderBytes || reply.capacity < kSmallestReply) return PSP_APP_SILENT;
    Answer answer(reply);
    answer.begin(payload);
    if (payload[2] != 0 || payload[3] != 0 || payload[4] != 0 || payload[5] != 1) {
      answer.add("SERVER_ERROR multi-packet request not supported\r\n");
      return PSP_APP_DONE;
    }
    const Text text(reinterpret_cast<const char*>(payload) + kHeaderBytes, length - kHeaderBytes);
    const size_t end = text.find('\n');
    if (end == Text::npos) {
      answer.add("ERROR\r\n");
      return PSP_APP_DONE;
    }
    Text line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const int outcome = command(line, text.substr(end + 1), reply.capacity, answer);
    if (!answer.full()) return outcome;
    answer.begin(payload);
    answer.add("SERVER_ERROR the reply does not fit into a datagram\r\n");
    return PSP_APP_FAILED;
  }

 private:
  static constexpr size_t kHeaderBytes = 8;
  /** Room for any message. */
  static constexpr size_t kSmallestReply = 128;
  /** What a reply to gets has beside key and data: header, words, three numbers, line ends. */
  static constexpr size_t kAroundItem = kHeaderBytes + 6 + 11 + 5 + 21 + 2 + 2 + 5;

  int command(Text line, Text data, size_t capacity, Answer& answer) {
    const Text name = nextWord(line);
    if (name == "get" || name == "gets") return get(line, name == "gets", answer);
    if (name == "set") return set(line, data, capacity, answer);
    if (name == "delete") return remove(line, answer);
    answer.add(name == "version" ? "VERSION 1.0.0-psp\r\n" : "ERROR\r\n");
    return PSP_APP_DONE;
  }

  int get(Text line, bool withCas, Answer& answer) {
    Text key = nextWord(line);
    if (key.empty()) answer.add("ERROR\r\n");
    if (key.empty()) return PSP_APP_DONE;
    for (; !key.empty(); key = nextWord(line)) {
      store_->find(key, [&](const Item& item) {
        answer.add("VALUE "), answer.add(key), answer.add(" "), answer.add(uint64_t{item.flags});
        answer.add(" "), answer.add(uint64_t{item.data.size()});
        if (withCas) answer.add(" "), answer.add(item.cas);
        answer.add("\r\n"), answer.add(item.data), answer.add("\r\n");
      });
    }
    answer.add("END\r\n");
    return PSP_APP_DONE;
  }

  int set(Text line, Text data, size_t capacity, Answer& answer) {
    Item item;
    size_t bytes = 0;
    int64_t seconds = 0;
    item.key = nextWord(line);
    const bool right = isKey(item.key) && readNumber(nextWord(line), item.flags) &&
                       readNumber(nextWord(line), seconds) && readNumber(nextWord(line), bytes);
    const Text last = nextWord(line);
    const int outcome = last == "noreply" ? PSP_APP_SILENT : PSP_APP_DONE;
    if (!right || (!last.empty() && last != "noreply") || !nextWord(line).empty()) return say(answer, kBadLine);
    if (bytes > data.size() || (data.substr(bytes) != "\r\n" && data.substr(bytes) != "\n")) {
      return say(answer, "CLIENT_ERROR bad data chunk\r\n");
    }
    // What is stored can be asked for: its reply fits into a datagram.
    if (kAroundItem + item.key.size() + bytes > capacity) {
      return say(answer, "SERVER_ERROR object too large for cache\r\n");
    }
    item.data = data.substr(0, bytes);
    item.expires = seconds == 0 ? 0 : seconds > kLongestRelativeSeconds ? seconds : nowSeconds() + seconds;
    if (seconds < 0) item.expires = 1;
    store_->put(item);
    answer.add("STORED\r\n");
    return outcome;
  }

  int remove(Text line, Answer& answer) {
    const Text key = nextWord(line);
    Text last = nextWord(line);
    // Old clients send a time of 0.
    if (last == "0") last = nextWord(line);
    if (!isKey(key) || (!last.empty() && last != "noreply")) return say(answer, kBadLine);
    answer.add(store_->remove(key) ? "DELETED\r\n" : "NOT_FOUND\r\n");
    return last == "noreply" ? PSP_APP_SILENT : PSP_APP_DONE;
  }

  /** Mistakes are answered, also if the request wants no reply: its words are not to be relied on. */
  static int say(Answer& answer, Text words) {
    answer.add(words);
    return PSP_APP_DONE;
  }

  std::shared_ptr<Store> store_;
};

/** Made by the first worker, gone after the last. */
std::shared_ptr<Store> sharedStore(const char* params) {
  static std::mutex mutex;
  static std::weak_ptr<Store> made;
  double megabytes = 64;
  psp_params_number(params, "megabytes", &megabytes);
  if (!(megabytes >= 1 && megabytes <= 65536)) {
    std::ostringstream message;
    message << "megabytes: expected a number from 1 to 65536, found " << megabytes;
    throw std::invalid_argument(message.str());
  }
  const std::lock_guard lock(mutex);
  std::shared_ptr<Store> store = made.lock();
  if (!store) made = store = std::make_shared<Store>(static_cast<size_t>(megabytes * 1048576));
  return store;
}

int setup(const psp_app_worker*, const char* params, void** state, char* error, size_t errorBytes) {
  try {
    *state = new Service(sharedStore(params));
    return 0;
  } catch (const std::exception& thrown) {
    std::snprintf(error, errorBytes, "%s", thrown.what());
    return 1;
  }
}

int handle(void* state, psp_app_request*, const uint8_t* payload, size_t length, psp_app_reply* reply,
           const psp_app_preempt*) {
  return static_cast<Service*>(state)->handle(payload, length, *reply);
}

void teardown(void* state) { delete static_cast<Service*>(state); }

constexpr psp_app kApp{PSP_APP_ABI_VERSION, sizeof(psp_app), "memcached", 0, setup, handle, teardown};

}  // namespace

extern "C" PSP_APP_EXPORT const psp_app* psp_app_v1(void) { return &kApp; }
