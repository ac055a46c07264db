/* metadata.c: walk, find, set. */
#include "arrow/metadata.h"

#include <stdlib.h>
#include <string.h>

struct arrow_metadata arrow_metadata_walk(const char *metadata)
{
    struct arrow_metadata m = {.start = metadata, .at = sizeof(int32_t)};
    if (metadata)
        memcpy(&m.left, metadata, sizeof m.left);
    return m;
}

/* The text at m->at, which moves behind it. False: a length that cannot be. */
static bool take(struct arrow_metadata *m, const char **text, size_t *len)
{
    int32_t n;
    memcpy(&n, m->start + m->at, sizeof n);
    if (n < 0 || (size_t)n > INT32_MAX - m->at)
        return false;
    *text = m->start + m->at + sizeof n;
    *len = (size_t)n;
    m->at += sizeof n + (size_t)n;
    return m->at <= INT32_MAX - sizeof n;
}

bool arrow_metadata_next(struct arrow_metadata *m, struct arrow_pair *out)
{
    if (m->left <= 0)
        return false;
    m->left--;
    if (take(m, &out->key, &out->key_len) && take(m, &out->value, &out->value_len))
        return true;
    m->left = 0;
    return false;
}

const char *arrow_metadata_get(const struct ArrowSchema *s, const char *key, size_t *len)
{
    struct arrow_metadata m = arrow_metadata_walk(s->metadata);
    struct arrow_pair p;
    size_t key_len = strlen(key);
    *len = 0;
    while (arrow_metadata_next(&m, &p))
        if (p.key_len == key_len && memcmp(p.key, key, key_len) == 0) {
            *len = p.value_len;
            return p.value;
        }
    return NULL;
}

size_t arrow_metadata_length(const char *metadata)
{
    struct arrow_metadata m = arrow_metadata_walk(metadata);
    struct arrow_pair p;
    int32_t pairs = m.left, seen = 0;
    while (arrow_metadata_next(&m, &p))
        seen++;
    return metadata && seen == pairs ? m.at : 0;
}

static void put(char **to, const char *text, size_t len)
{
    int32_t n = (int32_t)len;
    memcpy(*to, &n, sizeof n);
    memcpy(*to + sizeof n, text, len);
    *to += sizeof n + len;
}

int arrow_metadata_set(struct ArrowSchema *s, const char *key, const char *value, size_t len, nl_error *err)
{
    size_t key_len = strlen(key), room = s->metadata ? arrow_metadata_length(s->metadata) : sizeof(int32_t);
    if (!room || len > INT32_MAX - 64 || room + key_len + len > INT32_MAX - 64)
        return nl_fail(err, NL_INVALID, "metadata of a field that is too long, or none");
    char *made = malloc(room + 2 * sizeof(int32_t) + key_len + len);
    if (!made)
        return nl_fail_memory(err);
    struct arrow_metadata m = arrow_metadata_walk(s->metadata);
    struct arrow_pair p;
    int32_t pairs = 0;
    char *to = made + sizeof pairs;
    while (arrow_metadata_next(&m, &p))
        if (p.key_len != key_len || memcmp(p.key, key, key_len) != 0) {
            put(&to, p.key, p.key_len);
            put(&to, p.value, p.value_len);
            pairs++;
        }
    if (value) {
        put(&to, key, key_len);
        put(&to, value, len);
        pairs++;
    }
    memcpy(made, &pairs, sizeof pairs);
    if (arrow_schema_own_metadata(s, made))
        return NL_OK;
    free(made);
    return nl_fail(err, NL_INVALID, "metadata of a field that is not ours to change");
}
