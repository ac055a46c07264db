/* value.h: one value in the variant's binary encoding. Nothing here trusts a byte.
 *
 *     metadata   header │ n │ n + 1 offsets │ names       header: version, sorted, bytes of an offset less one
 *     value      header │ …                               header: two bits of basic type, six of its own
 *     object       n (1 or 4 bytes) │ n ids of names │ n + 1 offsets │ values, in any order
 *     array        n (1 or 4 bytes) │ n + 1 offsets │ values
 *
 * V1  Each length, id and offset is checked where it is read; metadata only as far as names are looked up, so that a row costs
 *     what it shows, whatever else its metadata holds.
 * V2  Offsets may point to the same bytes again and again. The values of an object or an array may together have no more bytes
 *     than it has for values (written honestly they lie side by side): so a level reads at most what the value is long, and 64
 *     levels at most 64 times that.
 * V3  Nothing is deeper than 64 levels.
 * V4  A name may be long, and stand a thousand times for two bytes of an id. The names of a value may come to 64 KiB and 256
 *     times the value's bytes: a field takes three bytes at least, so that names of 700 bytes are always paid for. Names of
 *     shredded fields, each of which has a value in an array, are charged only where they are longer than 250 bytes.
 */
#ifndef NL_PARQUET_VARIANT_VALUE_H
#define NL_PARQUET_VARIANT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { PQ_VARIANT_DEPTH = 64 };

struct pq_variant_names {
    const uint8_t *offsets, *names;
    size_t n, names_len, budget; /* budget: bytes of names that may still be shown (V4) */
    uint8_t offset_size;
};

/* An object's fields; i < n. */
struct pq_variant_object {
    struct pq_variant_names *names;
    const uint8_t *ids, *offsets, *values;
    size_t n, values_len, left; /* left: of values_len, not read yet (V2) */
    uint8_t id_size, offset_size;
    int depth;
};

struct pq_variant_field {
    const char *name;
    size_t name_len;
    const uint8_t *value;
    size_t most; /* bytes that it may take */
};

/* The metadata of a row, at p. NL_CORRUPT, NL_UNSUPPORTED (version). */
int pq_variant_names_open(const uint8_t *p, size_t len, struct pq_variant_names *out, nl_error *err);
/* Append a name as a JSON key with its colon, and charge it (V4). NL_CORRUPT: the budget is gone. */
int pq_variant_key(struct pq_variant_names *names, const char *name, size_t len, nl_buf *out, nl_error *err);
/* Append a value, at most `len` bytes at p, at some depth; *used: those it took. On failure out has what it has. */
int pq_variant_value(struct pq_variant_names *names, const uint8_t *p, size_t len, int depth, size_t *used, nl_buf *out,
                     nl_error *err);
/* Is this value an object (by its header alone)? */
bool pq_variant_is_object(const uint8_t *p, size_t len);
int pq_variant_object_open(struct pq_variant_names *names, const uint8_t *p, size_t len, int depth,
                           struct pq_variant_object *out, nl_error *err);
int pq_variant_object_field(const struct pq_variant_object *o, size_t i, struct pq_variant_field *out, nl_error *err);
/* Append a field's value, and charge it (V2). */
int pq_variant_object_value(struct pq_variant_object *o, const struct pq_variant_field *f, nl_buf *out, nl_error *err);
/* Append 16 bytes as a UUID, quoted. */
int pq_variant_uuid(const uint8_t bytes[static 16], nl_buf *out, nl_error *err);

#endif
