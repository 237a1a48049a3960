/*
 * A plug-in in C: hashes the payload, again and again, until it has hashed `bytes` bytes (FNV-1a), and replies with the
 * hash, 8 bytes, little-endian. hash.cpp and hash.rs do the same.
 *
 *   cc -std=c99 -O2 -shared -fPIC -I native/include native/examples/hash.c -o libhash.so
 */
#include <stdio.h>

#include "psp_app.h"
#include "psp_params.h"

/* Every worker reads its own copy. */
struct state {
  uint64_t bytes;
};

/* What a request has reached. It is all zeros when the request begins. */
struct progress {
  uint64_t hashed;
  uint64_t hash;
};

static const uint64_t OFFSET_BASIS = 14695981039346656037u;
static const uint64_t PRIME = 1099511628211u;
/* The flag is looked at once in this many bytes, less than a microsecond. */
static const uint64_t LOOK_EVERY = 64;

static int setup(const psp_app_worker *worker, const char *params_json, void **state, char *error, size_t error_bytes) {
  double bytes = 4096;
  struct state *mine;
  (void)worker;
  psp_params_number(params_json, "bytes", &bytes);
  if (!(bytes >= 1 && bytes <= 1e9)) {
    snprintf(error, error_bytes, "bytes: expected a number from 1 to 1000000000, found %g", bytes);
    return 1;
  }
  mine = (struct state *)malloc(sizeof *mine);
  if (mine == NULL) {
    snprintf(error, error_bytes, "no memory");
    return 1;
  }
  mine->bytes = (uint64_t)bytes;
  *state = mine;
  return 0;
}

static int handle(void *state, psp_app_request *request, const uint8_t *payload, size_t length, psp_app_reply *reply,
                  const psp_app_preempt *preempt) {
  const struct state *mine = (const struct state *)state;
  struct progress *progress = (struct progress *)request->scratch;
  uint64_t hash = progress->hashed == 0 ? OFFSET_BASIS : progress->hash;
  size_t i;
  for (uint64_t n = progress->hashed; n < mine->bytes; ++n) {
    if (n % LOOK_EVERY == 0 && n > progress->hashed && psp_app_preempted(preempt)) {
      progress->hashed = n;
      progress->hash = hash;
      return PSP_APP_PREEMPTED;
    }
    hash = (hash ^ (length == 0 ? 0 : payload[n % length])) * PRIME;
  }
  if (reply->capacity < 8) return PSP_APP_FAILED;
  for (i = 0; i < 8; ++i) reply->data[i] = (uint8_t)(hash >> (8 * i));
  reply->length = 8;
  return PSP_APP_DONE;
}

static void teardown(void *state) { free(state); }

PSP_APP_EXPORT const psp_app *psp_app_v1(void) {
  static const psp_app app = {PSP_APP_ABI_VERSION,     sizeof(psp_app), "hash", sizeof(struct progress),
                              setup, handle, teardown};
  return &app;
}
