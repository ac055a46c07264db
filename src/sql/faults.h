/* faults.h: what went wrong inside DuckDB's calls into our scans. DuckDB carries only a text through; the error waits here.
 *
 * Of several the first in the order of the result is kept: the one with the lowest index of its batch. Any thread.
 */
#ifndef NL_SQL_FAULTS_H
#define NL_SQL_FAULTS_H

#include <pthread.h>
#include <stdint.h>

#include "base/error.h"

struct sql_faults {
    pthread_mutex_t mutex;
    uint64_t index;
    nl_error error; /* code NL_OK: none */
};

/* Empty; nobody else uses it yet. */
void sql_faults_init(struct sql_faults *f);
/* Nobody uses it any more. */
void sql_faults_destroy(struct sql_faults *f);
/* Between two statements. */
void sql_faults_clear(struct sql_faults *f);
void sql_faults_put(struct sql_faults *f, uint64_t index, const nl_error *error);
/* DuckDB failed with this type and text: ours if there is one, else what it says. Returns the code. */
int sql_faults_explain(struct sql_faults *f, int type, const char *text, nl_error *err);

#endif
