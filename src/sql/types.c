/* types.c: one table of types. */
#include "sql/types.h"

static duckdb_type integer_type(const struct arrow_type *t)
{
    switch (t->width) {
    case 8:
        return t->is_signed ? DUCKDB_TYPE_TINYINT : DUCKDB_TYPE_UTINYINT;
    case 16:
        return t->is_signed ? DUCKDB_TYPE_SMALLINT : DUCKDB_TYPE_USMALLINT;
    case 32:
        return t->is_signed ? DUCKDB_TYPE_INTEGER : DUCKDB_TYPE_UINTEGER;
    default:
        return t->is_signed ? DUCKDB_TYPE_BIGINT : DUCKDB_TYPE_UBIGINT;
    }
}

static duckdb_type timestamp_type(const struct arrow_type *t)
{
    if (*t->timezone)
        return DUCKDB_TYPE_TIMESTAMP_TZ;
    switch (t->unit) {
    case ARROW_SECOND:
        return DUCKDB_TYPE_TIMESTAMP_S;
    case ARROW_MILLI:
        return DUCKDB_TYPE_TIMESTAMP_MS;
    case ARROW_NANO:
        return DUCKDB_TYPE_TIMESTAMP_NS;
    default:
        return DUCKDB_TYPE_TIMESTAMP;
    }
}

/* 0: none. */
static duckdb_type plain_type(const struct arrow_type *t)
{
    switch (t->kind) {
    case ARROW_NULL:
        return DUCKDB_TYPE_INTEGER;
    case ARROW_BOOL:
        return DUCKDB_TYPE_BOOLEAN;
    case ARROW_INT:
        return integer_type(t);
    case ARROW_FLOAT:
        return t->width == 64 ? DUCKDB_TYPE_DOUBLE : DUCKDB_TYPE_FLOAT;
    case ARROW_STRING:
        return DUCKDB_TYPE_VARCHAR;
    case ARROW_BINARY:
    case ARROW_FIXED_BINARY:
        return DUCKDB_TYPE_BLOB;
    case ARROW_DATE:
        return DUCKDB_TYPE_DATE;
    case ARROW_TIME:
        return t->unit == ARROW_NANO ? DUCKDB_TYPE_TIME_NS : DUCKDB_TYPE_TIME;
    case ARROW_TIMESTAMP:
        return timestamp_type(t);
    default:
        return 0;
    }
}

duckdb_logical_type sql_type(const struct sql_duckdb *duck, const struct arrow_type *t)
{
    if (t->kind == ARROW_DECIMAL) {
        bool fits =
            t->width == 128 && t->precision >= 1 && t->precision <= 38 && t->scale >= 0 && t->scale <= t->precision;
        return fits ? duck->create_decimal_type((uint8_t)t->precision, (uint8_t)t->scale) : NULL;
    }
    duckdb_type type = plain_type(t);
    return type ? duck->create_logical_type(type) : NULL;
}
