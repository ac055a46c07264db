/* error.c: nl_error values. Every text passes nl_printable(), so that a message is one line of valid UTF-8, whatever a
 * file name, a server or a broken file put into it.
 */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* Room for a text before it is made printable and cut: longer ones are cut here already. */
enum { SCRATCH = 2400 };

const char *nl_status_name(int status)
{
    static const char *const names[] = {
        [NL_OK] = "ok",
        [NL_INVALID] = "invalid",
        [NL_NOT_FOUND] = "not found",
        [NL_DENIED] = "denied",
        [NL_CORRUPT] = "corrupt",
        [NL_UNSUPPORTED] = "unsupported",
        [NL_CONFLICT] = "conflict",
        [NL_IO] = "input/output error",
        [NL_NO_MEMORY] = "no memory",
        [NL_CANCELLED] = "cancelled",
        [NL_INTERNAL] = "internal error",
    };
    return status >= 0 && (size_t)status < NL_LEN(names) ? names[status] : "unknown status";
}

/* Format into scratch. A format that cannot be formatted still says something. */
static size_t NL_PRINTF(2, 0) format(char scratch[static SCRATCH], const char *fmt, va_list args)
{
    int n = vsnprintf(scratch, SCRATCH, fmt, args);
    if (n < 0)
        n = snprintf(scratch, SCRATCH, "(a message that could not be formatted)");
    return (size_t)n < SCRATCH ? (size_t)n : SCRATCH - 1;
}

int nl_fail(nl_error *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char scratch[SCRATCH]; /* not into err at once: an argument may be err->message itself */
    va_list args;
    va_start(args, fmt);
    size_t len = format(scratch, fmt, args);
    va_end(args);
    err->code = code;
    err->hint[0] = '\0';
    nl_printable(scratch, len, err->message, sizeof(err->message));
    return code;
}

/* The status that an errno value means. */
static int status_of(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return NL_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return NL_DENIED;
    case ENOMEM:
        return NL_NO_MEMORY;
    case EEXIST:
        return NL_CONFLICT;
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return NL_INVALID;
    default:
        return NL_IO;
    }
}

int nl_fail_errno(nl_error *err, int errnum, const char *fmt, ...)
{
    int code = status_of(errnum);
    if (!err)
        return code;
    char scratch[SCRATCH];
    va_list args;
    va_start(args, fmt);
    format(scratch, fmt, args);
    va_end(args);
    char reason[128];
    nl_fail(err, code, "%s: %s", scratch, strerror_r(errnum, reason, sizeof(reason)));
    if (errnum == ENOSPC || errnum == EDQUOT)
        nl_hint(err, "free some space, or write elsewhere");
    return code;
}

int nl_fail_memory(nl_error *err)
{
    return nl_fail(err, NL_NO_MEMORY, "out of memory");
}

void nl_note(nl_error *err, const char *fmt, ...)
{
    if (!err || err->code == NL_OK)
        return;
    char scratch[SCRATCH];
    va_list args;
    va_start(args, fmt);
    size_t len = format(scratch, fmt, args);
    va_end(args);
    /* A note that fills the message would hide the fact: it gets half of it at most. */
    char note[sizeof(err->message) / 2], fact[sizeof(err->message)];
    nl_printable(scratch, len, note, sizeof(note));
    memcpy(fact, err->message, sizeof(fact));
    int n = snprintf(scratch, sizeof(scratch), "%s: %s", note, fact);
    nl_printable(scratch, (size_t)n, err->message, sizeof(err->message));
}

void nl_hint(nl_error *err, const char *fmt, ...)
{
    if (!err || err->code == NL_OK || err->hint[0])
        return;
    char scratch[SCRATCH];
    va_list args;
    va_start(args, fmt);
    size_t len = format(scratch, fmt, args);
    va_end(args);
    nl_printable(scratch, len, err->hint, sizeof(err->hint));
}

void nl_error_clear(nl_error *err)
{
    if (err) {
        err->code = NL_OK;
        err->message[0] = err->hint[0] = '\0';
    }
}
