/* list.c: the merge. */
#include "server/s3/disk/list.h"

#include <assert.h>
#include <string.h>

#include "server/s3/disk/object.h"

struct lister {
    s3_bucket *bucket;
    const s3_list_query *q;
    s3_list_fn fn;
    void *ctx;
    s3_walk walk;
    nl_buf over; /* the next overflow key */
    bool has_over;
    nl_buf name; /* a copy of what is being looked at: the walk's moves */
    size_t count;
    bool more, ended;
};

static bool begins_with(s3_slice s, s3_slice prefix)
{
    assert((s.data || !s.len) && (prefix.data || !prefix.len));
    return s.len >= prefix.len && (!prefix.len || !memcmp(s.data, prefix.data, prefix.len));
}

static s3_slice slice_of(const nl_buf *b)
{
    return (s3_slice){b->data, b->len};
}

static void next_over(struct lister *l, s3_slice from, bool after)
{
    l->has_over = s3_overflow_next(&l->bucket->overflow, from, after, &l->over);
}

/* Where everything that begins with prefix ends: the prefix with its last byte one higher. UTF-8 has no byte 0xFF. */
static void past_prefix(nl_buf *prefix)
{
    prefix->data[prefix->len - 1]++;
}

/* Start where the page starts. */
static int start(struct lister *l, nl_error *err)
{
    const s3_list_query *q = l->q;
    s3_bound b = {0};
    bool from_wins = q->from.len && s3_slice_compare(q->from, q->prefix) >= 0;
    s3_slice first = from_wins ? q->from : q->prefix;
    int rc = nl_buf_append(&b.key, first.data ? first.data : "", first.len, err);
    b.after = from_wins;
    /* Behind a common prefix means behind all that is below it. */
    const char *end =
        from_wins && q->delimiter.len && begins_with(q->from, q->prefix)
            ? memmem(q->from.data + q->prefix.len, q->from.len - q->prefix.len, q->delimiter.data, q->delimiter.len)
            : NULL;
    if (!rc && end && end + q->delimiter.len == q->from.data + q->from.len) {
        past_prefix(&b.key);
        b.after = false;
    }
    if (!rc)
        rc = s3_walk_open(&l->walk, l->bucket, &b, err);
    if (!rc)
        next_over(l, slice_of(&b.key), b.after);
    nl_buf_free(&b.key);
    return rc;
}

/* Length of the common prefix into which name falls; 0: none. */
static size_t group_of(const s3_list_query *q, s3_slice name)
{
    if (!q->delimiter.len)
        return 0;
    const char *d = memmem(name.data + q->prefix.len, name.len - q->prefix.len, q->delimiter.data, q->delimiter.len);
    return d ? (size_t)(d - name.data) + q->delimiter.len : 0;
}

/* One more result; false: the page is full. */
static bool count_one(struct lister *l)
{
    if (l->count == l->q->max) {
        l->more = l->ended = true;
        return false;
    }
    l->count++;
    return true;
}

static int give_group(struct lister *l, size_t len, nl_error *err)
{
    if (!count_one(l))
        return NL_OK;
    l->name.len = len;
    int rc = l->fn(l->ctx, slice_of(&l->name), NULL, err);
    past_prefix(&l->name);
    if (!rc)
        rc = s3_walk_seek(&l->walk, slice_of(&l->name), false, err);
    next_over(l, slice_of(&l->name), false);
    return rc;
}

static int give_key(struct lister *l, nl_error *err)
{
    s3_object o;
    int rc = s3_object_open(l->bucket, slice_of(&l->name), &o, err);
    if (rc == NL_NOT_FOUND) { /* deleted since the folder was read */
        nl_error_clear(err);
        return NL_OK;
    }
    if (rc)
        return rc;
    if (count_one(l))
        rc = l->fn(l->ctx, slice_of(&l->name), &o.meta, err);
    s3_object_close(&o);
    return rc;
}

/* A folder of the plain tree: group it, enter it, or pass it. */
static int take_folder(struct lister *l, nl_error *err)
{
    s3_slice name = slice_of(&l->name);
    if (!begins_with(name, l->q->prefix)) {
        if (begins_with(l->q->prefix, name))
            return s3_walk_enter(&l->walk, err);
        l->ended = true;
        return NL_OK;
    }
    size_t group = group_of(l->q, name);
    if (!group)
        return s3_walk_enter(&l->walk, err);
    bool any = l->has_over && begins_with(slice_of(&l->over), name);
    int rc = any ? NL_OK : s3_folder_has_key(l->bucket, name, &any, err);
    if (rc)
        return rc;
    if (any)
        return give_group(l, group, err);
    return s3_walk_skip(&l->walk, err);
}

/* A key, from the plain tree or the overflow folder (or, after a crash, both: then it is given once). */
static int take_key(struct lister *l, bool plain, bool over, nl_error *err)
{
    s3_slice name = slice_of(&l->name);
    if (!begins_with(name, l->q->prefix)) {
        l->ended = true;
        return NL_OK;
    }
    size_t group = group_of(l->q, name);
    if (group)
        return give_group(l, group, err);
    int rc = give_key(l, err);
    if (!rc && plain)
        rc = s3_walk_skip(&l->walk, err);
    if (over)
        next_over(l, name, true);
    return rc;
}

static int take_next(struct lister *l, nl_error *err)
{
    s3_slice plain, over = slice_of(&l->over);
    int rc = NL_OK;
    bool folder = false, has_plain = s3_walk_peek(&l->walk, &plain, &folder, err, &rc);
    if (rc)
        return rc;
    if (!has_plain && !l->has_over) {
        l->ended = true;
        return NL_OK;
    }
    int c = !has_plain ? 1 : !l->has_over ? -1 : s3_slice_compare(plain, over);
    s3_slice first = c <= 0 ? plain : over;
    nl_buf_clear(&l->name);
    rc = nl_buf_append(&l->name, first.data, first.len, err);
    if (rc)
        return rc;
    /* A folder and an overflow key "a/" may have one name: the folder is looked at when the key is given. */
    folder = folder && c <= 0;
    if (folder && c == 0 && begins_with(over, l->q->prefix) && !group_of(l->q, over))
        return take_key(l, false, true, err);
    return folder ? take_folder(l, err) : take_key(l, c <= 0, c >= 0, err);
}

int s3_list(s3_bucket *b, const s3_list_query *q, s3_list_fn fn, void *ctx, bool *more, nl_error *err)
{
    struct lister l = {.bucket = b, .q = q, .fn = fn, .ctx = ctx};
    *more = false;
    if (q->max == 0)
        return NL_OK;
    int rc = start(&l, err);
    while (!rc && !l.ended)
        rc = take_next(&l, err);
    *more = !rc && l.more;
    s3_walk_close(&l.walk);
    nl_buf_free(&l.over);
    nl_buf_free(&l.name);
    return rc;
}
