/* type.c: see type.h, which has the table. */
#include "parquet/write/type.h"

#include <string.h>

/* 10^precision; fits for up to 38. */
static __int128 decimal_bound(int32_t precision)
{
    __int128 bound = 1;
    for (int32_t i = 0; i < precision; i++)
        bound *= 10;
    return bound;
}

/* The fewest bytes whose signed range holds every value below the bound. */
static int32_t decimal_bytes(__int128 bound)
{
    int32_t bytes = 1;
    while (bytes < 16 && bound > (__int128)1 << (8 * bytes - 1))
        bytes++;
    return bytes;
}

static void physical(struct pq_write_type *t, enum pq_type type, enum pq_order order)
{
    t->element.has_type = true;
    t->element.type = type;
    t->order = order;
    switch (type) {
    case PQ_BOOLEAN:
        t->form = PQ_FORM_BITS;
        break;
    case PQ_INT32:
    case PQ_FLOAT:
        t->form = PQ_FORM_4;
        t->width = 4;
        break;
    case PQ_INT64:
    case PQ_DOUBLE:
        t->form = PQ_FORM_8;
        t->width = 8;
        break;
    default:
        t->form = PQ_FORM_SLICES;
        t->width = (size_t)t->element.type_length;
    }
}

static void integer(struct pq_write_type *t, const struct arrow_type *a)
{
    physical(t, a->width == 64 ? PQ_INT64 : PQ_INT32, a->is_signed ? PQ_SIGNED : PQ_UNSIGNED);
    t->convert = a->width == 8    ? (a->is_signed ? PQ_WIDEN_I8 : PQ_WIDEN_U8)
                 : a->width == 16 ? (a->is_signed ? PQ_WIDEN_I16 : PQ_WIDEN_U16)
                                  : PQ_AS_IS;
    if (a->is_signed && a->width >= 32)
        return; /* what the physical type means already */
    struct pq_logical *l = &t->element.logical;
    l->kind = PQ_LOGICAL_INTEGER;
    l->bit_width = (int8_t)a->width;
    l->is_signed = a->is_signed;
    static const enum pq_converted names[2][4] = {
        {PQ_CONVERTED_UINT_8, PQ_CONVERTED_UINT_16, PQ_CONVERTED_UINT_32, PQ_CONVERTED_UINT_64},
        {PQ_CONVERTED_INT_8, PQ_CONVERTED_INT_16, PQ_CONVERTED_INT_32, PQ_CONVERTED_INT_64},
    };
    t->element.converted = names[a->is_signed][__builtin_ctz(a->width) - 3];
}

static int decimal(struct pq_write_type *t, const struct arrow_type *a, nl_error *err)
{
    if (a->width != 128 || a->precision < 1 || a->precision > 38)
        return nl_fail(err, NL_UNSUPPORTED, "decimals of %d bits and precision %d are not supported", a->width,
                       a->precision);
    if (a->scale < 0 || a->scale > a->precision)
        return nl_fail(err, NL_UNSUPPORTED, "a decimal's scale of %d with precision %d does not exist in Parquet",
                       a->scale, a->precision);
    t->bound = decimal_bound(a->precision);
    t->element.logical.kind = PQ_LOGICAL_DECIMAL;
    t->element.converted = PQ_CONVERTED_DECIMAL;
    t->element.precision = t->element.logical.precision = a->precision;
    t->element.scale = t->element.logical.scale = a->scale;
    if (a->precision <= 9) {
        physical(t, PQ_INT32, PQ_SIGNED);
        t->convert = PQ_DECIMAL_4;
    } else if (a->precision <= 18) {
        physical(t, PQ_INT64, PQ_SIGNED);
        t->convert = PQ_DECIMAL_8;
    } else {
        t->element.type_length = decimal_bytes(t->bound);
        physical(t, PQ_FIXED_LEN_BYTE_ARRAY, PQ_BYTES_SIGNED);
        t->convert = PQ_DECIMAL_FLBA;
    }
    return NL_OK;
}

static enum pq_time_unit time_unit(enum arrow_unit unit)
{
    return unit == ARROW_MICRO ? PQ_MICROS : unit == ARROW_NANO ? PQ_NANOS : PQ_MILLIS;
}

static void time_of_day(struct pq_write_type *t, const struct arrow_type *a)
{
    physical(t, time_unit(a->unit) == PQ_MILLIS ? PQ_INT32 : PQ_INT64, PQ_SIGNED);
    t->element.logical = (struct pq_logical){.kind = PQ_LOGICAL_TIME, .unit = time_unit(a->unit)};
    if (a->unit == ARROW_SECOND)
        t->convert = PQ_SECONDS_4;
}

static void timestamp(struct pq_write_type *t, const struct arrow_type *a)
{
    physical(t, PQ_INT64, PQ_SIGNED);
    bool utc = a->timezone && a->timezone[0];
    t->element.logical = (struct pq_logical){.kind = PQ_LOGICAL_TIMESTAMP, .unit = time_unit(a->unit), .utc = utc};
    /* The converted types mean UTC, and have no nanoseconds. Spec: LogicalTypes.md, "TIMESTAMP". */
    if (utc && t->element.logical.unit != PQ_NANOS)
        t->element.converted =
            t->element.logical.unit == PQ_MILLIS ? PQ_CONVERTED_TIMESTAMP_MILLIS : PQ_CONVERTED_TIMESTAMP_MICROS;
    if (a->unit == ARROW_SECOND)
        t->convert = PQ_SECONDS_8;
}

/* Everything that is decided by the Arrow type; *done false: no Parquet type for it yet. */
static int decide(struct pq_write_type *t, const struct arrow_type *a, bool *done, nl_error *err)
{
    *done = true;
    switch (a->kind) {
    case ARROW_BOOL:
        physical(t, PQ_BOOLEAN, PQ_UNSIGNED);
        return NL_OK;
    case ARROW_INT:
        integer(t, a);
        return NL_OK;
    case ARROW_FLOAT:
        *done = a->width >= 32;
        physical(t, a->width == 32 ? PQ_FLOAT : PQ_DOUBLE, PQ_FLOATING);
        return NL_OK;
    case ARROW_DECIMAL:
        return decimal(t, a, err);
    case ARROW_STRING:
        t->element.logical.kind = PQ_LOGICAL_STRING;
        t->element.converted = PQ_CONVERTED_UTF8;
        physical(t, PQ_BYTE_ARRAY, PQ_BYTES_UNSIGNED);
        return NL_OK;
    case ARROW_BINARY:
        physical(t, PQ_BYTE_ARRAY, PQ_BYTES_UNSIGNED);
        return NL_OK;
    case ARROW_FIXED_BINARY:
        if (a->byte_width < 1)
            return nl_fail(err, NL_UNSUPPORTED, "fixed-size binary of %d bytes does not exist in Parquet",
                           a->byte_width);
        t->element.type_length = a->byte_width;
        physical(t, PQ_FIXED_LEN_BYTE_ARRAY, PQ_BYTES_UNSIGNED);
        return NL_OK;
    case ARROW_DATE:
        physical(t, PQ_INT32, PQ_SIGNED);
        t->element.logical.kind = PQ_LOGICAL_DATE;
        t->element.converted = PQ_CONVERTED_DATE;
        t->convert = a->unit == ARROW_DAY ? PQ_AS_IS : PQ_DAYS;
        return NL_OK;
    case ARROW_TIME:
        time_of_day(t, a);
        return NL_OK;
    case ARROW_TIMESTAMP:
        timestamp(t, a);
        return NL_OK;
    default:
        *done = false;
        return NL_OK;
    }
}

int pq_write_type_of(const struct ArrowSchema *field, struct pq_write_type *out, nl_error *err)
{
    struct arrow_type a;
    int rc = arrow_type_parse(field->format, &a, err);
    if (rc)
        return rc;
    if (field->dictionary)
        return nl_fail(err, NL_UNSUPPORTED, "dictionary-encoded Arrow columns are not supported: decode them first");
    *out = (struct pq_write_type){.kind = a.kind, .layout = a.layout};
    out->element.converted = PQ_CONVERTED_NONE;
    out->element.repetition = field->flags & ARROW_FLAG_NULLABLE ? PQ_OPTIONAL : PQ_REQUIRED;
    const char *name = field->name ? field->name : "";
    out->element.name = (struct pq_slice){(const uint8_t *)name, strlen(name)};
    bool done;
    rc = decide(out, &a, &done, err);
    if (rc)
        return rc;
    if (!done)
        return nl_fail(err, NL_UNSUPPORTED, "writing the Arrow type \"%s\" is not supported", field->format);
    if (a.kind == ARROW_FIXED_BINARY)
        out->arrow_width = (size_t)a.byte_width;
    else if (a.kind != ARROW_BOOL && a.kind != ARROW_STRING && a.kind != ARROW_BINARY)
        out->arrow_width = a.width / 8;
    return NL_OK;
}
