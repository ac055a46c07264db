/* adapt_values.c: loops without a branch in them, one a pair of widths, and the table that picks one.
 *
 * What may not fit is multiplied all the same (without overflow, as unsigned) and noticed by a flag for the whole column: who
 * sees the flag looks for the value, which may lie under a null.
 */
#include "parquet/read/adapt_values.h"

#include <string.h>

#include "base/str.h"

#define WIDEN(name, FROM, TO)                                                                                          \
    static bool name(const void *from, void *to, size_t n, const struct pq_widening *w)                                \
    {                                                                                                                  \
        const FROM *f = from;                                                                                          \
        TO *t = to;                                                                                                    \
        (void)w;                                                                                                       \
        for (size_t i = 0; i < n; i++)                                                                                 \
            t[i] = f[i];                                                                                               \
        return true;                                                                                                   \
    }

WIDEN(i8_to_i16, int8_t, int16_t)
WIDEN(i8_to_i32, int8_t, int32_t)
WIDEN(i8_to_i64, int8_t, int64_t)
WIDEN(i16_to_i32, int16_t, int32_t)
WIDEN(i16_to_i64, int16_t, int64_t)
WIDEN(i32_to_i64, int32_t, int64_t)
WIDEN(u8_to_16, uint8_t, uint16_t) /* signed or not: the same bits */
WIDEN(u8_to_32, uint8_t, uint32_t)
WIDEN(u8_to_64, uint8_t, uint64_t)
WIDEN(u16_to_32, uint16_t, uint32_t)
WIDEN(u16_to_64, uint16_t, uint64_t)
WIDEN(u32_to_64, uint32_t, uint64_t)
WIDEN(i8_to_double, int8_t, double)
WIDEN(i16_to_double, int16_t, double)
WIDEN(i32_to_double, int32_t, double)
WIDEN(u8_to_double, uint8_t, double)
WIDEN(u16_to_double, uint16_t, double)
WIDEN(u32_to_double, uint32_t, double)
WIDEN(float_to_double, float, double)

/* Multiply, and see whether all were small enough. */
#define MULTIPLY(name, FROM, TO, UNSIGNED)                                                                             \
    static bool name(const void *from, void *to, size_t n, const struct pq_widening *w)                                \
    {                                                                                                                  \
        const FROM *f = from;                                                                                          \
        UNSIGNED *t = to;                                                                                              \
        const TO most = (TO)w->most;                                                                                   \
        int bad = 0;                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                                               \
            TO v = (TO)f[i];                                                                                           \
            bad |= (v > most) | (v < -most);                                                                           \
            t[i] = (UNSIGNED)v * (UNSIGNED)w->times;                                                                   \
        }                                                                                                              \
        return !bad;                                                                                                   \
    }

MULTIPLY(i32_times, int32_t, int32_t, uint32_t)
MULTIPLY(i32_times_64, int32_t, int64_t, uint64_t)
MULTIPLY(i64_times, int64_t, int64_t, uint64_t)

/* Decimals: up to 10^38, which an int64 does not hold: by steps of 10^18. */
static bool decimal_times(const void *from, void *to, size_t n, const struct pq_widening *w)
{
    const uint8_t *f = from;
    uint8_t *t = to;
    int bad = 0;
    unsigned __int128 times = 1;
    for (int64_t i = 0; i < w->times; i++)
        times *= 10;
    for (size_t i = 0; i < n; i++, f += 16, t += 16) {
        __int128 v;
        memcpy(&v, f, sizeof v);
        bad |= (v > w->most) | (v < -w->most);
        unsigned __int128 product = (unsigned __int128)v * times;
        memcpy(t, &product, sizeof product);
    }
    return !bad;
}

typedef bool (*run_fn)(const void *from, void *to, size_t n, const struct pq_widening *w);

/* Integers and floats. False: not safe. */
static bool numbers(const struct arrow_type *from, const struct arrow_type *to, run_fn *run)
{
    static const struct {
        int from; /* bits; negative: signed */
        int to;   /* bits of an integer; 0: double */
        run_fn run;
    } ways[] = {
        {-8, 16, i8_to_i16},    {-8, 32, i8_to_i32},     {-8, 64, i8_to_i64},     {-16, 32, i16_to_i32},
        {-16, 64, i16_to_i64},  {-32, 64, i32_to_i64},   {8, 16, u8_to_16},       {8, 32, u8_to_32},
        {8, 64, u8_to_64},      {16, 32, u16_to_32},     {16, 64, u16_to_64},     {32, 64, u32_to_64},
        {-8, 0, i8_to_double},  {-16, 0, i16_to_double}, {-32, 0, i32_to_double}, {8, 0, u8_to_double},
        {16, 0, u16_to_double}, {32, 0, u32_to_double},
    };
    bool to_double = to->kind == ARROW_FLOAT && to->width == 64;
    if (from->kind == ARROW_FLOAT) {
        *run = float_to_double;
        return from->width == 32 && to_double;
    }
    if (from->kind != ARROW_INT || !(to_double || (to->kind == ARROW_INT && (to->is_signed || !from->is_signed))))
        return false;
    int f = from->is_signed ? -from->width : from->width, t = to_double ? 0 : to->width;
    for (size_t i = 0; i < NL_LEN(ways); i++)
        if (ways[i].from == f && ways[i].to == t) {
            *run = ways[i].run;
            return true;
        }
    return false;
}

/* Units of a second; of a day for dates. */
static int64_t units_of(const struct arrow_type *t)
{
    static const int64_t units[] = {
        [ARROW_SECOND] = 1, [ARROW_MILLI] = 1000, [ARROW_MICRO] = 1000000, [ARROW_NANO] = 1000000000};
    return units[t->unit];
}

/* What times multiplies dates, times, timestamps and durations. 0: not safe. */
static int64_t time_factor(const struct arrow_type *from, const struct arrow_type *to)
{
    bool days = from->kind == ARROW_DATE && from->unit == ARROW_DAY;
    if (from->kind == ARROW_DATE && to->kind == ARROW_DATE)
        return days && to->unit == ARROW_MILLI ? 86400000 : 0;
    if (days)
        return to->kind == ARROW_TIMESTAMP ? units_of(to) * 86400 : 0;
    bool same = from->kind == to->kind || (from->kind == ARROW_DATE && to->kind == ARROW_TIMESTAMP);
    if (from->kind == ARROW_TIMESTAMP && to->kind == ARROW_TIMESTAMP && !*from->timezone != !*to->timezone)
        return 0; /* an instant is no wall clock */
    return same && units_of(to) >= units_of(from) ? units_of(to) / units_of(from) : 0;
}

static bool is_time(const struct arrow_type *t)
{
    return t->kind == ARROW_DATE || t->kind == ARROW_TIME || t->kind == ARROW_TIMESTAMP || t->kind == ARROW_DURATION;
}

static bool times(const struct arrow_type *from, const struct arrow_type *to, struct pq_widening *out)
{
    int64_t factor = time_factor(from, to);
    if (!factor || from->width > to->width)
        return false;
    out->times = factor;
    out->most = (to->width == 32 ? INT32_MAX : INT64_MAX) / factor;
    if (from->width == 64)
        out->run = factor == 1 ? NULL : i64_times;
    else
        out->run = to->width == 64 ? i32_times_64 : i32_times;
    return true;
}

/* More digits on either side of the point. times is the power of ten here. */
static bool decimals(const struct arrow_type *from, const struct arrow_type *to, struct pq_widening *out)
{
    int32_t more = to->scale - from->scale;
    if (more < 0 || to->precision - from->precision < more)
        return false;
    out->times = more;
    out->most = ((unsigned __int128)1 << 127) - 1;
    for (int32_t i = 0; i < more; i++)
        out->most /= 10;
    out->run = more ? decimal_times : NULL;
    return true;
}

bool pq_widening_of(const struct arrow_type *from, const struct arrow_type *to, struct pq_widening *out)
{
    *out = (struct pq_widening){.from_width = from->width / 8U, .to_width = to->width / 8U};
    if (is_time(from) && is_time(to))
        return times(from, to, out);
    if (from->kind == ARROW_DECIMAL && to->kind == ARROW_DECIMAL)
        return decimals(from, to, out);
    return numbers(from, to, &out->run);
}

bool pq_widening_fails(const struct pq_widening *w, const void *from, int64_t i)
{
    uint8_t one[16];
    return !w->run((const uint8_t *)from + (size_t)i * w->from_width, one, 1, w);
}
