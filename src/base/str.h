/* str.h: small things with strings that libc lacks. Nothing here allocates unless it says so. */
#ifndef NL_BASE_STR_H
#define NL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Byte for byte, case counts; every string begins and ends with "". */
bool nl_starts_with(const char *s, const char *prefix);
/* As nl_starts_with(). */
bool nl_ends_with(const char *s, const char *suffix);
/* The nearest of n names by edit distance (case ignored), or NULL where none is near (more than a third differs). */
const char *nl_nearest(const char *word, const char *const *names, size_t n);
/* A whole decimal number and nothing else. False: not one, or out of range (*out is then as it was). */
bool nl_parse_i64(const char *s, int64_t *out);
bool nl_parse_u64(const char *s, uint64_t *out);
/* "10", "64KiB", "1.5GB" (powers of 1024 with i, of 1000 without). */
bool nl_parse_size(const char *s, uint64_t *out);
/* "1.2 MiB" into out; returns out. */
const char *nl_format_size(uint64_t bytes, char out[static 32]);
/* "1.24 s", "83 ms", "410 µs" into out; returns out. */
const char *nl_format_duration(int64_t ns, char out[static 32]);
/* Lower-case hexadecimal of len bytes and a NUL into out (2 × len + 1). */
void nl_hex(const uint8_t *data, size_t len, char *out);
/* Back. False: a character that is no hexadecimal digit, or an odd length. */
bool nl_unhex(const char *hex, size_t hex_len, uint8_t *out);
/* Foreign text for a terminal or a log: control characters and bytes that are no valid UTF-8 become \xNN, and what does
 * not fit into cap bytes (at least 8, with the NUL) is cut between characters and ends in "…". Returns the length. */
size_t nl_printable(const char *s, size_t len, char *out, size_t cap);
/* Is this valid UTF-8 (RFC 3629: no surrogates, no overlong forms)? */
bool nl_utf8_valid(const uint8_t *s, size_t len);
/* The bytes of the valid character at the front of s, 0 where there is none. */
size_t nl_utf8_char(const uint8_t *s, size_t len);

#endif
