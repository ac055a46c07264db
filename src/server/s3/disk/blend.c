/* blend.c: the smallest of what the sources are at. They are few: a file and some layers, or the runs of a large folder. */
#include "server/s3/disk/blend.h"

#include <stdlib.h>

#include "server/s3/disk/overflow.h"

#define TICK_NAMES 16384

static int add(s3_blend *b, struct s3_source s, nl_error *err)
{
    if (b->n == b->room) {
        size_t room = b->room ? 2 * b->room : 8;
        struct s3_source *more = reallocarray(b->sources, room, sizeof(*more));
        if (!more) {
            free(s.reader);
            return nl_fail_memory(err);
        }
        b->sources = more;
        b->room = room;
    }
    b->sources[b->n++] = s;
    return NL_OK;
}

int s3_blend_file(s3_blend *b, const s3_sorted *file, nl_error *err)
{
    s3_sorted_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return nl_fail_memory(err);
    r->file = file;
    return add(b, (struct s3_source){.reader = r}, err);
}

int s3_blend_layer(s3_blend *b, const s3_layer *layer, nl_error *err)
{
    return add(b, (struct s3_source){.layer = layer}, err);
}

void s3_blend_free(s3_blend *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->sources[i].reader);
    free(b->sources);
    *b = (s3_blend){0};
}

/* What a source is at. False: it is at its end. */
static bool source_at(const struct s3_source *s, s3_slice *name, bool *present)
{
    if (s->reader) {
        *name = s->reader->name;
        *present = s->reader->present;
        return s->reader->any;
    }
    if (s->at >= s->layer->n)
        return false;
    *name = s->layer->changes[s->at].name;
    *present = s->layer->changes[s->at].present;
    return true;
}

static int source_next(struct s3_source *s, nl_error *err)
{
    if (s->reader)
        return s3_sorted_next(s->reader, err);
    s->at++;
    return NL_OK;
}

/* Find the smallest name, and who has it. *present: the newest of them has it (V1). */
static void find_smallest(s3_blend *b, bool *present)
{
    s3_slice name;
    bool there;
    size_t first = 0; /* of those that are tied: all before it are not */
    b->any = false;
    for (size_t i = 0; i < b->n; i++) {
        b->sources[i].tied = false;
        if (!source_at(&b->sources[i], &name, &there))
            continue;
        int c = b->any ? s3_slice_compare(name, b->name) : -1;
        if (c > 0)
            continue;
        for (; c < 0 && first < i; first++)
            b->sources[first].tied = false;
        b->sources[i].tied = true;
        b->name = name;
        b->any = true;
        *present = there;
    }
}

/* Move on everybody who has the name. */
static int pass(s3_blend *b, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < b->n && !rc; i++)
        if (b->sources[i].tied)
            rc = source_next(&b->sources[i], err);
    return rc;
}

/* To the first name from here that is there. */
static int settle(s3_blend *b, nl_error *err)
{
    bool present = true;
    int rc = NL_OK;
    for (find_smallest(b, &present); !rc && b->any && !present; find_smallest(b, &present))
        rc = pass(b, err);
    if (rc)
        b->any = false;
    return rc;
}

int s3_blend_seek(s3_blend *b, s3_slice target, bool after, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < b->n && !rc; i++) {
        struct s3_source *s = &b->sources[i];
        if (s->reader)
            rc = s3_sorted_seek(s->reader, target, after, err);
        else
            s->at = s3_layer_find(s->layer, target, after);
    }
    b->any = false;
    return rc ? rc : settle(b, err);
}

int s3_blend_next(s3_blend *b, nl_error *err)
{
    int rc = pass(b, err);
    if (rc)
        b->any = false;
    return rc ? rc : settle(b, err);
}

int s3_blend_write(s3_blend *b, int fd, uint64_t start, uint64_t id, s3_tick tick, s3_sorted *out, nl_error *err)
{
    s3_sorted_writer w;
    int rc = s3_sorted_begin(&w, fd, start, id, err);
    if (rc)
        return rc;
    rc = s3_blend_seek(b, (s3_slice){"", 0}, false, err);
    while (!rc && b->any) {
        rc = s3_sorted_add(&w, b->name, true, err);
        if (tick.fn && w.file.records % TICK_NAMES == 0)
            tick.fn(tick.ctx);
        if (!rc)
            rc = s3_blend_next(b, err);
    }
    if (!rc)
        return s3_sorted_finish(&w, out, err);
    s3_sorted_drop(&w);
    return rc;
}
