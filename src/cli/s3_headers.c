/* s3_headers.c: see s3_headers.h. */
#include "cli/s3_headers.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/mime.h"
#include "cli/place.h"

const char *const s3_directives[] = {"COPY", "REPLACE", NULL};

/* Options that become a header as they are. */
static const struct {
    const char *option, *header;
} plain[] = {{"cache-control", "Cache-Control"},
             {"content-disposition", "Content-Disposition"},
             {"content-encoding", "Content-Encoding"},
             {"content-language", "Content-Language"},
             {"expires", "Expires"}};

static bool says_anything(const struct cli_args *a)
{
    for (size_t i = 0; i < NL_LEN(plain); i++)
        if (cli_value(a, plain[i].option))
            return true;
    return cli_value(a, "content-type") || cli_value(a, "metadata");
}

/* ── metadata: pairs that are counted first and stored then ── */

struct pairs {
    const char **all; /* NULL: only count */
    size_t n;
    nl_arena *arena;
};

static int add_pair(struct pairs *p, const char *name, const char *value, nl_error *err)
{
    if (!name || !value)
        return nl_fail_memory(err);
    if (p->all) {
        p->all[2 * p->n] = name;
        p->all[2 * p->n + 1] = value;
    }
    p->n++;
    return NL_OK;
}

static int bad_metadata(const char *text, const char *why, nl_error *err)
{
    return nl_fail(err, NL_INVALID, "--metadata '%s': %s", text, why);
}

static int add_metadata(struct pairs *p, const char *key, size_t key_len, const char *value, size_t len, nl_error *err)
{
    return add_pair(p, nl_arena_printf(p->arena, "x-amz-meta-%.*s", (int)key_len, key),
                    nl_arena_strndup(p->arena, value, len), err);
}

static int metadata_json(const char *text, struct pairs *p, nl_error *err)
{
    json_error_t where;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    const char *key;
    json_t *value;
    int rc = json_is_object(o) ? NL_OK : bad_metadata(text, o ? "no JSON object" : where.text, err);
    json_object_foreach(o, key, value)
    {
        if (rc)
            break;
        const char *s = json_string_value(value);
        rc = s ? add_metadata(p, key, strlen(key), s, strlen(s), err) : bad_metadata(text, "a value is no string", err);
    }
    json_decref(o);
    return rc;
}

static int metadata_words(const char *text, struct pairs *p, nl_error *err)
{
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ","), key = strcspn(at, "=,");
        if (key == len || !key)
            return bad_metadata(text, "neither KEY=VALUE,… nor a JSON object", err);
        int rc = add_metadata(p, at, key, at + key + 1, len - key - 1, err);
        if (rc)
            return rc;
        at += len + (at[len] == ',');
    }
    return NL_OK;
}

/* All headers but the type. */
static int gather(const struct cli_args *a, struct pairs *p, nl_error *err)
{
    int rc = NL_OK;
    const char *metadata = cli_value(a, "metadata"), *value;
    for (size_t i = 0; !rc && i < NL_LEN(plain); i++)
        if ((value = cli_value(a, plain[i].option)))
            rc = add_pair(p, plain[i].header, value, err);
    if (!rc && metadata)
        rc = metadata[strspn(metadata, " \t\n")] == '{' ? metadata_json(metadata, p, err)
                                                        : metadata_words(metadata, p, err);
    return rc;
}

/* ── for the commands ── */

int s3_headers_check(const struct cli_args *a, nl_error *err)
{
    const char *directive = cli_value(a, "metadata-directive");
    if (cli_value(a, "storage-class"))
        return nl_fail(err, NL_INVALID, "--storage-class is not supported: objects lie in their bucket's usual class");
    if (cli_value(a, "acl"))
        return nl_fail(err, NL_INVALID, "--acl is not supported: who may do what is the bucket's policy");
    if (directive && !strcmp(directive, "REPLACE") && !says_anything(a))
        return nl_fail(err, NL_INVALID, "--metadata-directive REPLACE: by what? Add --content-type or --metadata");
    if (directive && !strcmp(directive, "COPY") && says_anything(a))
        return nl_fail(err, NL_INVALID, "--metadata-directive COPY keeps the source's headers, others are given too");
    struct s3_headers h;
    int rc = s3_headers_read(a, &h, err);
    s3_headers_free(&h);
    return rc;
}

int s3_headers_read(const struct cli_args *a, struct s3_headers *out, nl_error *err)
{
    *out = (struct s3_headers){.type = cli_value(a, "content-type"), .guess = !cli_flag(a, "no-guess-mime-type")};
    struct pairs p = {.arena = &out->arena};
    int rc = gather(a, &p, err);
    if (!rc && p.n) {
        p.all = nl_arena_array(&out->arena, 2 * p.n + 1, sizeof *p.all);
        p.n = 0;
        rc = p.all ? gather(a, &p, err) : nl_fail_memory(err);
        out->all = p.all;
    }
    if (rc)
        s3_headers_free(out);
    return rc;
}

void s3_headers_free(struct s3_headers *h)
{
    nl_arena_free(&h->arena);
    *h = (struct s3_headers){0};
}

void s3_headers_put(const struct s3_headers *h, const char *from, const char *to, nl_put_options *o)
{
    if (!cli_is_s3(to))
        return;
    bool guess = h->guess && strcmp(from, "-") != 0 && (!cli_is_s3(from) || h->all);
    o->content_type = h->type ? h->type : guess ? cli_mime_of(from) : NULL;
    o->headers = h->all;
}
