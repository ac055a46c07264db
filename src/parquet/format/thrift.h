/* thrift.h: the Thrift compact protocol, as far as Parquet uses it: structs, lists, varints, binaries.
 *
 *     field    (delta << 4 | type), or (type) and the id as zigzag varint where delta is 0; a byte 0 ends the struct
 *     list     (n << 4 | type), or (F | type) and n as varint where n ≥ 15; then the elements without headers
 *     binary   length as varint, bytes           integers   zigzag varint          double   8 bytes, little-endian
 *     bool     in the field's type: 1 true, 2 false; in a list one byte
 *
 * The reader keeps its first failure: from then on every call answers zero, no field follows, and the position stands
 * at the end, so that decoders are plain loops which look at r.code once, at their end:
 *
 *     struct pq_field f = {0};
 *     while (pq_thrift_next(&r, &f))
 *         switch (f.id) {
 *         case 1: pq_thrift_i32(&r, &f, &out->width); break;
 *         default: pq_thrift_skip(&r, &f);
 *         }
 *
 * T1  in ≤ end always; no read passes end.
 * T2  A value of an unexpected wire type is skipped and leaves *out as it was: never an error.
 * T3  Skipping nests at most PQ_THRIFT_DEPTH deep, without recursion.
 * T4  A list's count is at most the bytes that are left: every element costs at least one.
 *
 * Binaries are slices of the input: nothing is copied, the input must outlive what was decoded.
 * Spec: Thrift, doc/specs/thrift-compact-protocol.md.
 */
#ifndef NL_PARQUET_FORMAT_THRIFT_H
#define NL_PARQUET_FORMAT_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum pq_thrift_type {
    PQ_T_STOP = 0,
    PQ_T_TRUE = 1,
    PQ_T_FALSE = 2,
    PQ_T_BYTE = 3,
    PQ_T_I16 = 4,
    PQ_T_I32 = 5,
    PQ_T_I64 = 6,
    PQ_T_DOUBLE = 7,
    PQ_T_BINARY = 8,
    PQ_T_LIST = 9,
    PQ_T_SET = 10,
    PQ_T_MAP = 11,
    PQ_T_STRUCT = 12,
    PQ_T_UUID = 13,
};

#define PQ_THRIFT_DEPTH 32

/* A slice of bytes that lie elsewhere; data NULL: the field was absent. */
struct pq_slice {
    const uint8_t *data;
    size_t len;
};

/* ── reading ── */

struct pq_thrift {
    const uint8_t *start, *in, *end;
    int code;         /* NL_OK, or the first failure */
    const char *what; /* static: what was wrong */
    size_t at;        /* the byte where */
};

struct pq_field {
    int16_t id;   /* of the field; deltas count from here: zero it before the first call for a struct */
    uint8_t type; /* enum pq_thrift_type */
};

struct pq_list {
    uint32_t n;
    uint8_t type; /* of the elements */
};

/* Read the struct at data, which is borrowed. */
void pq_thrift_init(struct pq_thrift *r, const void *data, size_t len);
/* The next field of the struct. False at its end, and after a failure. */
bool pq_thrift_next(struct pq_thrift *r, struct pq_field *f);
/* The value of a field. True: read. False: of another type (skipped), or failed; *out is as it was. Integer readers
 * take every integer width whose value fits. */
bool pq_thrift_bool(struct pq_thrift *r, const struct pq_field *f, bool *out);
bool pq_thrift_i8(struct pq_thrift *r, const struct pq_field *f, int8_t *out);
bool pq_thrift_i16(struct pq_thrift *r, const struct pq_field *f, int16_t *out);
bool pq_thrift_i32(struct pq_thrift *r, const struct pq_field *f, int32_t *out);
bool pq_thrift_i64(struct pq_thrift *r, const struct pq_field *f, int64_t *out);
bool pq_thrift_binary(struct pq_thrift *r, const struct pq_field *f, struct pq_slice *out);
/* Is the field a struct? Then read it with a pq_field of its own. Else it is skipped. */
bool pq_thrift_struct(struct pq_thrift *r, const struct pq_field *f);
/* A list's header. False where the field is no list, or its elements are not of type `elements` (skipped whole).
 * Elements: structs with pq_thrift_next() and a fresh pq_field each, others with the readers above and
 * pq_list_field(list). */
bool pq_thrift_list(struct pq_thrift *r, const struct pq_field *f, uint8_t elements, struct pq_list *out);
struct pq_field pq_list_field(const struct pq_list *l);
/* Room in arena for a list's elements of size bytes, each of which takes at least `least` bytes in the input: a count that
 * those cannot pay for allocates nothing. NULL: that, or no memory; recorded. */
void *pq_thrift_alloc(struct pq_thrift *r, nl_arena *arena, const struct pq_list *l, size_t least, size_t size);
/* Skip the value of a field. */
void pq_thrift_skip(struct pq_thrift *r, const struct pq_field *f);
/* Record a failure that the caller found; the first one stays. what is static. */
void pq_thrift_bad(struct pq_thrift *r, const char *what);
/* NL_OK, or the failure as an error: "…at byte N". */
int pq_thrift_result(const struct pq_thrift *r, nl_error *err);

/* ── writing ── appends to a buffer; keeps its first failure (no memory), which pq_thrift_finish() answers. */

struct pq_thrift_writer {
    nl_buf *out;
    int code;
    int depth;
    int16_t last[16]; /* the last field id of every open struct */
};

/* Append a struct to out, which is borrowed. */
void pq_thrift_writer_init(struct pq_thrift_writer *w, nl_buf *out);
/* Fields must be written in the order of their ids. */
void pq_write_bool(struct pq_thrift_writer *w, int16_t id, bool v);
void pq_write_i8(struct pq_thrift_writer *w, int16_t id, int8_t v);
void pq_write_i16(struct pq_thrift_writer *w, int16_t id, int16_t v);
void pq_write_i32(struct pq_thrift_writer *w, int16_t id, int32_t v);
void pq_write_i64(struct pq_thrift_writer *w, int16_t id, int64_t v);
void pq_write_binary(struct pq_thrift_writer *w, int16_t id, const void *data, size_t len);
/* A struct that is a field; end it with pq_write_end(). */
void pq_write_begin(struct pq_thrift_writer *w, int16_t id);
/* A list that is a field, then n elements by the calls below. */
void pq_write_list(struct pq_thrift_writer *w, int16_t id, uint8_t elements, size_t n);
/* A struct that is a list's element, or the outermost one; end it with pq_write_end(). */
void pq_write_element(struct pq_thrift_writer *w);
void pq_write_end(struct pq_thrift_writer *w);
/* Elements of lists. */
void pq_write_varint(struct pq_thrift_writer *w, int64_t v); /* i16, i32, i64 */
void pq_write_bytes(struct pq_thrift_writer *w, const void *data, size_t len);
void pq_write_flag(struct pq_thrift_writer *w, bool v); /* of a list of PQ_T_TRUE */
/* NL_OK, NL_NO_MEMORY, or NL_INTERNAL (structs nested too deep, or left open). */
int pq_thrift_finish(const struct pq_thrift_writer *w, nl_error *err);

#endif
