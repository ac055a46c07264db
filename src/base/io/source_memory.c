/* source_memory.c: memory as a source. A handle is the slice itself; nothing is copied. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/source.h"

struct memory_source {
    nl_source base;
    const uint8_t *data;
};

struct memory_fetch {
    nl_fetch base;
    nl_range range;
};

static int submit_one(nl_source *s, nl_range r, nl_fetch **out, nl_error *err)
{
    int rc = nl_source_check_range(s, r, err);
    if (rc)
        return rc;
    struct memory_fetch *f = malloc(sizeof(*f));
    if (!f)
        return nl_fail_memory(err);
    *f = (struct memory_fetch){{s}, r};
    *out = &f->base;
    return NL_OK;
}

static void memory_drop(nl_fetch *f)
{
    free(f);
}

static int memory_submit(nl_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = submit_one(s, ranges[i], &out[i], err);
        if (rc) {
            while (i-- > 0) {
                memory_drop(out[i]);
                out[i] = NULL;
            }
            return rc;
        }
    }
    return NL_OK;
}

static int memory_submit_tail(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err)
{
    uint64_t size = nl_source_size(s), take = want < size ? want : size;
    return submit_one(s, (nl_range){size - take, take}, out, err);
}

static int memory_wait(nl_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct memory_fetch *m = (struct memory_fetch *)f;
    struct memory_source *s = (struct memory_source *)f->source;
    int rc = nl_cancel_check(cancel, err);
    if (rc == NL_OK)
        *out = (nl_bytes){s->data + m->range.offset, (size_t)m->range.length, NULL};
    memory_drop(f);
    return rc;
}

static void memory_close(nl_source *s)
{
    free(s->name);
    free(s);
}

static const struct nl_source_ops memory_ops = {
    .submit_tail = memory_submit_tail,
    .submit = memory_submit,
    .wait = memory_wait,
    .drop = memory_drop,
    .close = memory_close,
};

int nl_source_open_memory(const char *name, const void *data, size_t len, nl_source **out, nl_error *err)
{
    *out = NULL;
    struct memory_source *s = calloc(1, sizeof(*s));
    char *copy = strdup(name);
    if (!s || !copy) {
        free(s);
        free(copy);
        return nl_fail_memory(err);
    }
    s->base.ops = &memory_ops;
    s->base.name = copy;
    s->base.size = len;
    s->data = data ? data : (const uint8_t *)"";
    *out = &s->base;
    return NL_OK;
}
