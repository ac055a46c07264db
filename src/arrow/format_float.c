/* format_float.c: floats in the shortest digits that read back. Locale plays no part.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/format.h"

/* IEEE half precision: a whole number of 2^-24 below 1, and the same times a power of two above. */
static double from_half(uint16_t h)
{
    unsigned exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent     ? (double)((uint64_t)(1024 + fraction) << (exponent - 1)) / (1 << 24)
                              : (double)fraction / (1 << 24);
    return h & 0x8000 ? -v : v;
}

/* The half that is nearest to v > 0, as a double: 11 bits, or a whole number of 2^-24. Ties go to even, as rint() has it. */
static double to_half(double v)
{
    int exponent;
    frexp(v, &exponent);
    int unit = exponent - 11 > -24 ? exponent - 11 : -24;
    return ldexp(rint(ldexp(v, -unit)), unit);
}

/* Does the text read back as v, in a type of so many bits? */
static bool reads_back(const char *text, double v, int bits)
{
    if (bits == 32)
        return strtof(text, NULL) == (float)v;
    double back = strtod(text, NULL);
    return (bits == 16 ? to_half(back) : back) == v;
}

/* "d.ddde±xx" of as many digits as tell v from its neighbours.
 *
 * Up to DBL_DIG (FLT_DIG) digits survive the way through the type, so if so many read back, stripping zeros gives the
 * shortest. Below the smallest normal number that does not hold: there, and for halves, every length is tried.
 */
static void shortest(double v, int bits, char out[static 40])
{
    bool every = bits == 16 || v < (bits == 32 ? (double)FLT_MIN : DBL_MIN);
    int most = bits == 64 ? 17 : bits == 32 ? 9 : 5, digits = every ? 1 : bits == 32 ? FLT_DIG : DBL_DIG;
    for (;; digits++) {
        snprintf(out, 40, "%.*e", digits - 1, v);
        if (digits == most || reads_back(out, v, bits))
            return;
    }
}

/* The digits of a whole number, in front of which a point is put `fraction` digits from the end (0: none). */
static int put_digits(uint64_t v, int fraction, char *out)
{
    char backwards[24];
    int n = 0, len = 0;
    for (; v || n <= fraction; v /= 10)
        backwards[n++] = (char)('0' + v % 10);
    while (n) {
        out[len++] = backwards[--n];
        if (n == fraction && n)
            out[len++] = '.';
    }
    return len;
}

/* Numbers of few decimals without a search by printing and reading: if m / 10^k, both exact, is v, then m are the digits, and
 * with the smallest k there are no shorter ones. False: not such a number. */
static bool few_decimals(double v, int bits, char *out, int *len)
{
    static const double powers[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    if (bits == 16 || v < 1e-3)
        return false;
    for (int k = 0; k < 9; k++) {
        double m = rint(v * powers[k]), back = m / powers[k];
        if (m >= (bits == 64 ? 1e15 : 1e6))
            return false;
        /* Within a quarter of the last place there is no doubt about how a float is rounded. */
        if (bits == 64 ? back == v : fabs(back - v) < v * 0x1p-25 * 0.999) {
            *len = put_digits((uint64_t)m, k + 1, out);
            return true;
        }
    }
    return false;
}

/* The digits of "d,ddde±xx" whatever the locale's point is, without zeros at the end; their number, and the exponent. */
static int take_digits(const char *text, char digits[static 20], int *exponent)
{
    int n = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && n < 19)
            digits[n++] = *text;
    *exponent = *text == 'e' ? (int)strtol(text + 1, NULL, 10) : 0;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

/* Digits and exponent as 123.0, 0.00123 or 1.23e+20. */
static int lay_out(const char *digits, int n, int exponent, char *out)
{
    char *to = out;
    if (exponent < -5 || exponent >= 16) {
        *to++ = digits[0];
        if (n > 1) {
            *to++ = '.';
            memcpy(to, digits + 1, (size_t)n - 1);
            to += n - 1;
        }
        return (int)(to - out) + snprintf(to, 8, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    int before = exponent + 1; /* digits before the point; zero or less: zeros behind it */
    if (before <= 0)
        *to++ = '0';
    for (int i = 0; i < before; i++)
        *to++ = i < n ? digits[i] : '0';
    *to++ = '.';
    for (int i = before; i < 0; i++)
        *to++ = '0';
    for (int i = before > 0 ? before : 0; i < n; i++)
        *to++ = digits[i];
    if (before >= n)
        *to++ = '0';
    return (int)(to - out);
}

/* v as the value of a type of so many bits. */
static int format_float(double v, int bits, nl_buf *out, nl_error *err)
{
    if (isnan(v))
        return nl_buf_puts(out, "NaN", err);
    if (isinf(v))
        return nl_buf_puts(out, v < 0 ? "-Infinity" : "Infinity", err);
    char text[48], e[40] = "", digits[20] = "0";
    int n = 0, len = 0;
    if (signbit(v))
        text[n++] = '-';
    double positive = fabs(v);
    if (positive < 1e15 && positive == (double)(int64_t)positive) { /* whole numbers need no search */
        n += put_digits((uint64_t)positive, 0, text + n);
        memcpy(text + n, ".0", 2);
        n += 2;
    } else if (few_decimals(positive, bits, text + n, &len)) {
        n += len;
    } else {
        shortest(positive, bits, e);
        int exponent, n_digits = take_digits(e, digits, &exponent);
        n += lay_out(digits, n_digits, exponent, text + n);
    }
    return nl_buf_append(out, text, (size_t)n, err);
}

int arrow_format_double(double v, bool narrow, nl_buf *out, nl_error *err)
{
    return format_float(v, narrow ? 32 : 64, out, err);
}

int arrow_format_half(uint16_t bits, nl_buf *out, nl_error *err)
{
    return format_float(from_half(bits), 16, out, err);
}
