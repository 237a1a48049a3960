#ifndef PSP_APP_H
#define PSP_APP_H
/*
 * The interface between a psp server and an application: what its workers do with a request.
 *
 * An application is a shared library that exports one function, psp_app_v1(). It needs no symbol of psp and no other
 * header. The built-in applications (native/apps) are written against this header, too. docs/add-an-application.md
 * explains it with examples in C, C++ and Rust.
 *
 * The ABI has the version PSP_APP_ABI_VERSION. Within a version, fields are only added, and only at the end of a
 * structure.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PSP_APP_ABI_VERSION 1u

/* Put before psp_app_v1, so that it can be found whatever the compiler's flags hide. */
#if defined(__GNUC__)
#define PSP_APP_EXPORT __attribute__((visibility("default")))
#else
#define PSP_APP_EXPORT
#endif

/* What handle returns. Any other number counts as PSP_APP_FAILED. */
enum {
  /* The request is done; the reply is sent. */
  PSP_APP_DONE = 0,
  /* It stopped because the flag was raised. handle is called again later, perhaps by another worker. */
  PSP_APP_PREEMPTED = 1,
  /* The request is done and counted as failed; the reply is sent all the same. */
  PSP_APP_FAILED = 2,
  /* The request is done and wants no answer. With `frame: udp` nothing is sent; other formats send their header. */
  PSP_APP_SILENT = 3
};

/* What a worker is set up with. Everything that is pointed to lives as long as the worker. */
typedef struct psp_app_worker {
  /* sizeof(psp_app_worker) of the server. */
  uint32_t struct_size;
  /* The number of this worker, from 0, and how many there are. */
  uint32_t worker;
  uint32_t workers;
  /* How many types the classifier knows, and their names; the type `types` is UNKNOWN. */
  uint32_t types;
  const char *const *type_names;
  /* How many ns a tick of the processor's counter takes (rdtsc on x86-64, cntvct_el0 on aarch64). */
  double ns_per_tick;
  /*
   * For applications that sleep: a futex word (FUTEX_PRIVATE_FLAG). Store 1, look at the flag once more, then wait
   * while it is 1. A server with `poll: sleep` stores 0 and wakes the word when it raises the flag.
   */
  uint32_t *bell;
} psp_app_worker;

/* A request. It is the same structure at every call for one request. */
typedef struct psp_app_request {
  /*
   * request_bytes of memory for this request alone, aligned to 16 bytes. It is all zeros at the first call and keeps
   * what the application writes until the request is done. NULL if request_bytes is 0.
   */
  void *scratch;
  /* The service time that the client demands, ns, 0 to 4294967295; 0 with `frame: udp`. */
  double demand_ns;
  /* Index of the type, as in type_names; psp_app_worker.types means UNKNOWN. */
  uint32_t type;
  /* The worker that runs it now. */
  uint32_t worker;
  /* How often it was preempted before this call. */
  uint32_t preemptions;
  uint32_t reserved;
} psp_app_request;

/* The reply. What is written here is lost when handle returns PSP_APP_PREEMPTED: keep what you need in scratch. */
typedef struct psp_app_reply {
  /* Memory of the worker for the reply's payload, and how many bytes fit. */
  uint8_t *data;
  size_t capacity;
  /* How many bytes are sent: 0 at each call; more than `capacity` counts as PSP_APP_FAILED with an empty reply. */
  size_t length;
} psp_app_reply;

/* Tells that the request must make room for another. Ask psp_app_preempted() about it. */
typedef struct psp_app_preempt {
  const uint32_t *word;
  uint32_t stint;
} psp_app_preempt;

/*
 * Is the flag raised? Costs a load from a cache line that only the dispatcher writes, so ask every microsecond or more
 * often. An application that never asks runs every request to completion.
 */
static inline int psp_app_preempted(const psp_app_preempt *flag) {
#if defined(__GNUC__)
  return __atomic_load_n(flag->word, __ATOMIC_ACQUIRE) == flag->stint;
#else
  return *(const volatile uint32_t *)flag->word == flag->stint;
#endif
}

/* What psp_app_v1() returns. */
typedef struct psp_app {
  /* PSP_APP_ABI_VERSION and sizeof(psp_app), as the application was compiled. */
  uint32_t abi_version;
  uint32_t struct_size;
  /* A short name for messages. */
  const char *name;
  /* How many bytes of scratch a request needs, 0 to 16384. The server takes them for every request it can hold. */
  size_t request_bytes;
  /*
   * Called once for each worker, in that worker's thread, before its first request. Workers are set up at the same
   * time: what they share needs a lock. params_json is an object with the parameters of the configuration, as JSON in
   * UTF-8. *state is given to handle and teardown. Returns 0, or anything else after it wrote why it cannot work: one
   * line of at most error_bytes with its final zero.
   */
  int (*setup)(const psp_app_worker *worker, const char *params_json, void **state, char *error, size_t error_bytes);
  /*
   * Runs a request until it is done or preempted. The payload is what follows the header of the frame format: all of
   * the datagram with `frame: udp`. It may be read only during the call. Must not throw, and should not allocate or
   * wait.
   */
  int (*handle)(void *state, psp_app_request *request, const uint8_t *payload, size_t length, psp_app_reply *reply,
                const psp_app_preempt *preempt);
  /* Called once for each worker that was set up, in its thread, after its last request. May be NULL. */
  void (*teardown)(void *state);
} psp_app;

/* The function that a plug-in exports. What it returns must stay valid until the process ends. */
PSP_APP_EXPORT const psp_app *psp_app_v1(void);

#ifdef __cplusplus
}
#endif

#endif
