/* type.c: see type.h, which has the table. */
#include "parquet/write/type.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

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

/* 10^precision as four words, and the fewest bytes whose signed range holds every value below it. */
static int32_t wide_bound(int32_t precision, uint64_t bound[4])
{
    bound[0] = 1;
    bound[1] = bound[2] = bound[3] = 0;
    for (int32_t i = 0; i < precision; i++) {
        unsigned __int128 carry = 0;
        for (int k = 0; k < 4; k++) {
            carry += (unsigned __int128)bound[k] * 10;
            bound[k] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    int32_t word = 3;
    while (!bound[word])
        word--;
    int32_t bits = 64 * word + 64 - __builtin_clzll(bound[word]);
    return (bits + 1 + 7) / 8; /* 1: the sign */
}

/* The numbers of "d:precision,scale" and "d:precision,scale,bits", which arrow_type_parse() has accepted. */
static void decimal_numbers(const char *format, long out[3])
{
    out[0] = out[1] = 0;
    out[2] = 128;
    char *end = (char *)(uintptr_t)format + 1;
    for (int i = 0; i < 3 && (i == 0 || *end == ','); i++)
        out[i] = strtol(end + 1, &end, 10);
}

static int decimal(struct pq_write_type *t, const char *format, nl_error *err)
{
    long number[3];
    decimal_numbers(format, number);
    int32_t precision = (int32_t)number[0], scale = (int32_t)number[1];
    long bits = number[2], most = bits == 32 ? 9 : bits == 64 ? 18 : bits == 128 ? 38 : 76;
    if (precision < 1 || precision > most)
        return nl_fail(err, NL_UNSUPPORTED, "decimals of %ld bits and precision %d are not supported", bits, precision);
    if (scale < 0 || scale > precision)
        return nl_fail(err, NL_UNSUPPORTED, "a decimal's scale of %d with precision %d does not exist in Parquet",
                       scale, precision);
    t->arrow_width = (size_t)bits / 8;
    t->element.logical.kind = PQ_LOGICAL_DECIMAL;
    t->element.converted = PQ_CONVERTED_DECIMAL;
    t->element.precision = t->element.logical.precision = precision;
    t->element.scale = t->element.logical.scale = scale;
    if (precision > 38) {
        t->element.type_length = wide_bound(precision, t->wide);
        physical(t, PQ_FIXED_LEN_BYTE_ARRAY, PQ_BYTES_SIGNED);
        t->convert = PQ_DECIMAL_WIDE;
        return NL_OK;
    }
    t->bound = decimal_bound(precision);
    if (precision <= 18) {
        physical(t, precision <= 9 ? PQ_INT32 : PQ_INT64, PQ_SIGNED);
        t->convert = precision <= 9 ? PQ_DECIMAL_4 : PQ_DECIMAL_8;
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

/* Fixed-size values of n bytes. */
static void fixed(struct pq_write_type *t, int32_t n, enum pq_order order)
{
    t->element.type_length = n;
    physical(t, PQ_FIXED_LEN_BYTE_ARRAY, order);
}

static void date(struct pq_write_type *t, const struct arrow_type *a)
{
    physical(t, PQ_INT32, PQ_SIGNED);
    t->element.logical.kind = PQ_LOGICAL_DATE;
    t->element.converted = PQ_CONVERTED_DATE;
    t->convert = a->unit == ARROW_DAY ? PQ_AS_IS : PQ_DAYS;
}

static void floating(struct pq_write_type *t, const struct arrow_type *a)
{
    if (a->width > 16) {
        physical(t, a->width == 32 ? PQ_FLOAT : PQ_DOUBLE, PQ_FLOATING);
        return;
    }
    fixed(t, 2, PQ_HALVES);
    t->element.logical.kind = PQ_LOGICAL_FLOAT16;
}

static void text_or_bytes(struct pq_write_type *t, const struct arrow_type *a)
{
    physical(t, PQ_BYTE_ARRAY, PQ_BYTES_UNSIGNED);
    if (a->kind == ARROW_STRING) {
        t->element.logical.kind = PQ_LOGICAL_STRING;
        t->element.converted = PQ_CONVERTED_UTF8;
    }
}

/* Spec: LogicalTypes.md, "INTERVAL": three unsigned numbers of 4 bytes, without an order. */
static void interval(struct pq_write_type *t)
{
    fixed(t, 12, PQ_NO_ORDER);
    t->element.converted = PQ_CONVERTED_INTERVAL;
    t->convert = PQ_INTERVAL;
}

static void unknown(struct pq_write_type *t)
{
    physical(t, PQ_INT32, PQ_NO_ORDER);
    t->element.logical.kind = PQ_LOGICAL_UNKNOWN;
    t->element.repetition = PQ_OPTIONAL;
    t->convert = PQ_ALL_NULL;
}

/* Everything that is decided by the Arrow type. */
static int decide(struct pq_write_type *t, const char *format, const struct arrow_type *a, nl_error *err)
{
    if (nl_starts_with(format, "d:"))
        return decimal(t, format, err);
    if (nl_starts_with(format, "tD")) { /* as they are: ARROW:schema says what they were */
        physical(t, PQ_INT64, PQ_SIGNED);
        t->arrow_width = 8;
        return NL_OK;
    }
    t->arrow_width = a->width / 8;
    switch (a->kind) {
    case ARROW_NULL:
        unknown(t);
        return NL_OK;
    case ARROW_BOOL:
        physical(t, PQ_BOOLEAN, PQ_UNSIGNED);
        return NL_OK;
    case ARROW_INT:
        integer(t, a);
        return NL_OK;
    case ARROW_FLOAT:
        floating(t, a);
        return NL_OK;
    case ARROW_STRING:
    case ARROW_BINARY:
        t->arrow_width = 0;
        text_or_bytes(t, a);
        return NL_OK;
    case ARROW_FIXED_BINARY:
        if (a->byte_width < 1)
            return nl_fail(err, NL_UNSUPPORTED, "fixed-size binary of %d bytes does not exist in Parquet",
                           a->byte_width);
        t->arrow_width = (size_t)a->byte_width;
        fixed(t, a->byte_width, PQ_BYTES_UNSIGNED);
        return NL_OK;
    case ARROW_DATE:
        date(t, a);
        return NL_OK;
    case ARROW_TIME:
        time_of_day(t, a);
        return NL_OK;
    case ARROW_TIMESTAMP:
        timestamp(t, a);
        return NL_OK;
    case ARROW_INTERVAL:
        interval(t);
        return NL_OK;
    default:
        return nl_fail(err, NL_UNSUPPORTED, "writing the Arrow type \"%s\"%s is not supported", format,
                       nl_starts_with(format, "+r")   ? " (run-end encoded)"
                       : nl_starts_with(format, "+u") ? " (a union)"
                                                      : "");
    }
}

int pq_write_type_of(const struct ArrowSchema *field, struct pq_write_type *out, nl_error *err)
{
    struct arrow_type a;
    int rc = arrow_type_parse(field->format, &a, err);
    if (rc)
        return rc;
    *out = (struct pq_write_type){0};
    const char *format = field->format;
    if (field->dictionary) {
        if (a.kind != ARROW_INT)
            return nl_fail(err, NL_INVALID, "indices into a dictionary are integers, not \"%s\"", format);
        out->index_width = a.width / 8;
        out->index_signed = a.is_signed;
        format = field->dictionary->format;
        if (field->dictionary->dictionary)
            return nl_fail(err, NL_UNSUPPORTED, "a dictionary of dictionaries is not supported");
        rc = arrow_type_parse(format, &a, err);
        if (rc)
            return rc;
    }
    out->kind = a.kind;
    out->layout = a.layout;
    out->element.converted = PQ_CONVERTED_NONE;
    out->element.repetition = field->flags & ARROW_FLAG_NULLABLE ? PQ_OPTIONAL : PQ_REQUIRED;
    const char *name = field->name ? field->name : "";
    out->element.name = (struct pq_slice){(const uint8_t *)name, strlen(name)};
    return decide(out, format, &a, err);
}
