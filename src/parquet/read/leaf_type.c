/* leaf_type.c: what a leaf's annotations make of its physical type, in Arrow's words.
 *
 * A legacy converted type is first put as the logical type that it stands for, so that one table serves both. An
 * annotation that does not fit its physical type, or that we do not know, leaves the storage as it is.
 *
 * Spec: parquet-format, LogicalTypes.md.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "parquet/read/schema.h"

static struct pq_logical integer(int8_t width, bool is_signed)
{
    return (struct pq_logical){.kind = PQ_LOGICAL_INTEGER, .bit_width = width, .is_signed = is_signed};
}

/* Legacy times are instants in UTC (LogicalTypes.md, "Deprecated timestamp ConvertedType"). */
static struct pq_logical timed(enum pq_logical_kind kind, enum pq_time_unit unit)
{
    return (struct pq_logical){.kind = (int16_t)kind, .unit = unit, .utc = true};
}

static struct pq_logical logical_of(const struct pq_schema_element *e)
{
    if (e->logical.kind != PQ_LOGICAL_NONE)
        return e->logical;
    switch (e->converted) {
    case PQ_CONVERTED_UTF8:
        return (struct pq_logical){.kind = PQ_LOGICAL_STRING};
    case PQ_CONVERTED_ENUM:
        return (struct pq_logical){.kind = PQ_LOGICAL_ENUM};
    case PQ_CONVERTED_JSON:
        return (struct pq_logical){.kind = PQ_LOGICAL_JSON};
    case PQ_CONVERTED_DECIMAL:
        return (struct pq_logical){.kind = PQ_LOGICAL_DECIMAL, .precision = e->precision, .scale = e->scale};
    case PQ_CONVERTED_DATE:
        return (struct pq_logical){.kind = PQ_LOGICAL_DATE};
    case PQ_CONVERTED_TIME_MILLIS:
        return timed(PQ_LOGICAL_TIME, PQ_MILLIS);
    case PQ_CONVERTED_TIME_MICROS:
        return timed(PQ_LOGICAL_TIME, PQ_MICROS);
    case PQ_CONVERTED_TIMESTAMP_MILLIS:
        return timed(PQ_LOGICAL_TIMESTAMP, PQ_MILLIS);
    case PQ_CONVERTED_TIMESTAMP_MICROS:
        return timed(PQ_LOGICAL_TIMESTAMP, PQ_MICROS);
    case PQ_CONVERTED_UINT_8:
    case PQ_CONVERTED_UINT_16:
    case PQ_CONVERTED_UINT_32:
    case PQ_CONVERTED_UINT_64:
        return integer((int8_t)(8 << (e->converted - PQ_CONVERTED_UINT_8)), false);
    case PQ_CONVERTED_INT_8:
    case PQ_CONVERTED_INT_16:
    case PQ_CONVERTED_INT_32:
    case PQ_CONVERTED_INT_64:
        return integer((int8_t)(8 << (e->converted - PQ_CONVERTED_INT_8)), true);
    default:
        return (struct pq_logical){0}; /* INTERVAL: see is_interval() */
    }
}

static void set(struct pq_leaf_type *t, enum pq_conversion conversion, uint32_t width, const char *format)
{
    t->conversion = conversion;
    t->value_width = width;
    size_t len = strlen(format); /* ten thousand leaves: no printing */
    memcpy(t->format, format, len < sizeof t->format ? len + 1 : 0);
}

/* The physical type alone. */
static void storage(const struct pq_schema_element *e, struct pq_leaf_type *t)
{
    static const struct {
        enum pq_conversion conversion;
        uint32_t stored, value;
        const char *format;
    } types[] = {
        [PQ_BOOLEAN] = {PQ_TO_BOOL, 0, 0, "b"},     [PQ_INT32] = {PQ_TO_SAME, 4, 4, "i"},
        [PQ_INT64] = {PQ_TO_SAME, 8, 8, "l"},       [PQ_INT96] = {PQ_TO_NANOS, 12, 8, "tsn:"},
        [PQ_FLOAT] = {PQ_TO_SAME, 4, 4, "f"},       [PQ_DOUBLE] = {PQ_TO_SAME, 8, 8, "g"},
        [PQ_BYTE_ARRAY] = {PQ_TO_VIEW, 0, 16, "z"},
    };
    *t = (struct pq_leaf_type){.format = "n"};
    if (e->type == PQ_FIXED_LEN_BYTE_ARRAY) {
        if (e->type_length <= 0) {
            t->why = "a fixed length of zero or less";
            return;
        }
        t->conversion = PQ_TO_SAME;
        t->stored_width = t->value_width = (uint32_t)e->type_length;
        snprintf(t->format, sizeof t->format, "w:%d", e->type_length);
        return;
    }
    if (e->type < 0 || (size_t)e->type >= NL_LEN(types)) {
        t->why = "a physical type that the format does not know";
        return;
    }
    t->stored_width = types[e->type].stored;
    set(t, types[e->type].conversion, types[e->type].value, types[e->type].format);
}

static void integer_type(const struct pq_schema_element *e, const struct pq_logical *l, struct pq_leaf_type *t)
{
    if (e->type == PQ_INT32 && l->bit_width == 8)
        set(t, PQ_TO_INT8, 1, l->is_signed ? "c" : "C");
    else if (e->type == PQ_INT32 && l->bit_width == 16)
        set(t, PQ_TO_INT16, 2, l->is_signed ? "s" : "S");
    else if (e->type == PQ_INT32 && l->bit_width == 32)
        set(t, PQ_TO_SAME, 4, l->is_signed ? "i" : "I");
    else if (e->type == PQ_INT64 && l->bit_width == 64)
        set(t, PQ_TO_SAME, 8, l->is_signed ? "l" : "L");
}

/* ms in INT32 (times) or INT64 (timestamps), µs and ns in INT64. */
static void time_type(const struct pq_schema_element *e, const struct pq_logical *l, struct pq_leaf_type *t)
{
    static const char letters[] = "?mun";
    bool is_time = l->kind == PQ_LOGICAL_TIME;
    char format[16];
    if (l->unit == PQ_UNIT_NONE || e->type != (is_time && l->unit == PQ_MILLIS ? PQ_INT32 : PQ_INT64))
        return;
    if (is_time)
        snprintf(format, sizeof format, "tt%c", letters[l->unit]);
    else
        snprintf(format, sizeof format, "ts%c:%s", letters[l->unit], l->utc ? "UTC" : "");
    set(t, PQ_TO_SAME, t->stored_width, format);
}

static void decimal_type(const struct pq_schema_element *e, const struct pq_logical *l, struct pq_leaf_type *t)
{
    enum pq_conversion conversion = e->type == PQ_INT32                  ? PQ_TO_DECIMAL_INT32
                                    : e->type == PQ_INT64                ? PQ_TO_DECIMAL_INT64
                                    : e->type == PQ_FIXED_LEN_BYTE_ARRAY ? PQ_TO_DECIMAL_FIXED
                                    : e->type == PQ_BYTE_ARRAY           ? PQ_TO_DECIMAL_BYTES
                                                                         : PQ_TO_NOTHING;
    if (conversion == PQ_TO_NOTHING || t->why)
        return;
    if (l->precision < 1 || l->scale < 0 || l->scale > l->precision) {
        t->why = "a decimal whose precision and scale make no sense";
        return;
    }
    if (l->precision > 38 && conversion != PQ_TO_DECIMAL_FIXED && conversion != PQ_TO_DECIMAL_BYTES)
        return; /* more digits than an integer has: storage */
    if (l->precision > 76)
        return; /* more than Arrow has a type for: storage */
    char format[32];
    if (l->precision <= 38) {
        snprintf(format, sizeof format, "d:%d,%d", l->precision, l->scale);
        set(t, conversion, 16, format);
    } else {
        bool fixed = conversion == PQ_TO_DECIMAL_FIXED;
        snprintf(format, sizeof format, "d:%d,%d,256", l->precision, l->scale);
        set(t, fixed ? PQ_TO_DECIMAL256_FIXED : PQ_TO_DECIMAL256_BYTES, 32, format);
    }
}

/* There is no logical type for intervals. parquet-java writes UNKNOWN beside the converted type: their values are not null. */
static bool is_interval(const struct pq_schema_element *e)
{
    return e->converted == PQ_CONVERTED_INTERVAL && e->type == PQ_FIXED_LEN_BYTE_ARRAY && e->type_length == 12 &&
           (e->logical.kind == PQ_LOGICAL_NONE || e->logical.kind == PQ_LOGICAL_UNKNOWN);
}

void pq_leaf_type_of(const struct pq_schema_element *e, struct pq_leaf_type *out)
{
    struct pq_logical l = logical_of(e);
    storage(e, out);
    if (is_interval(e)) {
        set(out, PQ_TO_INTERVAL, 16, "tin");
        return;
    }
    switch (l.kind) {
    case PQ_LOGICAL_STRING:
    case PQ_LOGICAL_ENUM:
    case PQ_LOGICAL_JSON:
        if (e->type == PQ_BYTE_ARRAY)
            set(out, PQ_TO_VIEW, 16, "u");
        break;
    case PQ_LOGICAL_DATE:
        if (e->type == PQ_INT32)
            set(out, PQ_TO_SAME, 4, "tdD");
        break;
    case PQ_LOGICAL_INTEGER:
        integer_type(e, &l, out);
        break;
    case PQ_LOGICAL_TIME:
    case PQ_LOGICAL_TIMESTAMP:
        time_type(e, &l, out);
        break;
    case PQ_LOGICAL_DECIMAL:
        decimal_type(e, &l, out);
        break;
    case PQ_LOGICAL_FLOAT16:
        if (e->type == PQ_FIXED_LEN_BYTE_ARRAY && e->type_length == 2)
            set(out, PQ_TO_SAME, 2, "e");
        break;
    case PQ_LOGICAL_UNKNOWN:
        set(out, PQ_TO_NULL, 0, "n");
        out->why = NULL;
        break;
    default:
        break;
    }
}
