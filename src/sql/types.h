/* types.h: Arrow's types as DuckDB's.
 *
 *     b c C s S i I l L f g   BOOLEAN … DOUBLE          e                half floats: FLOAT
 *     u U vu, z Z vz, w:N     VARCHAR, BLOB             tdD tdm          DATE
 *     tts ttm ttu ttn         TIME, TIME_NS             tss: tsm: tsu: tsn:   TIMESTAMP_S, _MS, none, _NS
 *     d:P,S                   DECIMAL(P, S)             ts?:zone         TIMESTAMP WITH TIME ZONE (microseconds)
 */
#ifndef NL_SQL_TYPES_H
#define NL_SQL_TYPES_H

#include "arrow/arrow.h"
#include "sql/duckdb.h"

/* The DuckDB type of an Arrow type; destroy it with duck->destroy_logical_type(). NULL: there is none yet (nested types). */
duckdb_logical_type sql_type(const struct sql_duckdb *duck, const struct arrow_type *t);

#endif
