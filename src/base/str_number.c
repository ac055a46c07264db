/* str_number.c: numbers, sizes and durations, to and from text. Locale plays no part. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

bool nl_parse_u64(const char *s, uint64_t *out)
{
    uint64_t v = 0;
    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

bool nl_parse_i64(const char *s, int64_t *out)
{
    bool negative = *s == '-';
    uint64_t v;
    if (!nl_parse_u64(s + negative, &v) || v > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* The factor of a unit, 0 for none that is known. Case is ignored, as people type "64kb". */
static uint64_t unit_factor(const char *unit)
{
    static const char letters[] = "KMGTPE";
    if (!*unit || strcasecmp(unit, "B") == 0)
        return 1;
    const char *at = strchr(letters, *unit & ~0x20);
    if (!at)
        return 0;
    const char *rest = unit + 1;
    uint64_t base = *rest == 'i' || *rest == 'I' ? 1024 : 1000, factor = base;
    if (base == 1024)
        rest++;
    if (*rest && strcasecmp(rest, "B") != 0)
        return 0;
    for (ptrdiff_t i = at - letters; i > 0; i--)
        factor *= base;
    return factor;
}

bool nl_parse_size(const char *s, uint64_t *out)
{
    unsigned __int128 v = 0, divisor = 1;
    bool digits = false, fraction = false;
    for (; (*s >= '0' && *s <= '9') || (*s == '.' && !fraction); s++) {
        if (*s == '.') {
            fraction = true;
            continue;
        }
        v = v * 10 + (unsigned)(*s - '0');
        divisor *= fraction ? 10 : 1;
        digits = true;
        if (v > UINT64_MAX || divisor > 1000000000000)
            return false;
    }
    while (*s == ' ')
        s++;
    uint64_t factor = unit_factor(s);
    if (!digits || factor == 0 || (fraction && factor == 1))
        return false;
    v = v * factor / divisor;
    if (v > UINT64_MAX)
        return false;
    *out = (uint64_t)v;
    return true;
}

const char *nl_format_size(uint64_t bytes, char out[static 32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t u = 0;
    double v = (double)bytes;
    while (v >= 1023.95 && u + 1 < NL_LEN(units)) { /* 1023.95 would be shown as 1024.0 */
        v /= 1024;
        u++;
    }
    if (u == 0)
        snprintf(out, 32, "%" PRIu64 " B", bytes);
    else
        snprintf(out, 32, "%.1f %s", v, units[u]);
    return out;
}

const char *nl_format_duration(int64_t ns, char out[static 32])
{
    double s = (double)ns / 1e9;
    if (ns < 1000)
        snprintf(out, 32, "%" PRId64 " ns", ns);
    else if (ns < 999500)
        snprintf(out, 32, "%.0f µs", s * 1e6);
    else if (ns < 999500000)
        snprintf(out, 32, "%.0f ms", s * 1e3);
    else if (ns < 60000000000)
        snprintf(out, 32, "%.2f s", s);
    else
        snprintf(out, 32, "%" PRId64 " min %02" PRId64 " s", ns / 60000000000, ns / 1000000000 % 60);
    return out;
}
