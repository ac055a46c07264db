/* run/schedule.c: hand out morsels, keep the budget. Planning is in planner.c. */
#include "scan/run/schedule.h"

#include <stdlib.h>

#include "scan/run/planner.h"

/* Wait for a morsel, for the end, or for a cancel. The mutex is held. */
static int wait_ready(struct scan_schedule *s, nl_cancel *cancel, nl_error *err)
{
    int rc = NL_OK;
    s->waiting++;
    while (!s->head && !s->done && !(rc = nl_cancel_check(cancel, err))) {
        pthread_cond_signal(&s->room_cond); /* D1 */
        pthread_cond_wait(&s->ready_cond, &s->mutex);
    }
    s->waiting--;
    return rc;
}

int scan_schedule_claim(struct scan_schedule *s, nl_cancel *cancel, struct scan_morsel **out, nl_error *err)
{
    *out = NULL;
    struct nl_cancel_watch watch = {.mutex = &s->mutex, .cond = &s->ready_cond};
    nl_cancel_watch(cancel, &watch);
    pthread_mutex_lock(&s->mutex);
    int rc = wait_ready(s, cancel, err);
    struct scan_morsel *m = s->head;
    if (!rc && m && m->index < s->failed_at) {
        s->head = m->next;
        if (!s->head)
            s->end = &s->head;
        s->queued--;
        pthread_cond_signal(&s->room_cond);
        *out = m;
    } else if (!rc && !m && s->no_memory) {
        rc = nl_fail_memory(err);
    }
    pthread_mutex_unlock(&s->mutex);
    nl_cancel_unwatch(cancel, &watch);
    return rc;
}

void scan_morsel_free(struct scan_morsel *m)
{
    for (size_t i = 0; m->fetches && i < m->plan.n; i++)
        nl_fetch_drop(m->fetches[i]);
    free(m->fetches);
    scan_morsel_plan_free(&m->plan);
    scan_open_file_unref(m->file);
    free(m);
}

void scan_schedule_finish(struct scan_schedule *s, struct scan_morsel *m, bool failed)
{
    pthread_mutex_lock(&s->mutex);
    if (m->charged)
        s->in_flight -= m->plan.bytes;
    if (failed && m->index < s->failed_at)
        s->failed_at = m->index;
    pthread_cond_signal(&s->room_cond);
    pthread_mutex_unlock(&s->mutex);
    scan_morsel_free(m);
}

size_t scan_schedule_morsels(struct scan_schedule *s)
{
    pthread_mutex_lock(&s->mutex);
    size_t n = s->done ? s->queued : SIZE_MAX;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

void scan_schedule_free(struct scan_schedule *s)
{
    nl_cancel_set(&s->stop);
    pthread_mutex_lock(&s->mutex);
    pthread_cond_broadcast(&s->room_cond);
    pthread_mutex_unlock(&s->mutex);
    if (s->has_thread)
        pthread_join(s->thread, NULL);

    scan_planner_end(s);
    while (s->head) {
        struct scan_morsel *m = s->head;
        s->head = m->next;
        scan_morsel_free(m);
    }
    free(s->files);
    pthread_cond_destroy(&s->ready_cond);
    pthread_cond_destroy(&s->room_cond);
    pthread_mutex_destroy(&s->mutex);
    nl_cancel_destroy(&s->stop);
}
