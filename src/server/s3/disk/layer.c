/* layer.c: folding changes. */
#include "server/s3/disk/layer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/s3/disk/overflow.h"

#define RECORD_HEAD 3

int s3_tail_add(s3_tail *t, s3_slice name, bool present, nl_error *err)
{
    uint16_t len = (uint16_t)name.len;
    int rc = nl_buf_reserve(&t->text, RECORD_HEAD + name.len, err);
    if (rc)
        return rc;
    char head[RECORD_HEAD] = {present};
    memcpy(head + 1, &len, sizeof(len));
    rc = nl_buf_append(&t->text, head, sizeof(head), err);
    if (!rc)
        rc = nl_buf_append(&t->text, name.data ? name.data : "", name.len, err);
    t->n += !rc;
    return rc;
}

void s3_tail_free(s3_tail *t)
{
    nl_buf_free(&t->text);
    t->n = 0;
}

/* By name, then by age: the names lie in one text in the order in which they came. */
static int by_name(const void *a, const void *b)
{
    const s3_change *x = a, *y = b;
    int c = s3_slice_compare(x->name, y->name);
    return c ? c : (x->name.data > y->name.data) - (x->name.data < y->name.data);
}

static s3_layer *new_layer(size_t room)
{
    s3_layer *l = calloc(1, sizeof(*l));
    if (l)
        l->changes = calloc(room ? room : 1, sizeof(*l->changes));
    if (l && l->changes) {
        atomic_init(&l->refs, 1);
        return l;
    }
    free(l);
    return NULL;
}

int s3_tail_fold(s3_tail *t, s3_layer **out, nl_error *err)
{
    s3_layer *l = new_layer(t->n);
    *out = NULL;
    if (!l) {
        s3_tail_free(t);
        return nl_fail_memory(err);
    }
    size_t n = t->n;
    l->text = t->text.data;
    *t = (s3_tail){0};
    const char *p = l->text;
    for (size_t i = 0; i < n; i++) {
        uint16_t len;
        memcpy(&len, p + 1, sizeof(len));
        l->changes[i] = (s3_change){{p + RECORD_HEAD, len}, p[0] != 0};
        p += RECORD_HEAD + (size_t)len;
    }
    if (n)
        qsort(l->changes, n, sizeof(*l->changes), by_name);
    for (size_t i = 0; i < n; i++) { /* Y1 */
        bool again = i + 1 < n && !s3_slice_compare(l->changes[i].name, l->changes[i + 1].name);
        if (!again)
            l->changes[l->n++] = l->changes[i];
    }
    *out = l;
    return NL_OK;
}

/* Append a copy of a change; there is room. */
static char *copy_change(s3_layer *l, const s3_change *c, char *at)
{
    l->changes[l->n] = (s3_change){{at, c->name.len}, c->present};
    l->n++;
    if (c->name.len)
        memcpy(at, c->name.data, c->name.len);
    return at + c->name.len;
}

static size_t text_size(const s3_layer *l)
{
    size_t size = 0;
    for (size_t i = 0; i < l->n; i++)
        size += l->changes[i].name.len;
    return size;
}

int s3_layer_merge(const s3_layer *older, const s3_layer *newer, s3_layer **out, nl_error *err)
{
    s3_layer *l = new_layer(older->n + newer->n);
    *out = NULL;
    if (l)
        l->text = malloc(text_size(older) + text_size(newer) + 1);
    if (!l || !l->text) {
        s3_layer_release(l);
        return nl_fail_memory(err);
    }
    char *at = l->text;
    for (size_t i = 0, j = 0; i < older->n || j < newer->n;) {
        int c = i == older->n   ? 1
                : j == newer->n ? -1
                                : s3_slice_compare(older->changes[i].name, newer->changes[j].name);
        at = copy_change(l, c < 0 ? &older->changes[i] : &newer->changes[j], at);
        i += c <= 0;
        j += c >= 0;
    }
    *out = l;
    return NL_OK;
}

size_t s3_layer_find(const s3_layer *l, s3_slice target, bool after)
{
    size_t lo = 0, hi = l->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = s3_slice_compare(l->changes[mid].name, target);
        if (c > 0 || (c == 0 && !after))
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

s3_layer *s3_layer_ref(s3_layer *l)
{
    atomic_fetch_add(&l->refs, 1);
    return l;
}

void s3_layer_release(s3_layer *l)
{
    if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
        return;
    free(l->changes);
    free(l->text);
    free(l);
}
