/* time.c: times in S3's three forms, by the proleptic Gregorian calendar alone: no locale, no time zone, no libc state. */
#include "s3proto/time.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const int64_t last_second = 253402300799; /* 9999-12-31T23:59:59Z */

struct moment {
    int year, month, day, hour, minute, second;
};

/* Days since 1970-01-01. Years begin in March here, so that the leap day is the last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static struct moment split(int64_t seconds)
{
    seconds = seconds < 0 ? 0 : seconds > last_second ? last_second : seconds;
    int64_t z = seconds / 86400 + 719468, rest = seconds % 86400;
    int64_t era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct moment){.year = (int)(yoe + era * 400 + (month <= 2)),
                           .month = month,
                           .day = (int)(doy - (153 * mp + 2) / 5 + 1),
                           .hour = (int)(rest / 3600),
                           .minute = (int)(rest / 60 % 60),
                           .second = (int)(rest % 60)};
}

/* Checks every field; 60 is taken as 59 (a leap second). */
static bool join(struct moment m, int64_t *seconds)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (m.year % 4 == 0 && m.year % 100 != 0) || m.year % 400 == 0;
    if (m.year < 1970 || m.month < 1 || m.month > 12 || m.day < 1 || m.day > month_days[m.month - 1] ||
        (m.month == 2 && m.day == 29 && !leap) || m.hour > 23 || m.minute > 59 || m.second > 60)
        return false;
    int64_t second = m.second == 60 ? 59 : m.second;
    *seconds = days_of(m.year, m.month, m.day) * 86400 + m.hour * 3600 + m.minute * 60 + second;
    return true;
}

void s3_time_basic(int64_t seconds, char out[static S3_TIME_BASIC])
{
    struct moment m = split(seconds);
    snprintf(out, S3_TIME_BASIC, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)m.year % 10000, (unsigned)m.month % 100,
             (unsigned)m.day % 100, (unsigned)m.hour % 100, (unsigned)m.minute % 100, (unsigned)m.second % 100);
}

void s3_time_http(int64_t seconds, char out[static S3_TIME_HTTP])
{
    struct moment m = split(seconds);
    int64_t clamped = seconds < 0 ? 0 : seconds > last_second ? last_second : seconds;
    snprintf(out, S3_TIME_HTTP, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[(clamped / 86400 + 4) % 7],
             (unsigned)m.day % 100, months[m.month - 1], (unsigned)m.year % 10000, (unsigned)m.hour % 100,
             (unsigned)m.minute % 100, (unsigned)m.second % 100);
}

void s3_time_iso(int64_t seconds, int milliseconds, char out[static S3_TIME_ISO])
{
    struct moment m = split(seconds);
    snprintf(out, S3_TIME_ISO, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)m.year % 10000, (unsigned)m.month % 100,
             (unsigned)m.day % 100, (unsigned)m.hour % 100, (unsigned)m.minute % 100, (unsigned)m.second % 100,
             (unsigned)milliseconds % 1000);
}

/* Match text against a form of one character each: "YMDhms" are digits of a field, N the month's name, W a day's letter,
 * anything else stands for itself. Returns what follows, or NULL. */
static const char *match(const char *text, const char *form, struct moment *m)
{
    *m = (struct moment){0};
    for (; *form; form++, text++) {
        static const char letters[] = "YMDhms";
        int *fields[] = {&m->year, &m->month, &m->day, &m->hour, &m->minute, &m->second};
        const char *at = strchr(letters, *form);
        if (at) {
            int *field = fields[at - letters];
            if (*text < '0' || *text > '9')
                return NULL;
            *field = *field * 10 + (*text - '0');
        } else if (*form == 'N') {
            for (int i = 0; i < 12; i++)
                if (!strncmp(text, months[i], 3))
                    m->month = i + 1;
            if (!m->month)
                return NULL;
            text += 2;
        } else if (*form == 'W') {
            if (!((*text | 32) >= 'a' && (*text | 32) <= 'z'))
                return NULL;
        } else if (*text != *form) {
            return NULL;
        }
    }
    return text;
}

bool s3_time_parse_basic(const char *text, int64_t *seconds)
{
    struct moment m;
    const char *rest = match(text, "YYYYMMDDThhmmssZ", &m);
    return rest && !*rest && join(m, seconds);
}

bool s3_time_parse_http(const char *text, int64_t *seconds)
{
    struct moment m;
    const char *rest = match(text, "WWW, DD N YYYY hh:mm:ss", &m);
    return rest && !strcmp(rest, " GMT") && join(m, seconds);
}

bool s3_time_parse_iso(const char *text, int64_t *seconds)
{
    struct moment m;
    const char *rest = match(text, "YYYY-MM-DDThh:mm:ss", &m);
    if (!rest)
        return false;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (!digits)
            return false;
        rest += 1 + digits;
    }
    return (!strcmp(rest, "Z") || !strcmp(rest, "+00:00")) && join(m, seconds);
}
