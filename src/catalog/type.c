/* type.c: names of types, and text into values: for partition folders, parameters and rows in YAML. */
#include "catalog/type.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static const struct {
    enum nl_type type;
    const char *name, *format;
} types[] = {
    {NL_BOOLEAN, "BOOLEAN", "b"},        {NL_INTEGER, "INTEGER", "i"}, {NL_BIGINT, "BIGINT", "l"},
    {NL_DOUBLE, "DOUBLE", "g"},          {NL_VARCHAR, "VARCHAR", "u"}, {NL_DATE, "DATE", "tdD"},
    {NL_TIMESTAMP, "TIMESTAMP", "tsu:"},
};

const char *catalog_type_format(enum nl_type type)
{
    for (size_t i = 0; i < NL_LEN(types); i++)
        if (types[i].type == type)
            return types[i].format;
    return NULL;
}

const char *catalog_format_name(const char *format)
{
    for (size_t i = 0; i < NL_LEN(types); i++)
        if (strcmp(types[i].format, format) == 0)
            return types[i].name;
    return format;
}

int catalog_type_parse(const char *name, const char **format, nl_error *err)
{
    const char *names[NL_LEN(types)];
    for (size_t i = 0; i < NL_LEN(types); i++) {
        names[i] = types[i].name;
        if (strcasecmp(types[i].name, name) == 0) {
            *format = types[i].format;
            return NL_OK;
        }
    }
    const char *nearest = nl_nearest(name, names, NL_LEN(names));
    nl_fail(err, NL_INVALID, "'%s' is not a type", name);
    if (nearest)
        nl_hint(err, "did you mean %s?", nearest);
    else
        nl_hint(err, "types are BOOLEAN, INTEGER, BIGINT, DOUBLE, VARCHAR, DATE and TIMESTAMP");
    return NL_INVALID;
}

/* n decimal digits at *p, and then past them. */
static bool take_digits(const char **p, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        v = v * 10 + (**p - '0');
    }
    *out = v;
    return true;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. The year begins in March here, so that the leap
 * day is its last; 146,097 days are 400 years. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2024-02-29" at *p, and then past it. */
static bool take_date(const char **p, int64_t *days)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d;
    if (!take_digits(p, 4, &y) || *(*p)++ != '-' || !take_digits(p, 2, &m) || *(*p)++ != '-' || !take_digits(p, 2, &d))
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (m < 1 || m > 12 || d < 1 || d > lengths[m - 1] || (m == 2 && d == 29 && !leap))
        return false;
    *days = days_of(y, m, d);
    return true;
}

/* "2024-02-29", then " " or "T" and "12:30:00", then up to six digits of a second, then "Z" or nothing. */
static bool parse_timestamp(const char *p, int64_t *micros)
{
    int64_t days;
    int h = 0, m = 0, s = 0, fraction = 0;
    if (!take_date(&p, &days))
        return false;
    if (*p == ' ' || *p == 'T') {
        p++;
        if (!take_digits(&p, 2, &h) || *p++ != ':' || !take_digits(&p, 2, &m) || *p++ != ':' || !take_digits(&p, 2, &s))
            return false;
        if (*p == '.') {
            int digits = 0;
            for (p++; *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
                fraction = fraction * 10 + (*p - '0');
            for (; digits < 6; digits++)
                fraction *= 10;
        }
        if (*p == 'Z')
            p++;
    }
    if (*p || h > 23 || m > 59 || s > 59)
        return false;
    *micros = ((days * 24 + h) * 60 + m) * 60000000 + (int64_t)s * 1000000 + fraction;
    return true;
}

static bool parse_bool(const char *text, bool *out)
{
    bool yes = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!yes && strcasecmp(text, "false") != 0 && strcmp(text, "0") != 0)
        return false;
    *out = yes;
    return true;
}

/* A whole number in decimal or exponent form, NaN and inf too; no hexadecimal, no space in front. */
static bool parse_double(const char *text, double *out)
{
    if (!*text || strpbrk(text, " \t\n\v\f\rxX"))
        return false;
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    if (*end || (errno == ERANGE && (v > 1 || v < -1)))
        return false;
    *out = v;
    return true;
}

/* text is NUL-terminated here, and has no NUL inside. */
static bool parse(const char *format, const char *text, nl_value *v)
{
    switch (format[0]) {
    case 'b':
        v->kind = NL_VALUE_BOOL;
        return parse_bool(text, &v->b);
    case 'i':
        v->kind = NL_VALUE_INT;
        return nl_parse_i64(text, &v->i) && v->i >= INT32_MIN && v->i <= INT32_MAX;
    case 'l':
        v->kind = NL_VALUE_INT;
        return nl_parse_i64(text, &v->i);
    case 'g':
        v->kind = NL_VALUE_DOUBLE;
        return parse_double(text, &v->d);
    default: /* "tdD", "tsu:" */
        v->kind = NL_VALUE_INT;
        return format[1] == 'd' ? take_date(&text, &v->i) && !*text : parse_timestamp(text, &v->i);
    }
}

int catalog_value_parse(const char *format, const char *text, size_t len, nl_value *out, nl_error *err)
{
    if (format[0] == 'u') {
        *out = (nl_value){.kind = NL_VALUE_BYTES, .bytes = {(const uint8_t *)text, len}};
        return nl_utf8_valid((const uint8_t *)text, len) ? NL_OK : nl_fail(err, NL_INVALID, "the text is not UTF-8");
    }
    char copy[64]; /* no number, date or time is longer */
    nl_value v = {0};
    if (len < sizeof copy && !memchr(text, 0, len)) {
        memcpy(copy, text, len);
        copy[len] = 0;
        if (parse(format, copy, &v)) {
            *out = v;
            return NL_OK;
        }
    }
    return nl_fail(err, NL_INVALID, "'%.*s' is not a %s", len > 100 ? 100 : (int)len, text,
                   catalog_format_name(format));
}
