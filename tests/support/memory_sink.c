/* memory_sink.c: see memory_sink.h. Commit and abort do nothing: the bytes are the test's. */
#include "support/memory_sink.h"

static int sink_write(nl_sink *s, const void *data, size_t len, nl_error *err)
{
    struct test_sink *t = (struct test_sink *)s;
    if (++t->writes == t->fail_at)
        return nl_fail(err, NL_IO, "the disk is full");
    return nl_buf_append(&t->bytes, data, len, err);
}

static int sink_commit(nl_sink *s, nl_error *err)
{
    (void)s, (void)err;
    return NL_OK;
}

static void sink_abort(nl_sink *s)
{
    (void)s;
}

const struct nl_sink_ops test_sink_ops = {sink_write, sink_commit, sink_abort};
