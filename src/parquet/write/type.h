/* type.h: which Parquet type an Arrow column becomes.
 *
 *     Arrow                        Parquet
 *     b                            BOOLEAN
 *     c s i, C S I                 INT32   INTEGER(8, 16, 32; signed or not); i has no annotation
 *     l, L                         INT64   INTEGER(64, unsigned) for L
 *     f, g                         FLOAT, DOUBLE
 *     u U vu                       BYTE_ARRAY   STRING
 *     z Z vz                       BYTE_ARRAY
 *     w:N                          FIXED_LEN_BYTE_ARRAY(N)
 *     tdD tdm                      INT32   DATE
 *     tts ttm, ttu, ttn            INT32, INT64, INT64   TIME(ms, us, ns; local)
 *     tss: tsm:, tsu:, tsn:        INT64   TIMESTAMP(ms, us, ns; UTC where there is a time zone)
 *     d:P,S and 32, 64, 256 bits   INT32 (P ≤ 9), INT64 (P ≤ 18), FIXED_LEN_BYTE_ARRAY (P ≤ 76)   DECIMAL(P, S)
 *     e                            FIXED_LEN_BYTE_ARRAY(2)   FLOAT16
 *     n                            INT32   UNKNOWN: nothing but nulls
 *     tDs tDm tDu tDn              INT64, without annotation: Parquet has no durations
 *     tiM tiD tin                  FIXED_LEN_BYTE_ARRAY(12)   INTERVAL: months, days, milliseconds, none negative
 *     arrow.uuid, arrow.json       w:16 as UUID, strings as JSON                (extension.c)
 *     geoarrow.wkb                 BYTE_ARRAY   GEOMETRY, or GEOGRAPHY where its edges are curved
 *     with a dictionary            as its values: indices are looked up
 *
 * Decimals take the smallest integer that holds their precision, as DuckDB writes them and every reader reads them:
 * integers pack, hash and compare faster than byte arrays, and take 4 or 8 bytes where Arrow has 16. Times have no
 * time zone in Arrow, hence "local". Seconds do not exist in Parquet and become milliseconds.
 */
#ifndef NL_PARQUET_WRITE_TYPE_H
#define NL_PARQUET_WRITE_TYPE_H

#include <stdbool.h>

#include "arrow/arrow.h"
#include "base/arena.h"
#include "parquet/format/metadata.h"

/* In which form the writer handles a column's values, once nulls are out: by size, not by meaning. */
enum pq_form {
    PQ_FORM_BITS,   /* booleans: a bitmap */
    PQ_FORM_4,      /* uint32_t[] */
    PQ_FORM_8,      /* uint64_t[] */
    PQ_FORM_SLICES, /* struct pq_slice[] */
};

/* How an Arrow value becomes one of those: by gather.c. */
enum pq_convert {
    PQ_AS_IS,
    PQ_WIDEN_I8,
    PQ_WIDEN_U8,
    PQ_WIDEN_I16,
    PQ_WIDEN_U16,
    PQ_SECONDS_4,    /* int32 seconds into milliseconds */
    PQ_SECONDS_8,    /* int64 seconds into milliseconds */
    PQ_DAYS,         /* int64 milliseconds into int32 days */
    PQ_DECIMAL_4,    /* any width into 32 bits */
    PQ_DECIMAL_8,    /* any width into 64 */
    PQ_DECIMAL_FLBA, /* any width into type_length bytes, big-endian; up to 38 digits */
    PQ_DECIMAL_WIDE, /* the same, of 256 bits and up to 76 digits */
    PQ_INTERVAL,     /* by arrow_width: months; days, ms; months, days, ns */
    PQ_ALL_NULL,
};

/* By which order min and max are found. Spec: parquet.thrift, ColumnOrder. */
enum pq_order {
    PQ_SIGNED,
    PQ_UNSIGNED,
    PQ_FLOATING,
    PQ_BYTES_UNSIGNED,
    PQ_BYTES_SIGNED,
    PQ_HALVES,  /* floats of 16 bits */
    PQ_NO_ORDER /* intervals, geometry: no min and max */
};

struct pq_write_type {
    struct pq_schema_element element; /* of the leaf; its name points to the caller's */
    enum arrow_kind kind;
    enum arrow_layout layout;
    enum pq_form form;
    enum pq_convert convert;
    enum pq_order order;
    size_t arrow_width; /* bytes of one value in Arrow's buffer; 0: bits, or strings of any layout */
    size_t width;       /* bytes of one PLAIN value; 0: booleans, and byte arrays (4 and their length) */
    __int128 bound;     /* decimals: 10^precision, which every value stays below */
    uint64_t wide[4];   /* PQ_DECIMAL_WIDE: the same, least significant first */
    size_t index_width; /* the array has a dictionary: bytes of an index, else 0 */
    bool index_signed;
    bool nested; /* the leaf of one: messages count its own values, not rows */
};

/* What column `field` becomes. NL_UNSUPPORTED names its type, NL_INVALID a format that is none. */
int pq_write_type_of(const struct ArrowSchema *field, struct pq_write_type *out, nl_error *err);
/* What the field's metadata add: the field id, and what an extension that Parquet has a type for means. Memory is the
 * arena's. NL_INVALID: a field id or an extension's metadata that are none; NL_NO_MEMORY. */
int pq_write_type_annotate(const struct ArrowSchema *field, struct pq_write_type *t, nl_arena *arena, nl_error *err);
/* The metadata's field id alone: for groups too. */
int pq_write_field_id(const struct ArrowSchema *field, struct pq_schema_element *e, nl_error *err);

#endif
