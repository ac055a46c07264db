/* types.h: Arrow's types as DuckDB's, nested ones as trees of the same shape.
 *
 *     b c C s S i I l L f g   BOOLEAN … DOUBLE          e                half floats: FLOAT
 *     u U vu, z Z vz, w:N     VARCHAR, BLOB             tdD tdm          DATE
 *     tts ttm ttu ttn         TIME, TIME_NS             tss: tsm: tsu: tsn:   TIMESTAMP_S, _MS, none, _NS
 *     d:P,S                   DECIMAL(P, S)             ts?:zone         TIMESTAMP WITH TIME ZONE (microseconds)
 *     w:16 as arrow.uuid      UUID                      tiM tiD tin tD?  INTERVAL (microseconds)
 *     +s                      STRUCT                    +l +L +w:N       LIST
 *     +m                      MAP                       n                INTEGER, of which all are null
 *
 * V1  A shape is at most SQL_MAX_DEPTH levels deep; a column that goes deeper has no SQL type.
 * V2  Members of a STRUCT have distinct names, whatever their case: the second "a" is called a_1.
 */
#ifndef NL_SQL_TYPES_H
#define NL_SQL_TYPES_H

#include "arrow/arrow.h"
#include "base/arena.h"
#include "sql/duckdb.h"

enum { SQL_MAX_DEPTH = 64 };

/* A column with all that is below it. */
struct sql_shape {
    struct arrow_type type;
    bool is_uuid;     /* 16 bytes that DuckDB keeps as a number */
    bool readable;    /* SQL has a type for it and for all below it */
    const char *name; /* as DuckDB knows it (V2) */
    struct sql_shape *children;
    size_t n_children;
};

/* Describe a field; texts and children live in the arena, the time zone in the field. NL_INVALID names a format that is none;
 * what is valid and cannot be read is not readable. */
int sql_shape_make(nl_arena *a, const struct ArrowSchema *field, struct sql_shape *out, nl_error *err);
/* The DuckDB type of a shape; destroy it with duck->destroy_logical_type(). NULL: there is none. */
duckdb_logical_type sql_type(const struct sql_duckdb *duck, const struct sql_shape *s);

#endif
