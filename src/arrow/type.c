/* type.c: format strings of the Arrow C data interface, taken apart. Most types are a row of a table; what carries a
 * parameter behind a colon is parsed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arrow/arrow.h"
#include "base/str.h"

static const struct plain_type {
    const char *format;
    struct arrow_type type;
} plain_types[] = {
    {"n", {.kind = ARROW_NULL}},
    {"b", {.kind = ARROW_BOOL, .width = 1}},
    {"c", {.kind = ARROW_INT, .width = 8, .is_signed = true}},
    {"C", {.kind = ARROW_INT, .width = 8}},
    {"s", {.kind = ARROW_INT, .width = 16, .is_signed = true}},
    {"S", {.kind = ARROW_INT, .width = 16}},
    {"i", {.kind = ARROW_INT, .width = 32, .is_signed = true}},
    {"I", {.kind = ARROW_INT, .width = 32}},
    {"l", {.kind = ARROW_INT, .width = 64, .is_signed = true}},
    {"L", {.kind = ARROW_INT, .width = 64}},
    {"e", {.kind = ARROW_FLOAT, .width = 16}},
    {"f", {.kind = ARROW_FLOAT, .width = 32}},
    {"g", {.kind = ARROW_FLOAT, .width = 64}},
    {"u", {.kind = ARROW_STRING, .layout = ARROW_OFFSETS32}},
    {"U", {.kind = ARROW_STRING, .layout = ARROW_OFFSETS64}},
    {"vu", {.kind = ARROW_STRING, .layout = ARROW_VIEW}},
    {"z", {.kind = ARROW_BINARY, .layout = ARROW_OFFSETS32}},
    {"Z", {.kind = ARROW_BINARY, .layout = ARROW_OFFSETS64}},
    {"vz", {.kind = ARROW_BINARY, .layout = ARROW_VIEW}},
    {"tdD", {.kind = ARROW_DATE, .width = 32, .is_signed = true, .unit = ARROW_DAY}},
    {"tdm", {.kind = ARROW_DATE, .width = 64, .is_signed = true, .unit = ARROW_MILLI}},
    {"tts", {.kind = ARROW_TIME, .width = 32, .is_signed = true, .unit = ARROW_SECOND}},
    {"ttm", {.kind = ARROW_TIME, .width = 32, .is_signed = true, .unit = ARROW_MILLI}},
    {"ttu", {.kind = ARROW_TIME, .width = 64, .is_signed = true, .unit = ARROW_MICRO}},
    {"ttn", {.kind = ARROW_TIME, .width = 64, .is_signed = true, .unit = ARROW_NANO}},
    {"tDs", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_SECOND}},
    {"tDm", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_MILLI}},
    {"tDu", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_MICRO}},
    {"tDn", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_NANO}},
    {"tiM", {.kind = ARROW_INTERVAL, .width = 32, .is_signed = true}},
    {"tiD", {.kind = ARROW_INTERVAL, .width = 64, .is_signed = true}},
    {"tin", {.kind = ARROW_INTERVAL, .width = 128, .is_signed = true}},
    {"+s", {.kind = ARROW_STRUCT}},
    {"+l", {.kind = ARROW_LIST, .layout = ARROW_OFFSETS32}},
    {"+L", {.kind = ARROW_LIST, .layout = ARROW_OFFSETS64}},
    {"+m", {.kind = ARROW_MAP, .layout = ARROW_OFFSETS32}},
};

/* Valid beginnings that Neuralake does not speak: unions, run ends, list views. */
static const char *const other_types[] = {"+ud:", "+us:", "+r", "+vl", "+vL"};

/* "tss:Europe/Berlin": unit and zone. */
static bool parse_timestamp(const char *format, struct arrow_type *t)
{
    static const char letters[] = "smun";
    const char *unit = format[0] == 't' && format[1] == 's' && format[2] ? strchr(letters, format[2]) : NULL;
    if (!unit || format[3] != ':')
        return false;
    *t = (struct arrow_type){.kind = ARROW_TIMESTAMP,
                             .width = 64,
                             .is_signed = true,
                             .unit = (enum arrow_unit)(ARROW_SECOND + (unit - letters)),
                             .timezone = format + 4};
    return true;
}

/* A whole number of at most four digits at *at, which moves behind it. */
static bool take_number(const char **at, int *out)
{
    bool negative = **at == '-';
    const char *s = *at + negative, *start = s;
    int v = 0;
    for (; *s >= '0' && *s <= '9' && s - start < 4; s++)
        v = v * 10 + (*s - '0');
    if (s == start)
        return false;
    *out = negative ? -v : v;
    *at = s;
    return true;
}

/* "d:15,2" or "d:15,2,128"; other widths are a kind of their own. */
static bool parse_decimal(const char *format, struct arrow_type *t)
{
    int precision, scale, bits = 128;
    if (!nl_starts_with(format, "d:"))
        return false;
    const char *at = format + 2;
    if (!take_number(&at, &precision) || *at++ != ',' || !take_number(&at, &scale))
        return false;
    if (*at == ',') {
        at++;
        if (!take_number(&at, &bits))
            return false;
    }
    if (*at || precision < 1 || scale < -999 || scale > 999)
        return false;
    int most = bits == 32 ? 9 : bits == 64 ? 18 : bits == 128 ? 38 : bits == 256 ? 76 : 0;
    if (precision > most)
        return false;
    *t = (struct arrow_type){.kind = bits == 128 ? ARROW_DECIMAL : ARROW_DECIMAL_OTHER,
                             .width = (uint16_t)bits,
                             .is_signed = true,
                             .precision = precision,
                             .scale = scale};
    return true;
}

/* "w:16", "+w:3" */
static bool parse_fixed(const char *format, struct arrow_type *t)
{
    int64_t n;
    bool list = *format == '+';
    const char *rest = format + list;
    if (strncmp(rest, "w:", 2) != 0 || !nl_parse_i64(rest + 2, &n) || n < 0 || n > INT32_MAX)
        return false;
    *t = list ? (struct arrow_type){.kind = ARROW_FIXED_LIST, .list_size = (int32_t)n}
              : (struct arrow_type){.kind = ARROW_FIXED_BINARY, .byte_width = (int32_t)n};
    return true;
}

int arrow_type_parse(const char *format, struct arrow_type *out, nl_error *err)
{
    *out = (struct arrow_type){.kind = ARROW_OTHER};
    if (!format)
        return nl_fail(err, NL_INVALID, "a schema without a format");
    bool known = false;
    for (size_t i = 0; i < NL_LEN(plain_types) && !known; i++)
        if (strcmp(plain_types[i].format, format) == 0) {
            *out = plain_types[i].type;
            known = true;
        }
    if (!known)
        known = parse_timestamp(format, out) || parse_decimal(format, out) || parse_fixed(format, out);
    for (size_t i = 0; i < NL_LEN(other_types) && !known; i++)
        known = nl_starts_with(format, other_types[i]);
    if (!known)
        return nl_fail(err, NL_INVALID, "'%s' is not an Arrow format", format);
    if (!out->timezone)
        out->timezone = "";
    return NL_OK;
}

static const char *int_sql(const struct arrow_type *t)
{
    switch (t->width) {
    case 8:
        return t->is_signed ? "TINYINT" : "UTINYINT";
    case 16:
        return t->is_signed ? "SMALLINT" : "USMALLINT";
    case 32:
        return t->is_signed ? "INTEGER" : "UINTEGER";
    default:
        return t->is_signed ? "BIGINT" : "UBIGINT";
    }
}

static const char *timestamp_sql(const struct arrow_type *t)
{
    if (t->timezone[0])
        return "TIMESTAMP WITH TIME ZONE";
    static const char *const names[] = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS"};
    return names[t->unit];
}

const char *arrow_type_sql(const struct arrow_type *t, char out[static 64])
{
    static const char *const names[] = {
        [ARROW_NULL] = "NULL",         [ARROW_BOOL] = "BOOLEAN",     [ARROW_FLOAT] = "FLOAT",
        [ARROW_STRING] = "VARCHAR",    [ARROW_BINARY] = "BLOB",      [ARROW_FIXED_BINARY] = "BLOB",
        [ARROW_DATE] = "DATE",         [ARROW_TIME] = "TIME",        [ARROW_STRUCT] = "STRUCT",
        [ARROW_LIST] = "LIST",         [ARROW_MAP] = "MAP",          [ARROW_OTHER] = "OTHER",
        [ARROW_INTERVAL] = "INTERVAL", [ARROW_FIXED_LIST] = "ARRAY", [ARROW_DURATION] = "INTERVAL",
    };
    if (t->kind == ARROW_DECIMAL || t->kind == ARROW_DECIMAL_OTHER)
        snprintf(out, 64, "DECIMAL(%" PRId32 ",%" PRId32 ")", t->precision, t->scale);
    else if (t->kind == ARROW_INT)
        snprintf(out, 64, "%s", int_sql(t));
    else if (t->kind == ARROW_TIMESTAMP)
        snprintf(out, 64, "%s", timestamp_sql(t));
    else if (t->kind == ARROW_FLOAT && t->width == 64)
        snprintf(out, 64, "DOUBLE");
    else
        snprintf(out, 64, "%s", names[t->kind]);
    return out;
}
