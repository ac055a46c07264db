/* stream.c: an Arrow stream around a C iterator, and anybody's stream read with our errors.
 *
 *     open ──next──▶ batch … ──▶ ended      next is not called again: an empty batch from here on
 *                        └─────▶ failed     the same error from here on
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"

struct stream {
    struct ArrowSchema schema;
    int (*next)(void *ctx, struct ArrowArray *out, nl_error *err);
    void (*done)(void *ctx);
    void *ctx;
    bool ended;
    nl_error error; /* code 0: none yet */
};

/* One way there and back, so that a status survives a foreign library in between. */
static const struct {
    int status, errnum;
} codes[] = {
    {NL_INVALID, EINVAL},           {NL_NOT_FOUND, ENOENT}, {NL_DENIED, EACCES},    {NL_CORRUPT, EBADMSG},
    {NL_UNSUPPORTED, ENOTSUP},      {NL_CONFLICT, EEXIST},  {NL_NO_MEMORY, ENOMEM}, {NL_CANCELLED, ECANCELED},
    {NL_INTERNAL, ENOTRECOVERABLE}, {NL_IO, EIO},
};

static int errno_of(int status)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].status == status)
            return codes[i].errnum;
    return EIO;
}

static int status_of(int errnum)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].errnum == errnum)
            return codes[i].status;
    return NL_IO;
}

static int get_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    struct stream *p = s->private_data;
    nl_error err = {0};
    int rc = arrow_schema_copy(&p->schema, out, &err);
    if (rc) /* what next() said is more important than a failed copy */
        p->error = p->error.code ? p->error : err;
    return rc ? errno_of(rc) : 0;
}

static int get_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    struct stream *p = s->private_data;
    *out = (struct ArrowArray){0};
    if (p->error.code)
        return errno_of(p->error.code);
    if (p->ended)
        return 0;
    nl_error err = {0};
    int rc = p->next(p->ctx, out, &err);
    if (rc) {
        arrow_array_release(out);
        p->error = err;
        p->error.code = rc;
        return errno_of(rc);
    }
    p->ended = !out->release;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *s)
{
    struct stream *p = s->private_data;
    return p->error.code ? p->error.message : NULL;
}

static void release_stream(struct ArrowArrayStream *s)
{
    struct stream *p = s->private_data;
    if (p->done)
        p->done(p->ctx);
    arrow_schema_release(&p->schema);
    free(p);
    *s = (struct ArrowArrayStream){0};
}

int arrow_stream_make(struct ArrowSchema *schema, int (*next)(void *ctx, struct ArrowArray *out, nl_error *err),
                      void (*done)(void *ctx), void *ctx, struct ArrowArrayStream *out, nl_error *err)
{
    *out = (struct ArrowArrayStream){0};
    struct stream *p = calloc(1, sizeof(*p));
    if (!p) {
        arrow_schema_release(schema);
        if (done)
            done(ctx);
        return nl_fail_memory(err);
    }
    arrow_schema_move(schema, &p->schema);
    p->next = next;
    p->done = done;
    p->ctx = ctx;
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, p};
    return NL_OK;
}

/* What a failed call of s said, as an nl_error. */
static int translate(struct ArrowArrayStream *s, int errnum, nl_error *err)
{
    if (s->release == release_stream) {
        const nl_error *own = &((struct stream *)s->private_data)->error;
        if (err)
            *err = *own;
        return own->code;
    }
    const char *text = s->get_last_error(s);
    char reason[128];
    return nl_fail(err, status_of(errnum), "%s", text ? text : strerror_r(errnum, reason, sizeof(reason)));
}

int arrow_stream_schema(struct ArrowArrayStream *s, struct ArrowSchema *out, nl_error *err)
{
    *out = (struct ArrowSchema){0};
    int errnum = s->get_schema(s, out);
    if (errnum)
        *out = (struct ArrowSchema){0};
    return errnum ? translate(s, errnum, err) : NL_OK;
}

int arrow_stream_next(struct ArrowArrayStream *s, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    int errnum = s->get_next(s, out);
    if (errnum)
        *out = (struct ArrowArray){0};
    return errnum ? translate(s, errnum, err) : NL_OK;
}

void arrow_stream_release(struct ArrowArrayStream *s)
{
    if (s && s->release)
        s->release(s);
}
