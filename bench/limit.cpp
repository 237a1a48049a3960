// The c-FCFS model of `npm run bench` as a small C++ loop: it shows how far the simulator is from the limit of the
// machine.
//
// Extreme Bimodal (99.5 % 0.5 us, 0.5 % 500 us), Poisson arrivals, one queue, the same generator (alea), ziggurat,
// slots, idle mask and sorted list of completions as the simulator, but no scheduler interface, no other types and no
// bounds.
//
//   limit WORKERS LOAD REQUESTS bare|full
//
// `bare` adds up the sojourns; `full` also keeps what a psp run keeps: the histograms with their extremes, as
// src/metrics/recorder.ts, and the digest. Prints ns per request and the mean sojourn.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

struct Alea {
  double s0, s1, s2, c = 1;
  double next() {
    const double t = 2091639 * s0 + c * 2.3283064365386963e-10;
    s0 = s1;
    s1 = s2;
    c = static_cast<double>(static_cast<int32_t>(t));
    return s2 = t - c;
  }
};

constexpr int kLayers = 256;
constexpr double kTail = 7.69711747013105, kArea = 0.003949659822581557;
double edge[kLayers + 1], height[kLayers + 1];

double exponential(Alea& random) {
  for (;;) {
    const double u = random.next() * kLayers;
    const int layer = static_cast<int>(u);
    const double x = (u - layer) * edge[layer];
    if (x < edge[layer + 1]) return x;
    if (layer == 0) return kTail - std::log(1 - random.next());
    if (height[layer] + random.next() * (height[layer + 1] - height[layer]) < std::exp(-x)) return x;
  }
}

constexpr int kBatch = 512, kSlots = 1 << 20, kBuckets = 62 * 512;
double arrivalNs[kBatch], serviceNs[kBatch];
uint16_t type[kBatch];

int bucketOf(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  const int bucket = static_cast<int>(bits >> 43) - ((1023 - 8) << 9);
  return static_cast<uint32_t>(bucket) < kBuckets ? bucket : value > 1 ? kBuckets - 1 : 0;
}

/// Counts of one type and quantity, and the extremes of the values.
struct Line {
  std::vector<double> counts = std::vector<double>(kBuckets);
  double min = INFINITY, atMin = 0, max = -INFINITY;
  void add(double value) {
    counts[bucketOf(value)]++;
    if (value <= min) {
      if (value < min) min = value, atMin = 0;
      atMin++;
    }
    if (value > max) max = value;
  }
};

/// What is kept of one type; requests that never waited are counted by their demand only.
struct Recorder {
  Line sojourns, slowdowns, services, atOnce;
  double sojournSum = 0, slowdownSum = 0, serviceSum = 0;
  void record(double sojourn, double service) {
    sojournSum += sojourn;
    serviceSum += service;
    if (sojourn == service) {
      slowdownSum++;
      atOnce.add(service);
      return;
    }
    const double slowdown = sojourn / service;
    slowdownSum += slowdown;
    sojourns.add(sojourn);
    slowdowns.add(slowdown);
    services.add(service);
  }
};

template <bool kFull>
double run(const int workers, const double load, const long requests, double& meanSojournNs) {
  const double meanGapNs = (0.995 * 500 + 0.005 * 500000) / (load * workers);
  Alea gaps{0.1234567, 0.7654321, 0.3141592}, types{0.2718281, 0.5772156, 0.6180339};
  std::vector<double> slotArrival(kSlots), slotService(kSlots), slotStart(kSlots), slotId(kSlots);
  std::vector<uint16_t> slotType(kSlots);
  std::vector<int> queue(kSlots), freeSlots(kSlots), owner(workers + 2), slotOn(workers);
  std::vector<double> times(workers + 2);
  std::vector<Recorder> recorders(2);
  for (int i = 0; i < kSlots; i++) freeSlots[i] = kSlots - 1 - i;
  times[0] = INFINITY;
  int pending = 0, free = kSlots;
  uint32_t head = 0, waiting = 0, lane0 = 0, lane1 = 0;
  uint64_t idle = workers == 64 ? ~0ull : (1ull << workers) - 1;
  double clock = 0, nextId = 0, sum = 0;

  const auto begin = std::chrono::steady_clock::now();
  for (long played = 0; played < requests; played += kBatch) {
    for (int i = 0; i < kBatch; i++) arrivalNs[i] = std::floor(clock += meanGapNs * exponential(gaps));
    for (int i = 0; i < kBatch; i++) type[i] = types.next() < 0.995 ? 0 : 1;
    for (int i = 0; i < kBatch; i++) serviceNs[i] = type[i] ? 500000 : 500;
    for (int i = 0; i < kBatch;) {
      double now = times[pending];
      if (now <= arrivalNs[i]) {
        const int worker = owner[pending--], slot = slotOn[worker];
        const double sojourn = now - slotArrival[slot];
        if (kFull) {
          recorders[slotType[slot]].record(sojourn, slotService[slot]);
          const auto low = [](double x) { return static_cast<uint32_t>(static_cast<int64_t>(x)); };
          uint32_t a = (low(slotId[slot]) ^ ((worker + 1) * 0x9e3779b1u)) * 0x85ebca6bu;
          a ^= low(slotStart[slot]) * 0xc2b2ae35u;
          a = (a ^ (a >> 15)) * 0x27d4eb2fu;
          uint32_t b = ((low(now) ^ (a >> 13)) * 0x165667b1u) ^ (low(now * 0x1p-32) * 0x9e3779b1u);
          b = (b ^ (b >> 16)) * 0x2c1b3c6du;
          lane0 += a ^ (b >> 15);
          lane1 += b;
        }
        sum += sojourn;
        freeSlots[free++] = slot;
        idle |= 1ull << worker;
      } else {
        now = arrivalNs[i];
        const int slot = freeSlots[--free];
        slotArrival[slot] = now;
        slotService[slot] = serviceNs[i];
        slotType[slot] = type[i];
        slotId[slot] = nextId++;
        queue[(head + waiting++) & (kSlots - 1)] = slot;
        i++;
      }
      while (waiting > 0 && idle != 0) {
        const int worker = __builtin_ctzll(idle);
        idle &= idle - 1;
        const int slot = queue[head++ & (kSlots - 1)];
        waiting--;
        slotStart[slot] = now;
        slotOn[worker] = slot;
        const double end = now + slotService[slot];
        int at = pending++;
        while (times[at] < end || (times[at] == end && at > 0 && owner[at] < worker)) {
          times[at + 1] = times[at];
          owner[at + 1] = owner[at];
          at--;
        }
        times[at + 1] = end;
        owner[at + 1] = worker;
      }
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  meanSojournNs = sum / requests;
  // The lanes and what was recorded must not be optimised away.
  const Recorder& kept = recorders[1];
  if (lane0 == 1 && lane1 == 1 && kept.slowdowns.counts[1] + kept.slowdownSum + kept.services.max == 1) std::puts("");
  return seconds * 1e9 / requests;
}

int main(int argc, char** argv) {
  if (argc != 5) return std::fputs("usage: limit WORKERS LOAD REQUESTS bare|full\n", stderr), 2;
  edge[0] = kArea / std::exp(-kTail);
  edge[1] = kTail;
  for (int i = 2; i < kLayers; i++) edge[i] = -std::log(kArea / edge[i - 1] + std::exp(-edge[i - 1]));
  edge[kLayers] = 0;
  for (int i = 0; i <= kLayers; i++) height[i] = std::exp(-edge[i]);
  const int workers = std::atoi(argv[1]);
  const double load = std::atof(argv[2]);
  const long requests = static_cast<long>(std::atof(argv[3]));
  if (workers < 1 || workers > 64) return std::fputs("limit: 1 to 64 workers\n", stderr), 2;
  double mean;
  const bool full = std::strcmp(argv[4], "full") == 0;
  const double ns = full ? run<true>(workers, load, requests, mean) : run<false>(workers, load, requests, mean);
  std::printf("{\"nsPerRequest\": %.3f, \"meanSojournNs\": %.1f}\n", ns, mean);
}
