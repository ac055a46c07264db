/* arrow.h: make, read, copy and release the structures of the Arrow C data interface.
 *
 * The formats that Neuralake speaks: "b" bool, "c C s S i I l L" integers, "f g" floats, "u U z Z" strings and binary,
 * "vu vz" string and binary views, "tdD tdm" dates, "tts ttm ttu ttn" times, "tss: tsm: tsu: tsn:" timestamps with a time zone
 * or none, "tDs tDm tDu tDn" durations, "tiM tiD tin" intervals, "d:P,S" decimal128 (as text also "d:P,S,32", 64 and 256), "w:N" fixed-size
 * binary, "+s +l +L +m +w:N" nested, "n" null; each also as the dictionary of an integer column.
 *
 *     string view, 16 bytes     length ≤ 12:  int32 length | 12 bytes of the string, zero-padded
 *                               else:         int32 length | first 4 bytes | int32 buffer index | int32 offset
 *     an array of views         buffers: [validity, views, variadic data buffers…, int64 sizes of those]
 */
#ifndef NL_ARROW_ARROW_H
#define NL_ARROW_ARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/bytes.h"

/* What a format string says, taken apart. */
enum arrow_kind {
    ARROW_NULL,
    ARROW_BOOL,
    ARROW_INT,     /* width, is_signed */
    ARROW_FLOAT,   /* width 16, 32, 64 */
    ARROW_DECIMAL, /* width 128, precision, scale */
    ARROW_STRING,  /* layout: offsets32, offsets64, view */
    ARROW_BINARY,
    ARROW_FIXED_BINARY,  /* byte_width */
    ARROW_DATE,          /* unit day (int32) or ms (int64) */
    ARROW_TIME,          /* unit; s and ms are 32 bits wide, us and ns 64 */
    ARROW_TIMESTAMP,     /* unit, timezone */
    ARROW_DURATION,      /* unit, width 64 */
    ARROW_INTERVAL,      /* width 32: months; 64: days, ms (int32 each); 128: months, days (int32 each), ns (int64) */
    ARROW_DECIMAL_OTHER, /* width 32, 64, 256, precision, scale: a kind of its own, for those who read 128 bits only */
    ARROW_STRUCT,        /* from here on nested */
    ARROW_LIST,
    ARROW_MAP,
    ARROW_FIXED_LIST, /* list_size */
    ARROW_OTHER,      /* valid, but not one of the above */
};
enum arrow_unit { ARROW_DAY, ARROW_SECOND, ARROW_MILLI, ARROW_MICRO, ARROW_NANO };
enum arrow_layout { ARROW_OFFSETS32, ARROW_OFFSETS64, ARROW_VIEW };

struct arrow_type {
    enum arrow_kind kind;
    uint16_t width; /* bits of one value; 0 where it varies, 1 for bool */
    bool is_signed;
    enum arrow_unit unit;
    enum arrow_layout layout;
    int32_t precision, scale; /* decimal */
    int32_t byte_width;       /* fixed binary */
    int32_t list_size;        /* fixed list */
    const char *timezone;     /* timestamp: points into the format, "" for none */
};

/* Take a format string apart. NL_INVALID names the format. */
int arrow_type_parse(const char *format, struct arrow_type *out, nl_error *err);
/* The type as people and SQL write it: "BIGINT", "VARCHAR", "DECIMAL(15,2)", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE".
 * Into out; returns out. */
const char *arrow_type_sql(const struct arrow_type *t, char out[static 64]);

/* The same of a field, nested ones with what is in them: "STRUCT(a INTEGER, b VARCHAR[])", "INTEGER[3]", "MAP(VARCHAR, INTEGER)".
 * A dictionary is shown as its values' type. NL_UNSUPPORTED: more than 64 levels. On failure out is as it was. */
int arrow_schema_sql(const struct ArrowSchema *s, nl_buf *out, nl_error *err);

/* ── schemas (their metadata: metadata.h) ── */

/* A field: format and name are copied. On failure *out is released. */
int arrow_schema_field(struct ArrowSchema *out, const char *format, const char *name, bool nullable, nl_error *err);
/* A struct ("+s") of n fields yet to be filled: children exist and are released. */
int arrow_schema_struct(struct ArrowSchema *out, size_t n, nl_error *err);
/* Any nested field ("+s", "+l", "+m", "+w:3") of n children yet to be filled: they exist and are released. */
int arrow_schema_nested(struct ArrowSchema *out, const char *format, const char *name, bool nullable, size_t n,
                        nl_error *err);
/* Make a field of integers, of this room's making (else NL_INVALID), a dictionary's; values is moved in, on failure released. */
int arrow_schema_set_dictionary(struct ArrowSchema *s, struct ArrowSchema *values, nl_error *err);
/* Another format for a field of this room's making (else NL_INVALID). On failure it keeps its own. */
int arrow_schema_set_format(struct ArrowSchema *s, const char *format, nl_error *err);
int arrow_schema_copy(const struct ArrowSchema *from, struct ArrowSchema *out, nl_error *err);
void arrow_schema_release(struct ArrowSchema *s); /* released or NULL is fine */
void arrow_schema_move(struct ArrowSchema *from, struct ArrowSchema *to);
/* The index of the child of that name, or -1. Exact match first, then without case (as SQL does) where it is unique. */
int64_t arrow_schema_find(const struct ArrowSchema *s, const char *name);

/* ── arrays ── */

void arrow_array_release(struct ArrowArray *a); /* released or NULL is fine */
void arrow_array_move(struct ArrowArray *from, struct ArrowArray *to);
/* Build an array from parts: buffers are slices that the array then owns (on failure too they are released).
 * n_buffers as the format wants; a buffer of {NULL} is absent (validity without nulls). children are moved in.
 * extra: further blocks that the array keeps alive (pages that views point into); moved in. */
struct arrow_parts {
    int64_t length, null_count, offset;
    nl_bytes *buffers;
    size_t n_buffers;
    struct ArrowArray *children;
    size_t n_children;
    nl_block **extra;
    size_t n_extra;
};
int arrow_array_make(struct arrow_parts *parts, struct ArrowArray *out, nl_error *err);
/* Bit i of a bitmap, as Arrow numbers them: least significant first. */
static inline bool arrow_bit(const uint8_t *bits, int64_t i)
{
    return bits[i >> 3] >> (i & 7) & 1;
}
/* Has a foreign array the shape that its type wants (length, offset, buffers)? What lies in the buffers is not looked at.
 * NL_INVALID; NL_UNSUPPORTED for ARROW_OTHER. */
int arrow_array_check(const struct ArrowArray *a, const struct arrow_type *t, nl_error *err);
/* The same for an array with all that is below it: also children and their lengths, and the offsets of strings, lists and maps
 * (ascending, within the child). Other errors, with the field's name; NL_UNSUPPORTED also for more than 64 levels. What remains
 * trusted: buffers as long as the lengths say, views, dictionary indices. */
int arrow_array_check_all(const struct ArrowArray *a, const struct ArrowSchema *s, nl_error *err);
/* Is row i (before a->offset is added) not null? */
bool arrow_is_valid(const struct ArrowArray *a, int64_t i);
/* Row i of a string or binary array of any layout, fixed-size ones too. Borrowed from the array. */
const uint8_t *arrow_bytes_at(const struct ArrowArray *a, const struct arrow_type *t, int64_t i, size_t *len);
/* An array of views ("vu", "vz") into one with 32-bit offsets ("u", "z"), copied. NL_UNSUPPORTED above 2 GiB. */
int arrow_views_to_offsets(const struct ArrowArray *a, struct ArrowArray *out, nl_error *err);

/* ── builders: a column value by value, for tests, generators and function tables ── */

struct arrow_builder; /* one column */
/* Every flat format of this header but "n", "e", intervals and decimals of other widths than 128; others are NL_UNSUPPORTED. format is copied. */
int arrow_builder_new(const char *format, struct arrow_builder **out, nl_error *err);
void arrow_builder_free(struct arrow_builder *b);
/* Append one value. NL_INVALID: not a value of the column's type (kind, range, length, precision). A failed call leaves the
 * column as it was. */
int arrow_builder_null(struct arrow_builder *b, nl_error *err);
int arrow_builder_int(struct arrow_builder *b, int64_t v,
                      nl_error *err); /* ints, bool, dates, times, durations, timestamps */
int arrow_builder_uint(struct arrow_builder *b, uint64_t v, nl_error *err); /* the same, for values above INT64_MAX */
int arrow_builder_double(struct arrow_builder *b, double v, nl_error *err); /* "f" rounds */
int arrow_builder_bytes(struct arrow_builder *b, const void *data, size_t len, nl_error *err);
int arrow_builder_decimal(struct arrow_builder *b, __int128 unscaled, nl_error *err);
int64_t arrow_builder_length(const struct arrow_builder *b);
/* The column so far; the builder is empty afterwards (on failure it is as it was, or empty). */
int arrow_builder_finish(struct arrow_builder *b, struct ArrowArray *out, nl_error *err);
/* A batch: n columns of equal length under a struct array. The columns are moved in (on failure released). */
int arrow_batch_make(struct ArrowArray *columns, size_t n, int64_t length, struct ArrowArray *out, nl_error *err);

/* ── streams ── */

/* A stream from a C iterator. next fills *out or leaves it released at the end; done(ctx) is called by release.
 * The stream keeps the last error; get_next returns an errno value as the interface wants. schema and ctx are moved in: on
 * failure schema is released and done(ctx) was called. next is not called again after its end or its failure; done may be
 * NULL. */
int arrow_stream_make(struct ArrowSchema *schema, int (*next)(void *ctx, struct ArrowArray *out, nl_error *err),
                      void (*done)(void *ctx), void *ctx, struct ArrowArrayStream *out, nl_error *err);
/* Call get_schema of anybody's stream; *out is yours. */
int arrow_stream_schema(struct ArrowArrayStream *s, struct ArrowSchema *out, nl_error *err);
/* Call get_next of anybody's stream and turn a failure into an nl_error (the nl_error itself, where the stream is ours). */
int arrow_stream_next(struct ArrowArrayStream *s, struct ArrowArray *out, nl_error *err);
void arrow_stream_release(struct ArrowArrayStream *s);

/* One value as text, as `--format csv` shows it. A null appends nothing.
 *
 *     integers -7, floats in the shortest digits that read back, with a point or an exponent: 10.0, 0.1, 1e+300, NaN, Infinity,
 *     -Infinity; true, false; decimals with all digits of their scale: 1.50; strings as they are, binary in base64;
 *     2024-02-29, 13:05:00, 2024-02-29T13:05:00.250000 (the unit's digits, none where they are all zero), and with a time zone
 *     the instant in UTC: 2024-02-29T13:05:00Z. Years outside of 0000 to 9999 carry a sign: -0044-03-15. Intervals and durations
 *     are durations of ISO 8601, each part with its own sign: P1Y2M3DT4H5M6.5S, P-1M, PT0S.
 *
 * NL_UNSUPPORTED: a nested type, or one that is not spoken. */
int arrow_format_value(const struct ArrowArray *a, const struct arrow_type *t, int64_t row, nl_buf *out, nl_error *err);

#endif
