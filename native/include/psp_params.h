#ifndef PSP_PARAMS_H
#define PSP_PARAMS_H
/*
 * Reads single parameters from the JSON that psp gives to an application's setup, for applications that do not want a
 * JSON library. psp writes that JSON itself, so it is valid and has no spaces between its parts. Only the parameters of
 * the outermost object are found, not what is in maps and lists.
 */
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns what follows the string, list, map or word that begins here. */
static inline const char *psp_params_skip(const char *at) {
  int depth = 0;
  do {
    if (*at == '"') {
      for (++at; *at != '"' && *at != '\0'; ++at) {
        if (*at == '\\' && at[1] != '\0') ++at;
      }
      if (*at == '"') ++at;
    } else if (*at == '{' || *at == '[') {
      ++depth;
      ++at;
    } else if (*at == '}' || *at == ']') {
      --depth;
      ++at;
    } else if (*at != '\0') {
      ++at;
    }
  } while (*at != '\0' && (depth > 0 || (*at != ',' && *at != '}' && *at != ':')));
  return at;
}

/* Returns where the value of a parameter begins, NULL if it is not given. Names with escapes are not found. */
static inline const char *psp_params_find(const char *json, const char *name) {
  const size_t length = strlen(name);
  const char *at = json;
  while (*at == '{' || *at == ',') {
    const char *key = at + 1;
    if (*key != '"') return NULL;
    at = psp_params_skip(key);
    if (*at != ':') return NULL;
    ++at;
    if (strncmp(key + 1, name, length) == 0 && key[1 + length] == '"' && at == key + length + 3) return at;
    at = psp_params_skip(at);
  }
  return NULL;
}

/* Returns how many parameters there are. */
static inline size_t psp_params_count(const char *json) {
  size_t count = 0;
  const char *at = json;
  while ((*at == '{' || *at == ',') && at[1] == '"') {
    ++count;
    at = psp_params_skip(at + 1);
    if (*at == ':') at = psp_params_skip(at + 1);
  }
  return count;
}

/* Reads a number. Returns 1 if there is one of that name; 0, and leaves `value` alone, if not. */
static inline int psp_params_number(const char *json, const char *name, double *value) {
  const char *at = psp_params_find(json, name);
  char *end = NULL;
  if (at == NULL || (*at != '-' && (*at < '0' || *at > '9'))) return 0;
  *value = strtod(at, &end);
  return end != at;
}

/* Copies a text that fits. Returns 1; 0 if there is none of that name, it does not fit, or it has escapes. */
static inline int psp_params_text(const char *json, const char *name, char *text, size_t bytes) {
  const char *at = psp_params_find(json, name);
  size_t length = 0;
  if (at == NULL || *at != '"') return 0;
  for (++at; at[length] != '"'; ++length) {
    if (at[length] == '\0' || at[length] == '\\' || length + 1 >= bytes) return 0;
  }
  memcpy(text, at, length);
  text[length] = '\0';
  return 1;
}

#ifdef __cplusplus
}
#endif

#endif
