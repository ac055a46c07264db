/* run/scan.h: what a scan is inside: the two makers behind one set of calls. */
#ifndef NL_SCAN_RUN_SCAN_H
#define NL_SCAN_RUN_SCAN_H

#include "scan/scan.h"

struct scan_ops {
    size_t (*max_workers)(const struct scan *s);
    int (*worker_new)(struct scan *s, struct scan_worker **out, nl_error *err);
    int (*worker_next)(struct scan_worker *w, struct ArrowArray *out, uint64_t *index, nl_error *err);
    void (*worker_free)(struct scan_worker *w);
    void (*stats)(const struct scan *s, struct scan_stats *out);
    void (*free)(struct scan *s);
};

/* What every kind of scan and worker embeds first. */
struct scan {
    const struct scan_ops *ops;
};
struct scan_worker {
    struct scan *scan;
};

#endif
