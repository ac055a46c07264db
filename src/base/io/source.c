/* source.c: the calls of nl_source, by way of the implementation's table. Files are in source_file.c, memory in
 * source_memory.c, objects in the store's room.
 */
#include "base/io/source.h"

#include <inttypes.h>
#include <string.h>

int nl_source_submit_tail(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err)
{
    *out = NULL;
    return s->ops->submit_tail(s, want, out, err);
}

int nl_source_submit(nl_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    for (size_t i = 0; i < n; i++)
        out[i] = NULL;
    return n ? s->ops->submit(s, ranges, n, out, err) : NL_OK;
}

int nl_fetch_wait(nl_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    *out = (nl_bytes){0};
    return f->source->ops->wait(f, cancel, out, err);
}

void nl_fetch_drop(nl_fetch *f)
{
    if (f)
        f->source->ops->drop(f);
}

int nl_source_read(nl_source *s, uint64_t offset, uint64_t length, nl_bytes *out, nl_error *err)
{
    *out = (nl_bytes){0};
    nl_fetch *f;
    int rc = nl_source_submit(s, &(nl_range){offset, length}, 1, &f, err);
    return rc ? rc : nl_fetch_wait(f, NULL, out, err);
}

bool nl_source_reads_into(const nl_source *s)
{
    return s->ops->read_into != NULL;
}

int nl_source_read_into(nl_source *s, nl_range r, uint8_t *to, nl_error *err)
{
    return s->ops->read_into(s, r, to, err);
}

bool nl_source_writes_files(const nl_source *s)
{
    return s->ops->submit_to_file != NULL;
}

int nl_source_submit_to_file(nl_source *s, nl_range r, int fd, uint64_t at, nl_fetch **out, nl_error *err)
{
    *out = NULL;
    int rc = nl_source_check_range(s, r, err);
    return rc ? rc : s->ops->submit_to_file(s, r, fd, at, out, err);
}

int nl_source_read_tail(nl_source *s, uint64_t want, nl_bytes *out, nl_error *err)
{
    *out = (nl_bytes){0};
    nl_fetch *f;
    int rc = nl_source_submit_tail(s, want, &f, err);
    return rc ? rc : nl_fetch_wait(f, NULL, out, err);
}

int nl_source_check_range(const nl_source *s, nl_range r, nl_error *err)
{
    uint64_t size = nl_source_size(s);
    if (r.offset <= size && r.length <= size - r.offset)
        return NL_OK;
    return nl_fail(err, NL_INVALID,
                   "%s: %" PRIu64 " bytes at offset %" PRIu64 " do not lie inside its %" PRIu64 " bytes", s->name,
                   r.length, r.offset, size);
}

uint64_t nl_source_size(const nl_source *s)
{
    return s->size;
}

const char *nl_source_name(const nl_source *s)
{
    return s->name;
}

void nl_source_close(nl_source *s)
{
    if (s)
        s->ops->close(s);
}
