#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "check.hpp"
#include "server_fixture.hpp"

// What is allocated while a server works. Sanitizers have a malloc of their own, which cannot be counted.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PSP_COUNTS_ALLOCATIONS 0
#else
#define PSP_COUNTS_ALLOCATIONS 1
#endif

namespace psp::test {
namespace {
/** Of all threads of this process, and of the libraries that it loads. */
std::atomic<uint64_t> allocations{0};
}  // namespace
}  // namespace psp::test

#if PSP_COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) noexcept {
  psp::test::allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) noexcept {
  psp::test::allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) noexcept {
  psp::test::allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, bytes);
}
void* memalign(size_t alignment, size_t bytes) noexcept {
  psp::test::allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) noexcept { return memalign(alignment, bytes); }
int posix_memalign(void** memory, size_t alignment, size_t bytes) noexcept {
  *memory = memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
}
#endif

using namespace psp;
using namespace psp::test;

TEST("application: nothing is allocated on the way of 100 000 requests through a plug-in") {
  const char* plugin = std::getenv("PSP_TEST_PLUGIN");
  CHECK(plugin != nullptr);
  RingDevice device("plugin");
  TestMemory memory(1);
  const SharedLayout shared = memory.layout();
  ServerConfig config = serverConfig(device);
  config.application = {.plugin = plugin, .parameters = "{\"bytes\":64}"};
  Server server(config, shared, oneType());
  rte_mempool* pool = framePool("psp_plugin_pool", 255);
  TestDispatcher dispatcher(shared);
  const auto exchange = [&](uint32_t requests) {
    uint32_t given = 0;
    for (uint32_t taken = 0; taken < requests;) {
      for (; given < requests && given - taken < 32; ++given) {
        give(device, server.port(), requestFrame(pool, given, 1, 0));
      }
      dispatcher.step();
      for (void* reply = nullptr; rte_ring_sc_dequeue(device.fromDevice, &reply) == 0; ++taken) {
        framesTaken(&server.port());
        rte_pktmbuf_free(static_cast<rte_mbuf*>(reply));
      }
      sched_yield();
    }
  };
  exchange(1000);
  const uint64_t before = allocations.load();
  std::free(std::malloc(1));
  CHECK_EQUAL(allocations.load() - before, uint64_t{PSP_COUNTS_ALLOCATIONS});
  exchange(PSP_COUNTS_ALLOCATIONS ? 100'000 : 1000);
  CHECK_EQUAL(allocations.load() - before, uint64_t{PSP_COUNTS_ALLOCATIONS});
}
