/* error.h: make and enrich an nl_error. Control characters of foreign text are shown as \xNN: an error is one line. */
#ifndef NL_BASE_ERROR_H
#define NL_BASE_ERROR_H

#include <stdarg.h>

#include <neuralake/error.h>

#define NL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* State the fact. Returns code, so that `return nl_fail(err, NL_CORRUPT, …)` reads well. Replaces what err held; err may
 * be NULL. A message longer than its field is cut at the end and ends in "…". */
int nl_fail(nl_error *err, int code, const char *fmt, ...) NL_PRINTF(3, 4);

/* Like nl_fail() for the errno of a system call: ": No such file or directory" is added, and the code follows from it
 * (ENOENT, ENOTDIR not found; EACCES, EPERM, EROFS denied; ENOMEM no memory; EEXIST conflict; EISDIR, ENAMETOOLONG, ELOOP
 * invalid; else I/O). A full disk gets a hint. */
int nl_fail_errno(nl_error *err, int errnum, const char *fmt, ...) NL_PRINTF(3, 4);

/* An allocation failed. */
int nl_fail_memory(nl_error *err);

/* Add what this caller knows in front of the message: "note: message". Nothing where err is NULL or holds no error. */
void nl_note(nl_error *err, const char *fmt, ...) NL_PRINTF(2, 3);

/* Say what to do, unless a lower room did already. Nothing where err is NULL or holds no error. */
void nl_hint(nl_error *err, const char *fmt, ...) NL_PRINTF(2, 3);

/* Back to NL_OK. err may be NULL. */
void nl_error_clear(nl_error *err);

#endif
