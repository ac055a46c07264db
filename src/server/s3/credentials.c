/* credentials.c: the credentials file. */
#include "server/s3/credentials.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/io/sink.h"
#include "server/s3/yaml.h"

#define FILE_MAX ((size_t)1 << 20)

static void free_list(char **list)
{
    for (char **p = list; p && *p; p++)
        free(*p);
    free(list);
}

static void free_one(s3_credential *c)
{
    free(c->access_key);
    if (c->secret_key)
        explicit_bzero(c->secret_key, strlen(c->secret_key));
    free(c->secret_key);
    free(c->name);
    free_list(c->buckets);
    free_list(c->prefixes);
    pthread_mutex_destroy(&c->mutex);
}

void s3_credentials_free(s3_credentials *c)
{
    for (size_t i = 0; i < c->n; i++)
        free_one(&c->list[i]);
    free(c->list);
    *c = (s3_credentials){0};
}

/* A value that is neither too short nor too long and has only printable ASCII without those in bad. */
static int check_text(const char *path, struct fy_node *at, const char *what, const char *text, size_t least,
                      const char *bad, nl_error *err)
{
    size_t len = strlen(text);
    if (len < least || len > 128)
        return s3_yaml_fail(path, at, err, "%s has %zu characters, not %zu to 128", what, len, least);
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || strchr(bad, *p))
            return s3_yaml_fail(path, at, err, "%s may not hold the character 0x%02x", what, (unsigned char)*p);
    return NL_OK;
}

/* A list of words, or one word. */
static int load_words(const char *path, const char *name, struct fy_node *value, char ***out, nl_error *err)
{
    bool is_list = value && fy_node_is_sequence(value);
    int n = is_list ? fy_node_sequence_item_count(value) : 1;
    if (*out)
        return s3_yaml_fail(path, value, err, "%s comes twice", name);
    *out = calloc((size_t)(n > 0 ? n : 0) + 1, sizeof(**out));
    if (!*out)
        return nl_fail_memory(err);
    for (int i = 0; i < n; i++) {
        struct fy_node *item = is_list ? fy_node_sequence_get_by_index(value, i) : value;
        const char *text = item ? fy_node_get_scalar0(item) : NULL;
        if (!text || !*text)
            return s3_yaml_fail(path, value, err, "%s must be a list of names", name);
        if (!((*out)[i] = strdup(text)))
            return nl_fail_memory(err);
    }
    return n > 0 ? NL_OK : s3_yaml_fail(path, value, err, "%s is empty: leave it out to mean all", name);
}

/* access and anonymous. */
static int load_access(const char *path, const char *name, struct fy_node *value, s3_credential *c, nl_error *err)
{
    const char *text = value ? fy_node_get_scalar0(value) : NULL;
    bool anonymous = !strcmp(name, "anonymous"), read_only = text && !strcmp(text, "read-only");
    if (!read_only && (anonymous || !text || strcmp(text, "read-write")))
        return s3_yaml_fail(path, value, err, "%s must be read-only%s", name, anonymous ? "" : " or read-write");
    c->anonymous |= anonymous;
    c->read_only |= read_only;
    return NL_OK;
}

/* One key and its value into c. */
static int load_field(const char *path, struct fy_node_pair *pair, s3_credential *c, nl_error *err)
{
    struct fy_node *key = fy_node_pair_key(pair), *value = fy_node_pair_value(pair);
    const char *name = fy_node_get_scalar0(key), *text = fy_node_get_scalar0(value);
    if (!name)
        return s3_yaml_fail(path, key, err, "a key must be a word");
    if (!strcmp(name, "buckets"))
        return load_words(path, name, value, &c->buckets, err);
    if (!strcmp(name, "prefixes"))
        return load_words(path, name, value, &c->prefixes, err);
    if (!strcmp(name, "access") || !strcmp(name, "anonymous"))
        return load_access(path, name, value, c, err);
    char **field = !strcmp(name, "access_key")   ? &c->access_key
                   : !strcmp(name, "secret_key") ? &c->secret_key
                   : !strcmp(name, "name")       ? &c->name
                                                 : NULL;
    if (!field)
        return s3_yaml_fail(path, key, err,
                            "unknown key \"%s\": access_key, secret_key, name, access, buckets, prefixes and "
                            "anonymous are known",
                            name);
    if (*field)
        return s3_yaml_fail(path, key, err, "%s comes twice", name);
    if (!text)
        return s3_yaml_fail(path, value ? value : key, err, "%s must be text", name);
    int rc = NL_OK;
    if (field == &c->access_key)
        rc = check_text(path, value, name, text, 3, "/,=;\"", err);
    else if (field == &c->secret_key)
        rc = check_text(path, value, name, text, 8, "", err);
    if (rc)
        return rc;
    *field = strdup(text);
    return *field ? NL_OK : nl_fail_memory(err);
}

static int load_one(const char *path, struct fy_node *node, s3_credentials *all, nl_error *err)
{
    if (!fy_node_is_mapping(node))
        return s3_yaml_fail(path, node, err, "an entry must have access_key and secret_key");
    s3_credential *c = &all->list[all->n++];
    pthread_mutex_init(&c->mutex, NULL);
    void *iter = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(node, &iter))) {
        int rc = load_field(path, pair, c, err);
        if (rc)
            return rc;
    }
    if (c->anonymous) {
        if (c->access_key || c->secret_key)
            return s3_yaml_fail(path, node, err, "an anonymous entry has no keys");
        return c->buckets ? NL_OK : s3_yaml_fail(path, node, err, "an anonymous entry must name its buckets");
    }
    if (!c->access_key || !c->secret_key)
        return s3_yaml_fail(path, node, err, "%s is missing", c->access_key ? "secret_key" : "access_key");
    for (size_t i = 0; i + 1 < all->n; i++)
        if (all->list[i].access_key && !strcmp(all->list[i].access_key, c->access_key))
            return s3_yaml_fail(path, node, err, "the access key %s comes twice", c->access_key);
    return NL_OK;
}

static int load_list(const char *path, struct fy_node *root, s3_credentials *out, nl_error *err)
{
    if (!root || !fy_node_is_sequence(root))
        return s3_yaml_fail(path, root, err, "the file must be a list of access_key and secret_key");
    int n = fy_node_sequence_item_count(root);
    if (n <= 0)
        return s3_yaml_fail(path, root, err, "the list is empty");
    out->list = calloc((size_t)n, sizeof(*out->list));
    if (!out->list)
        return nl_fail_memory(err);
    for (int i = 0; i < n; i++) {
        int rc = load_one(path, fy_node_sequence_get_by_index(root, i), out, err);
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < out->n; i++)
        if (out->list[i].access_key)
            return NL_OK;
    return s3_yaml_fail(path, root, err, "there is no access_key");
}

int s3_credentials_load(const char *path, s3_credentials *out, nl_error *err)
{
    struct fy_document *doc;
    nl_buf text = {0};
    *out = (s3_credentials){0};
    int rc = nl_read_file(path, FILE_MAX, &text, err);
    if (!rc)
        rc = s3_yaml_parse(path, &text, &doc, err);
    if (!rc) {
        rc = load_list(path, fy_document_root(doc), out, err);
        fy_document_destroy(doc);
    }
    if (rc)
        s3_credentials_free(out);
    nl_buf_free(&text);
    return rc;
}

/* n characters of the 64 that base64url has. */
static int random_text(char *out, size_t n, const char *alphabet, size_t letters, nl_error *err)
{
    uint8_t bytes[64];
    if (getrandom(bytes, n, 0) != (ssize_t)n)
        return nl_fail(err, NL_IO, "no random bytes");
    for (size_t i = 0; i < n; i++)
        out[i] = alphabet[bytes[i] % letters];
    out[n] = '\0';
    return NL_OK;
}

int s3_credentials_make(const char *path, nl_error *err)
{
    struct stat st;
    char access[21], secret[41];
    nl_buf text = {0};
    if (stat(path, &st) == 0)
        return NL_OK;
    /* 32 and 64 letters: no remainder, so every letter is equally likely. */
    int rc = random_text(access, 20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, err);
    if (!rc)
        rc = random_text(secret, 40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 64, err);
    if (!rc)
        rc = nl_buf_printf(&text, err,
                           "# Made for this root. Whoever has these may do everything here.\n"
                           "- access_key: \"%s\"\n  secret_key: \"%s\"\n  name: local\n",
                           access, secret);
    if (!rc)
        rc = nl_write_file(path, text.data, text.len, 0600, err);
    nl_buf_free(&text);
    return rc;
}

s3_credential *s3_credentials_find(const s3_credentials *c, const char *access_key)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->list[i].access_key && !strcmp(c->list[i].access_key, access_key))
            return &c->list[i];
    return NULL;
}

int s3_credential_key(s3_credential *c, const s3_scope *scope, uint8_t key[static 32], nl_error *err)
{
    pthread_mutex_lock(&c->mutex);
    int rc = s3_signing_key_cached(&c->cache, c->secret_key, scope, key, err);
    pthread_mutex_unlock(&c->mutex);
    return rc;
}

/* ── rights ── */

bool s3_may_bucket(const s3_credential *c, const char *bucket, bool write)
{
    if (write && c->read_only)
        return false;
    for (char **b = c->buckets; b && *b; b++)
        if (!strcmp(*b, bucket))
            return true;
    return !c->buckets;
}

bool s3_may_key(const s3_credential *c, const char *bucket, const char *key, bool write)
{
    if (!s3_may_bucket(c, bucket, write))
        return false;
    for (char **p = c->prefixes; p && *p; p++)
        if (!strncmp(*p, key, strlen(*p)))
            return true;
    return !c->prefixes;
}

bool s3_may_list(const s3_credential *c, const char *bucket, const char *prefix)
{
    return s3_may_key(c, bucket, prefix ? prefix : "", false);
}
