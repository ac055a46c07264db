/* literal.c: text to value, by the column's type.
 *
 *     INT        digits                       DATE        YYYY-MM-DD
 *     DOUBLE     strtod                       TIME        HH:MM:SS[.f]
 *     DECIMAL    digits and a point           TIMESTAMP   YYYY-MM-DD HH:MM:SS[.f][+HH[:MM[:SS]]]
 */
#include "sql/literal.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_integer(const char *text, const struct arrow_type *t, nl_value *out)
{
    if (t->is_signed) {
        out->kind = NL_VALUE_INT;
        return nl_parse_i64(text, &out->i);
    }
    out->kind = NL_VALUE_UINT;
    return nl_parse_u64(text, &out->u);
}

static bool read_double(const char *text, const struct arrow_type *t, nl_value *out)
{
    char *end;
    if (!*text || t->width == 16)
        return false;
    double d = strtod(text, &end);
    out->kind = NL_VALUE_DOUBLE;
    out->d = t->width == 32 ? (double)(float)d : d; /* SQL compares with the nearest float */
    return *end == '\0';
}

static bool read_decimal(const char *text, const struct arrow_type *t, nl_value *out)
{
    bool negative = *text == '-', point = false;
    __int128 v = 0;
    int32_t digits = 0, scale = 0;
    for (text += negative; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(*text) || ++digits > 38)
            return false;
        v = v * 10 + (*text - '0');
        scale += point;
    }
    for (; scale < t->scale; scale++)
        if (++digits > 38)
            return false;
        else
            v *= 10;
    out->kind = NL_VALUE_DECIMAL;
    out->decimal = negative ? -v : v;
    return digits > 0 && scale == t->scale;
}

/* Exactly n digits at *p. */
static bool take_digits(const char **p, int n, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, ++*p) {
        if (!is_digit(**p))
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

/* Days since 1970-01-01 of a day of the Gregorian calendar; March is the first month, so that leap days come last. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, year = y % 400, month = (m + 9) % 12;
    return era * 146097 + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + d - 1 - 719468;
}

/* YYYY-MM-DD of the years 1 to 9999; others have another shape, and are not read. */
static bool take_date(const char **p, int64_t *days)
{
    int64_t y, m, d;
    bool ok = take_digits(p, 4, &y) && take_char(p, '-') && take_digits(p, 2, &m) && **p == '-' && take_char(p, '-') &&
              take_digits(p, 2, &d);
    *days = ok ? days_of(y, m, d) : 0;
    return ok && y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

/* HH:MM:SS[.fffffffff] in nanoseconds. */
static bool take_time(const char **p, int64_t *ns)
{
    int64_t h, m, s, unit = 1000000000;
    bool ok = take_digits(p, 2, &h) && take_char(p, ':') && take_digits(p, 2, &m) && **p == ':' && take_char(p, ':') &&
              take_digits(p, 2, &s);
    if (!ok)
        return false;
    *ns = ((h * 60 + m) * 60 + s) * unit;
    if (**p != '.')
        return true;
    for (++*p; is_digit(**p) && unit > 1; ++*p)
        *ns += (**p - '0') * (unit /= 10);
    return true;
}

/* +HH[:MM[:SS]] in seconds. */
static bool take_offset(const char **p, int64_t *seconds)
{
    int64_t sign = **p == '-' ? -1 : 1, part;
    *seconds = 0;
    if (**p != '+' && **p != '-')
        return false;
    ++*p;
    for (int64_t unit = 3600; unit; unit /= 60) {
        if (!take_digits(p, 2, &part))
            return false;
        *seconds += sign * part * unit;
        if (**p != ':' || unit == 1)
            return true;
        ++*p;
    }
    return true;
}

static int64_t unit_ns(enum arrow_unit u)
{
    return u == ARROW_SECOND ? 1000000000 : u == ARROW_MILLI ? 1000000 : u == ARROW_MICRO ? 1000 : 1;
}

/* Days and nanoseconds of the day in the column's unit; false where that is not exact. */
static bool in_unit(int64_t days, int64_t ns, enum arrow_unit u, nl_value *out)
{
    int64_t each = unit_ns(u), per_day = 86400LL * 1000000000 / each;
    out->kind = NL_VALUE_INT;
    return ns % each == 0 && !__builtin_mul_overflow(days, per_day, &out->i) &&
           !__builtin_add_overflow(out->i, ns / each, &out->i);
}

static bool read_date(const char *text, const struct arrow_type *t, nl_value *out)
{
    out->kind = NL_VALUE_INT;
    return t->unit == ARROW_DAY && take_date(&text, &out->i) && !*text;
}

static bool read_time(const char *text, const struct arrow_type *t, nl_value *out)
{
    int64_t ns;
    return take_time(&text, &ns) && !*text && in_unit(0, ns, t->unit, out);
}

static bool read_timestamp(const char *text, const struct arrow_type *t, nl_value *out)
{
    int64_t days, ns, offset = 0;
    bool zoned = *t->timezone;
    if (zoned && t->unit == ARROW_NANO)
        return false; /* SQL sees microseconds: what it calls equal is not equal here */
    if (!take_date(&text, &days) || *text++ != ' ' || !take_time(&text, &ns))
        return false;
    if (zoned && !take_offset(&text, &offset))
        return false;
    return !*text && in_unit(days, ns - offset * 1000000000, t->unit, out);
}

bool sql_literal(const char *text, bool quoted, const struct arrow_type *t, nl_value *out)
{
    *out = (nl_value){0};
    switch (t->kind) {
    case ARROW_BOOL:
        out->kind = NL_VALUE_BOOL;
        out->b = strcmp(text, "true") == 0;
        return out->b || strcmp(text, "false") == 0;
    case ARROW_INT:
        return !quoted && read_integer(text, t, out);
    case ARROW_FLOAT:
        return read_double(text, t, out);
    case ARROW_DECIMAL:
        return !quoted && read_decimal(text, t, out);
    case ARROW_STRING:
        out->kind = NL_VALUE_BYTES;
        out->bytes.data = (const uint8_t *)text;
        out->bytes.len = strlen(text);
        return quoted;
    case ARROW_DATE:
        return quoted && read_date(text, t, out);
    case ARROW_TIME:
        return quoted && read_time(text, t, out);
    case ARROW_TIMESTAMP:
        return quoted && read_timestamp(text, t, out);
    default:
        return false;
    }
}
