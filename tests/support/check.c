/* check.c: the checks of check.h. */
#include "support/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static _Thread_local char why[500];

void check_why(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
}

/* Print what is wrong, with the case, and end the test. */
static void failed(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void failed(const char *file, int line, const char *fmt, ...)
{
    char text[4000];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    print_error("%s%s%s\n", why, why[0] ? ": " : "", text);
    why[0] = 0;
    _fail(file, line);
}

void check_true(bool ok, const char *text, const char *file, int line)
{
    if (!ok)
        failed(file, line, "%s is false", text);
}

void check_int(int64_t got, int64_t want, const char *text, const char *file, int line)
{
    if (got != want)
        failed(file, line, "%s is %" PRId64 " (0x%" PRIx64 "), expected %" PRId64, text, got, (uint64_t)got, want);
}

void check_max(int64_t got, int64_t most, const char *text, const char *file, int line)
{
    if (got > most)
        failed(file, line, "%s is %" PRId64 ", expected at most %" PRId64, text, got, most);
}

void check_near(double got, double want, double tolerance, const char *text, const char *file, int line)
{
    if (!(fabs(got - want) <= tolerance))
        failed(file, line, "%s is %.17g, expected %.17g within %g", text, got, want, tolerance);
}

void check_str(const char *got, const char *want, const char *text, const char *file, int line)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        failed(file, line, "%s is\n  \"%s\", expected\n  \"%s\"", text, got ? got : "(NULL)", want ? want : "(NULL)");
}

void check_has(const char *got, const char *part, const char *text, const char *file, int line)
{
    if (!got || !strstr(got, part))
        failed(file, line, "%s is\n  \"%s\", expected to contain\n  \"%s\"", text, got ? got : "(NULL)", part);
}

void check_mem(const void *got, const void *want, size_t len, const char *text, const char *file, int line)
{
    const unsigned char *a = got, *b = want;
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i])
            failed(file, line, "%s: byte %zu of %zu is 0x%02X, expected 0x%02X", text, i, len, a[i], b[i]);
}

void check_ok(int rc, const nl_error *err, const char *text, const char *file, int line)
{
    if (rc)
        failed(file, line, "%s returned \"%s\": %s", text, nl_status_name(rc), err->message);
}

void check_fails(int rc, int want, const nl_error *err, const char *part, const char *text, const char *file, int line)
{
    if (rc != want || err->code != want)
        failed(file, line, "%s returned \"%s\" (its error: \"%s\", %s), expected \"%s\"", text, nl_status_name(rc),
               nl_status_name(err->code), err->message, nl_status_name(want));
    if (!want)
        return;
    if (!err->message[0] || strchr(err->message, '\n'))
        failed(file, line, "%s: the message is not one line: \"%s\"", text, err->message);
    if (part && !strstr(err->message, part))
        failed(file, line, "%s: the message is\n  \"%s\", expected to contain\n  \"%s\"", text, err->message, part);
}
