/* neuralake/error.h: how every call of Neuralake says that it failed.
 *
 * Every fallible function returns an int, NL_OK (0) or one of nl_status, and takes an nl_error * last. The pointer may be
 * NULL: then only the code is known. The error is the caller's value: no allocation, nothing to release, copied with =.
 * The lowest room states the fact, each caller adds what it knows in front of it, the top adds what to do:
 *
 *     s3://lake/parts.parquet: row group 0, column p_name: run at byte 12 needs 40 bytes, 3 are left
 *     └─ note of the store ──┘ └─ note of the reader ────┘ └─ the fact ─────────────────────────────┘
 *
 * Threads  An nl_error belongs to one thread at a time.
 */
#ifndef NEURALAKE_ERROR_H
#define NEURALAKE_ERROR_H

#include <stddef.h>

#include <neuralake/export.h>

/* What went wrong, by what the caller does next. */
enum nl_status {
    NL_OK = 0,
    NL_INVALID,     /* the caller asked for something that makes no sense: change the call */
    NL_NOT_FOUND,   /* the file, object, bucket, table or column does not exist */
    NL_DENIED,      /* credentials or permissions do not allow it */
    NL_CORRUPT,     /* the bytes are not what their format promises */
    NL_UNSUPPORTED, /* valid, but this version cannot do it */
    NL_CONFLICT,    /* a precondition failed: somebody else was there first */
    NL_IO,          /* disk or network: trying again may help */
    NL_NO_MEMORY,   /* an allocation or a stated memory limit failed */
    NL_CANCELLED,   /* the caller's cancel token was set */
    NL_INTERNAL,    /* a bug in Neuralake or in a library below it */
};

/* An error by value. message is one line, empty when code is NL_OK; hint says what to do, and may be empty. */
typedef struct nl_error {
    int code;
    char message[1200];
    char hint[400];
} nl_error;

/* The code's name in lower case words: "not found". Static; never NULL, "unknown status" for anything else. */
NL_API const char *nl_status_name(int status);

#endif
