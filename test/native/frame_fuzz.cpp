#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

#include "endpoints.hpp"
#include "net/bytes.hpp"
#include "net/classifier.hpp"
#include "net/frame.hpp"

// Fuzzes everything that reads a frame from the wire. With clang, link with -fsanitize=fuzzer and it is a libFuzzer
// target; with any other compiler define PSP_FUZZ_DRIVER for a driver of its own: mutations of the corpus, executions
// and seed as arguments. Meant to run under AddressSanitizer: each input lives in a block of exactly its length.

namespace {

using namespace psp;
using test::kServer;

const Classifier kClassifier(4, 4, false, {{1, 0}, {2, 1}}, 2);

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes]);
  std::memcpy(exact.get(), data, bytes);
  const ParsedFrame parsed = parseFrame(exact.get(), bytes, kServer);
  if (parsed.kind == FrameKind::arpReply) (void)arpSenderMac(exact.get());
  if (parsed.kind == FrameKind::arpRequest) {
    makeArpReplyInPlace(exact.get(), kServer);
    return 0;
  }
  if (parsed.kind != FrameKind::datagram) return 0;
  const size_t payloadEnd = static_cast<size_t>(parsed.payloadOffset) + parsed.payloadBytes;
  require(payloadEnd <= bytes, "the payload ends beyond the frame");
  const uint8_t* payload = exact.get() + parsed.payloadOffset;
  require(kClassifier.classify(payload, parsed.payloadBytes) <= 2, "a type that does not exist");
  for (const Payload format : {Payload::pspMb, Payload::ix, Payload::udp}) {
    (void)readReply(format, payload, parsed.payloadBytes);
    const auto fields = readRequest(format, payload, parsed.payloadBytes);
    if (!fields) continue;
    std::vector<uint8_t> reply(exact.get(), exact.get() + bytes);
    // As long as the longest frame, with a body that fills it.
    reply.resize(kMaxFrameBytes);
    const std::vector<uint8_t> body(replyRoom(parsed, format, fields->wantsStamps));
    const size_t length = makeReplyInPlace(reply.data(), reply.size(), parsed, format, fields->wantsStamps, {},
                                           {body.data(), body.size()});
    require(length == kMaxFrameBytes, "a reply that does not fill its frame");
    require(length > 0, "a request that cannot be answered");
    Endpoint asker;
    asker.ip = parsed.sourceIp;
    asker.port = 0;
    require(parseFrame(reply.data(), length, asker).kind == FrameKind::datagram, "a reply that its own parser refuses");
  }
  return 0;
}

#ifdef PSP_FUZZ_DRIVER
namespace {

using Frame = std::vector<uint8_t>;

std::vector<Frame> corpusOf(const char* folder) {
  std::vector<Frame> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

/** Keeps half of the mutants from ending at the first check: their IPv4 checksum is made right. */
void repair(Frame& frame) {
  if (frame.size() < 34) return;
  const size_t header = static_cast<size_t>(frame[14] & 0x0f) * 4;
  if (header < 20 || frame.size() < 14 + header) return;
  storeBig16(&frame[24], 0);
  storeBig16(&frame[24], internetChecksum(&frame[14], header));
}

/**
 * The input under way, written to a file when the program dies of it: of a failed requirement, or of what a sanitizer
 * found.
 */
struct Keeper {
  static inline const Frame* input = nullptr;
  static inline const char* path = nullptr;
  static void keep() {
    if (input == nullptr || path == nullptr) return;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(input->data()), static_cast<std::streamsize>(input->size()));
    std::fprintf(stderr, "fuzz: the input is in %s\n", path);
    input = nullptr;
  }
};

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: frame_fuzz CORPUS EXECUTIONS [SEED [CRASH-FILE]]\n"), 2;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(Keeper::keep);
#endif
  std::signal(SIGABRT, [](int) {
    Keeper::keep();
    std::signal(SIGABRT, SIG_DFL);
    std::raise(SIGABRT);
  });
  const std::vector<Frame> corpus = corpusOf(argv[1]);
  if (corpus.empty()) return std::fprintf(stderr, "no corpus in %s\n", argv[1]), 2;
  const long executions = std::atol(argv[2]);
  const unsigned long long seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  std::printf("seed %llu\n", seed);
  std::fflush(stdout);
  std::mt19937_64 random(seed);
  Keeper::path = argc > 4 ? argv[4] : nullptr;
  static constexpr uint8_t kInteresting[] = {0, 1, 0x45, 0x46, 0x4f, 0x7f, 0x80, 0xff, 17, 8, 6};
  for (const Frame& frame : corpus) LLVMFuzzerTestOneInput(frame.data(), frame.size());
  for (long i = 0; i < executions; ++i) {
    Frame frame = corpus[random() % corpus.size()];
    const unsigned edits = 1 + random() % 6;
    for (unsigned edit = 0; edit < edits && !frame.empty(); ++edit) {
      const size_t at = random() % frame.size();
      switch (random() % 6) {
        case 0: frame[at] ^= static_cast<uint8_t>(1u << (random() % 8)); break;
        case 1: frame[at] = static_cast<uint8_t>(random()); break;
        case 2: frame[at] = kInteresting[random() % sizeof kInteresting]; break;
        case 3: frame.resize(at); break;
        case 4:
          frame.insert(frame.begin() + static_cast<long>(at), random() % 64, static_cast<uint8_t>(random()));
          break;
        default: {
          const Frame& other = corpus[random() % corpus.size()];
          const size_t cut = std::min(at, other.size());
          frame.resize(cut);
          frame.insert(frame.end(), other.begin() + static_cast<long>(cut), other.end());
        }
      }
    }
    if (random() % 2 == 0) repair(frame);
    Keeper::input = &frame;
    LLVMFuzzerTestOneInput(frame.data(), frame.size());
  }
  std::printf("%ld executions\n", executions);
}
#endif
