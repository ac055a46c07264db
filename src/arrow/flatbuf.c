/* flatbuf.c: tables, vectors and strings of FlatBuffers, both ways. */
#include "arrow/flatbuf.h"

#include <string.h>

/* ── writing ── */

static int pad(nl_buf *b, size_t to_multiple, size_t plus, nl_error *err)
{
    static const char zeros[8];
    size_t n = (to_multiple + plus - b->len % to_multiple) % to_multiple;
    return nl_buf_append(b, zeros, n, err);
}

static int put_u32(nl_buf *b, uint32_t v, nl_error *err)
{
    return nl_buf_append(b, &v, sizeof v, err);
}

/* Where each field lies in the table: the widest first, behind the 4 bytes of the way to the vtable. Returns its size. */
static uint16_t lay_out(const struct flatbuf_slot *slots, size_t n, uint16_t at[static FLATBUF_SLOTS])
{
    uint16_t end = 4;
    memset(at, 0, FLATBUF_SLOTS * sizeof *at);
    for (uint8_t size = 8; size; size /= 2)
        for (size_t i = 0; i < n; i++)
            if (slots[i].size == size) {
                at[i] = end;
                end = (uint16_t)(end + size);
            }
    return end;
}

int flatbuf_put_table(nl_buf *b, const struct flatbuf_slot *slots, size_t n, size_t *table,
                      size_t places[static FLATBUF_SLOTS], nl_error *err)
{
    uint16_t vtable[2 + FLATBUF_SLOTS] = {0}, at[FLATBUF_SLOTS];
    char body[4 + 8 * FLATBUF_SLOTS] = {0};
    uint16_t size = lay_out(slots, n, at), vtable_size = (uint16_t)(4 + 2 * n);
    vtable[0] = vtable_size;
    vtable[1] = size;
    memcpy(vtable + 2, at, n * sizeof *at);
    int rc = pad(b, 8, (size_t)(12 - vtable_size % 8) % 8, err); /* so that the table stands at 4 of 8 */
    if (rc == NL_OK)
        rc = nl_buf_append(b, vtable, vtable_size, err);
    *table = b->len;
    int32_t back = vtable_size;
    memcpy(body, &back, sizeof back);
    for (size_t i = 0; i < n; i++) {
        memcpy(body + at[i], &slots[i].value, at[i] ? slots[i].size : 0);
        places[i] = *table + at[i];
    }
    return rc ? rc : nl_buf_append(b, body, size, err);
}

void flatbuf_close(nl_buf *b, size_t offset, size_t target)
{
    uint32_t v = (uint32_t)(target - offset);
    memcpy(b->data + offset, &v, sizeof v);
}

int flatbuf_put_string(nl_buf *b, size_t offset, const char *s, size_t len, nl_error *err)
{
    if (len > INT32_MAX)
        return nl_fail(err, NL_UNSUPPORTED, "a text of more than 2 GiB in a schema");
    int rc = pad(b, 4, 0, err);
    size_t at = b->len;
    if (rc == NL_OK)
        rc = put_u32(b, (uint32_t)len, err);
    if (rc == NL_OK)
        rc = nl_buf_append(b, s, len, err);
    if (rc == NL_OK)
        rc = nl_buf_putc(b, '\0', err);
    if (rc == NL_OK)
        flatbuf_close(b, offset, at);
    return rc;
}

int flatbuf_put_vector(nl_buf *b, size_t offset, size_t n, size_t *first, nl_error *err)
{
    if (n > INT32_MAX / 4)
        return nl_fail(err, NL_UNSUPPORTED, "a schema of %zu fields in one level", n);
    int rc = pad(b, 4, 0, err);
    size_t at = b->len;
    if (rc == NL_OK)
        rc = put_u32(b, (uint32_t)n, err);
    if (rc == NL_OK)
        rc = nl_buf_reserve(b, n * 4, err);
    if (rc)
        return rc;
    *first = b->len;
    memset(b->data + b->len, 0, n * 4 + 1);
    b->len += n * 4;
    flatbuf_close(b, offset, at);
    return NL_OK;
}

/* ── reading ── */

static int outside(nl_error *err)
{
    return nl_fail(err, NL_CORRUPT, "an offset that leaves the schema message");
}

/* size bytes at `at`, little-endian, unsigned. */
static int take(const struct flatbuf *in, size_t at, size_t size, uint64_t *out, nl_error *err)
{
    *out = 0;
    if (at > in->len || size > in->len - at)
        return outside(err);
    memcpy(out, in->data + at, size);
    return NL_OK;
}

/* Where the offset at `at` points to. */
static int follow(const struct flatbuf *in, size_t at, size_t *target, nl_error *err)
{
    uint64_t v;
    int rc = take(in, at, 4, &v, err);
    if (rc == NL_OK && v >= in->len - at)
        rc = outside(err);
    *target = at + (size_t)v;
    return rc;
}

int flatbuf_table_at(const struct flatbuf *in, size_t offset, struct flatbuf_table *out, nl_error *err)
{
    uint64_t v, bytes = 0;
    *out = (struct flatbuf_table){.in = in};
    int rc = follow(in, offset, &out->at, err);
    if (rc == NL_OK)
        rc = take(in, out->at, 4, &v, err);
    if (rc)
        return rc;
    int64_t vtable = (int64_t)out->at - (int32_t)(uint32_t)v;
    if (vtable < 0)
        return outside(err);
    out->vtable = (size_t)vtable;
    rc = take(in, out->vtable, 2, &bytes, err);
    if (rc == NL_OK && (bytes < 4 || bytes % 2 || bytes > in->len - out->vtable))
        rc = outside(err);
    out->fields = (size_t)bytes / 2 - 2;
    return rc;
}

/* Where a field is; 0: absent. */
static size_t place_of(const struct flatbuf_table *t, size_t field)
{
    uint16_t at = 0;
    if (field < t->fields) /* the vtable lies inside */
        memcpy(&at, t->in->data + t->vtable + 4 + 2 * field, sizeof at);
    return at ? t->at + at : 0;
}

int flatbuf_get(const struct flatbuf_table *t, size_t field, size_t size, int64_t absent, int64_t *out, nl_error *err)
{
    size_t at = place_of(t, field);
    uint64_t v;
    *out = absent;
    if (!at)
        return NL_OK;
    int rc = take(t->in, at, size, &v, err);
    if (rc == NL_OK)
        *out = size == 1 ? (int64_t)v : size == 2 ? (int16_t)v : size == 4 ? (int32_t)v : (int64_t)v;
    return rc;
}

int flatbuf_get_table(const struct flatbuf_table *t, size_t field, bool *found, struct flatbuf_table *out,
                      nl_error *err)
{
    size_t at = place_of(t, field);
    *found = at != 0;
    return at ? flatbuf_table_at(t->in, at, out, err) : NL_OK;
}

int flatbuf_get_vector(const struct flatbuf_table *t, size_t field, struct flatbuf_vector *out, nl_error *err)
{
    size_t at = place_of(t, field), target;
    uint64_t n = 0;
    *out = (struct flatbuf_vector){.in = t->in};
    if (!at)
        return NL_OK;
    int rc = follow(t->in, at, &target, err);
    if (rc == NL_OK)
        rc = take(t->in, target, 4, &n, err);
    if (rc == NL_OK && n > (t->in->len - target - 4) / 4)
        rc = outside(err);
    if (rc)
        return rc;
    out->at = target + 4;
    out->n = (size_t)n;
    return NL_OK;
}

int flatbuf_get_string(const struct flatbuf_table *t, size_t field, const char **s, size_t *len, nl_error *err)
{
    size_t at = place_of(t, field), target;
    uint64_t n = 0;
    *s = "";
    *len = 0;
    if (!at)
        return NL_OK;
    int rc = follow(t->in, at, &target, err);
    if (rc == NL_OK)
        rc = take(t->in, target, 4, &n, err);
    if (rc == NL_OK && n > t->in->len - target - 4)
        rc = outside(err);
    if (rc)
        return rc;
    *s = (const char *)t->in->data + target + 4;
    *len = (size_t)n;
    return NL_OK;
}
