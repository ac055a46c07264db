/* proc.h: run another program and wait for it: no shell, limits on time and output.
 *
 *     input ──▶ standard input │ program │ standard output ──▶ out     beyond max_output: read, and thrown away
 *                              │         │ standard error  ──▶ err
 *
 * Threads  Any; nothing is inherited by the program but these three descriptors.
 */
#ifndef NL_BASE_PROC_H
#define NL_BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cancel.h"

struct nl_proc {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH where it has no slash */
    const char *const *env;  /* NULL-terminated "NAME=value"; NULL: as ours */
    const char *folder;      /* where it runs; NULL: where we are */
    const void *input;       /* its standard input; NULL: /dev/null */
    size_t input_len;
    size_t max_output;     /* bytes kept of each of out and err; 0: 1 MiB */
    int64_t time_limit_ns; /* 0: none. After it the program and its children are killed: NL_IO */
    nl_cancel *cancel;     /* the same, with NL_CANCELLED; may be NULL */
};

struct nl_proc_result {
    int exit_code; /* 0 to 255, or -1: ended by signal */
    int signal;    /* or 0 */
    nl_buf out, err;
    bool cut; /* there was more output than max_output */
};

/* Run it to its end. NL_OK says that it ran, whatever its exit code. NL_NOT_FOUND: no such program. After a failure
 * *result holds what was written until then; free it in any case. */
int nl_proc_run(const struct nl_proc *p, struct nl_proc_result *result, nl_error *err);
void nl_proc_result_free(struct nl_proc_result *r);

#endif
