/* format_time.c: dates, times, timestamps and intervals in ISO 8601, over the whole range of 64 bits. The Gregorian calendar counts
 * backwards before 1582 too (proleptic), and there is a year 0, as ISO 8601 has it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arrow/format.h"

enum { DAY_SECONDS = 86400 };

/* Parts of a second in the unit, and its decimal digits. */
static int64_t per_second(enum arrow_unit unit, int *digits)
{
    static const int64_t parts[] = {1, 1, 1000, 1000000, 1000000000};
    static const int n[] = {0, 0, 3, 6, 9};
    *digits = n[unit];
    return parts[unit];
}

/* Quotient rounded down, and what is left (0 or more). */
static int64_t floor_divide(int64_t v, int64_t by, int64_t *left)
{
    int64_t q = v / by, r = v % by;
    if (r < 0) {
        q--;
        r += by;
    }
    *left = r;
    return q;
}

static void two_digits(int64_t v, char *out)
{
    out[0] = (char)('0' + v / 10);
    out[1] = (char)('0' + v % 10);
}

/* "2024-02-29" of a day since 1970-01-01.
 *
 * Years begin in March here, so that the leap day is the last of a year; 400 years (an era) have 146,097 days.
 */
static int put_date(int64_t day, char out[static 48])
{
    /* Day 0 of era 0 is 0000-03-01, which is 719,468 = 4 × 146,097 + 135,080 days before 1970. */
    int64_t of_era, era = floor_divide(day, 146097, &of_era) + 4;
    of_era += 135080;
    if (of_era >= 146097) {
        of_era -= 146097;
        era++;
    }
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; /* 0: March */
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    int dom = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    int64_t year = era * 400 + year_of_era + (month <= 2);
    if (year >= 0 && year <= 9999) {
        two_digits(year / 100, out);
        two_digits(year % 100, out + 2);
        out[4] = out[7] = '-';
        two_digits(month, out + 5);
        two_digits(dom, out + 8);
        return 10;
    }
    const char *sign = year < 0 ? "-" : year > 9999 ? "+" : "";
    return snprintf(out, 48, "%s%04" PRId64 "-%02d-%02d", sign, year < 0 ? -year : year, month, dom);
}

/* "13:05:00" and the fraction, where it is not zero. */
static int put_clock(int64_t seconds, int64_t fraction, int digits, char out[static 48])
{
    int n = 8;
    if (seconds < 360000) {
        two_digits(seconds / 3600, out);
        two_digits(seconds / 60 % 60, out + 3);
        two_digits(seconds % 60, out + 6);
        out[2] = out[5] = ':';
    } else {
        n = snprintf(out, 48, "%02" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60));
    }
    if (fraction) {
        out[n++] = '.';
        for (int i = digits - 1; i >= 0; i--, fraction /= 10)
            out[n + i] = (char)('0' + fraction % 10);
        n += digits;
    }
    return n;
}

int arrow_format_time(int64_t v, const struct arrow_type *t, nl_buf *out, nl_error *err)
{
    char text[128];
    int n = 0, digits;
    if (t->kind == ARROW_DATE) {
        int64_t left;
        n = put_date(t->unit == ARROW_DAY ? v : floor_divide(v, (int64_t)DAY_SECONDS * 1000, &left), text);
        return nl_buf_append(out, text, (size_t)n, err);
    }
    int64_t fraction, parts = per_second(t->unit, &digits), seconds;
    if (t->kind == ARROW_DURATION)
        return arrow_format_interval(0, 0, (__int128)v * (1000000000 / parts), out, err);
    if (t->kind == ARROW_TIME) {
        /* No time of day is negative; a broken file's may be, and is shown as what it holds. */
        bool negative = v < 0;
        uint64_t u = negative ? 0 - (uint64_t)v : (uint64_t)v;
        if (negative)
            text[n++] = '-';
        n += put_clock((int64_t)(u / (uint64_t)parts), (int64_t)(u % (uint64_t)parts), digits, text + n);
        return nl_buf_append(out, text, (size_t)n, err);
    }
    seconds = floor_divide(v, parts, &fraction);
    int64_t of_day, day = floor_divide(seconds, DAY_SECONDS, &of_day);
    n = put_date(day, text);
    text[n++] = 'T';
    n += put_clock(of_day, fraction, digits, text + n);
    if (t->timezone[0])
        text[n++] = 'Z';
    return nl_buf_append(out, text, (size_t)n, err);
}

/* "-5M": a part with its sign; one of zero is left out. */
static int put_part(int64_t v, char letter, char *out)
{
    return v ? snprintf(out, 24, "%" PRId64 "%c", v, letter) : 0;
}

/* "-1.5S", without the zeros that end a fraction. Less than a minute. */
static int put_seconds(int64_t nanos, char *out)
{
    uint64_t u = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;
    if (!u)
        return 0;
    int n = snprintf(out, 40, "%s%" PRIu64 ".%09" PRIu64, nanos < 0 ? "-" : "", u / 1000000000, u % 1000000000);
    while (out[n - 1] == '0')
        n--;
    n -= out[n - 1] == '.';
    out[n++] = 'S';
    return n;
}

int arrow_format_interval(int64_t months, int64_t days, __int128 nanos, nl_buf *out, nl_error *err)
{
    static const int64_t minute = 60 * INT64_C(1000000000), hour = 60 * minute;
    if (!months && !days && !nanos)
        return nl_buf_puts(out, "PT0S", err);
    char text[192] = "P";
    int n = 1;
    n += put_part(months / 12, 'Y', text + n);
    n += put_part(months % 12, 'M', text + n);
    n += put_part(days, 'D', text + n);
    if (nanos)
        text[n++] = 'T';
    n += put_part((int64_t)(nanos / hour), 'H', text + n);
    n += put_part((int64_t)(nanos % hour / minute), 'M', text + n);
    n += put_seconds((int64_t)(nanos % minute), text + n);
    return nl_buf_append(out, text, (size_t)n, err);
}
