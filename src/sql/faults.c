/* faults.c: keep the first error of the scans. */
#include "sql/faults.h"

#include "sql/message.h"

void sql_faults_init(struct sql_faults *f)
{
    *f = (struct sql_faults){0};
    pthread_mutex_init(&f->mutex, NULL);
}

void sql_faults_destroy(struct sql_faults *f)
{
    pthread_mutex_destroy(&f->mutex);
}

void sql_faults_clear(struct sql_faults *f)
{
    pthread_mutex_lock(&f->mutex);
    nl_error_clear(&f->error);
    pthread_mutex_unlock(&f->mutex);
}

void sql_faults_put(struct sql_faults *f, uint64_t index, const nl_error *error)
{
    pthread_mutex_lock(&f->mutex);
    if (!f->error.code || index < f->index) {
        f->index = index;
        f->error = *error;
    }
    pthread_mutex_unlock(&f->mutex);
}

int sql_faults_explain(struct sql_faults *f, int type, const char *text, nl_error *err)
{
    pthread_mutex_lock(&f->mutex);
    nl_error ours = f->error;
    pthread_mutex_unlock(&f->mutex);
    if (!ours.code)
        return sql_message(err, type, text);
    if (err)
        *err = ours;
    return ours.code;
}
