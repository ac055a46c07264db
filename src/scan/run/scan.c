/* run/scan.c: the calls of scan.h, by way of the maker's table. */
#include "scan/run/scan.h"

size_t scan_max_workers(const struct scan *s)
{
    return s->ops->max_workers(s);
}

int scan_worker_new(struct scan *s, struct scan_worker **out, nl_error *err)
{
    *out = NULL;
    return s->ops->worker_new(s, out, err);
}

int scan_worker_next(struct scan_worker *w, struct ArrowArray *out, uint64_t *index, nl_error *err)
{
    *out = (struct ArrowArray){0};
    return w->scan->ops->worker_next(w, out, index, err);
}

void scan_worker_free(struct scan_worker *w)
{
    if (w)
        w->scan->ops->worker_free(w);
}

void scan_get_stats(const struct scan *s, struct scan_stats *out)
{
    *out = (struct scan_stats){0};
    s->ops->stats(s, out);
}

void scan_free(struct scan *s)
{
    if (s)
        s->ops->free(s);
}
