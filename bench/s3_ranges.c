/* s3_ranges.c: the library alone against a store: ranges of one object in their order, or many objects whole.
 *
 *     s3_ranges ranges URI [RANGE_BYTES]      an object in ranges of 4 MiB, each used and released when its turn comes
 *     s3_ranges objects URI N                 the objects URI00000000 and on, each read whole, 64 of them opened ahead
 *
 * The endpoint and the keys come from the environment. Prints one line of JSON: seconds, CPU seconds, bytes, requests.
 */
#include <inttypes.h>
#include <neuralake/store.h>

#include "base/io/source.h"
#include "job.h"

enum { AHEAD = 64, RANGE = 4 << 20 };

/* Wait for a range and let it go. */
static int use(nl_fetch *fetch, uint64_t *bytes, nl_error *err)
{
    nl_bytes got;
    int rc = nl_fetch_wait(fetch, NULL, &got, err);
    if (rc)
        return rc;
    *bytes += got.len;
    nl_bytes_release(&got);
    return NL_OK;
}

static int wait_for_all(nl_fetch **fetches, size_t n, uint64_t *bytes, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < n; i++) {
        if (rc)
            nl_fetch_drop(fetches[i]);
        else
            rc = use(fetches[i], bytes, err);
    }
    return rc;
}

/* All ranges of the object are asked for at once, as a scan does it, and used in their order. */
static int read_ranges(nl_store *store, const char *uri, uint64_t each, uint64_t *bytes, nl_error *err)
{
    nl_object_info info;
    nl_source *source = NULL;
    int rc = nl_store_head(store, uri, &info, err);
    if (!rc)
        rc = nl_store_open(store, uri, &info, &source, err);
    size_t n = rc ? 0 : (size_t)((info.size + each - 1) / each);
    nl_range *ranges = calloc(n + 1, sizeof *ranges);
    nl_fetch **fetches = calloc(n + 1, sizeof(nl_fetch *));
    if (!rc && (!ranges || !fetches))
        rc = NL_NO_MEMORY;
    for (size_t i = 0; i < n && !rc; i++)
        ranges[i] = (nl_range){i * each, i + 1 < n ? each : info.size - i * each};
    if (!rc && !(rc = nl_source_submit(source, ranges, n, fetches, err)))
        rc = wait_for_all(fetches, n, bytes, err);
    free(ranges);
    free(fetches);
    nl_source_close(source);
    return rc;
}

struct slot {
    nl_source *source;
    nl_fetch *fetch;
};

/* Let a slot's object come, where there is one, and close it. */
static int finish(struct slot *s, uint64_t *bytes, int rc, nl_error *err)
{
    if (s->fetch && rc)
        nl_fetch_drop(s->fetch);
    else if (s->fetch)
        rc = use(s->fetch, bytes, err);
    nl_source_close(s->source);
    *s = (struct slot){0};
    return rc;
}

/* No object's size is known: each is asked for by its tail, one request. */
static int read_objects(nl_store *store, const char *prefix, size_t n, uint64_t *bytes, nl_error *err)
{
    struct slot slots[AHEAD] = {0};
    int rc = NL_OK;
    for (size_t i = 0; i < n + AHEAD; i++) {
        struct slot *s = &slots[i % AHEAD];
        rc = finish(s, bytes, rc, err);
        if (rc || i >= n)
            continue;
        char uri[1200];
        snprintf(uri, sizeof uri, "%s%08zu", prefix, i);
        rc = nl_store_open(store, uri, NULL, &s->source, err);
        if (!rc)
            rc = nl_source_submit_tail(s->source, 64 << 10, &s->fetch, err);
    }
    return rc;
}

int main(int argc, char **argv)
{
    bool objects = argc == 4 && strcmp(argv[1], "objects") == 0;
    if (!objects && (argc < 3 || strcmp(argv[1], "ranges") != 0)) {
        fputs("usage: s3_ranges ranges URI [RANGE_BYTES]\n       s3_ranges objects URI N\n", stderr);
        return 2;
    }
    nl_error err = {0};
    nl_store *store = NULL;
    uint64_t bytes = 0, number = argc == 4 ? strtoull(argv[3], NULL, 10) : RANGE;
    job_clock start = job_start();
    int rc = nl_store_new(NULL, &store, &err);
    if (!rc)
        rc = objects ? read_objects(store, argv[2], number, &bytes, &err)
                     : read_ranges(store, argv[2], number ? number : RANGE, &bytes, &err);
    job_clock took = job_since(start);
    if (rc) {
        fprintf(stderr, "s3_ranges: %s\n", err.message);
        nl_store_free(store);
        return 1;
    }
    nl_store_stats stats;
    nl_store_get_stats(store, &stats);
    printf("{\"seconds\": %.4f, \"cpu_seconds\": %.3f, \"bytes\": %" PRIu64 ", \"requests\": %" PRIu64
           ", \"peak_kib\": %ld}\n",
           took.wall, took.cpu, bytes, stats.requests, job_peak_kib());
    nl_store_free(store);
    return 0;
}
