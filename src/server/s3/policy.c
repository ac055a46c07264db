/* policy.c: policies, as far as they open a bucket to readers. */
#include "server/s3/policy.h"

#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "server/s3/disk/config.h"
#include "server/s3/internal.h"

#define ARN "arn:aws:s3:::"

/* Actions by bit: what one statement gives. */
enum { GET = 1, LIST = 2, LOCATION = 4 };

static const struct {
    const char *name;
    unsigned bit;
} actions[] = {{"s3:GetObject", GET}, {"s3:ListBucket", LIST}, {"s3:GetBucketLocation", LOCATION}};

/* How many texts a value holds, one or a list of them; 0: it holds something else. */
static size_t count_texts(const json_t *value)
{
    if (json_is_string(value))
        return 1;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_string(json_array_get(value, i)))
            return 0;
    return json_array_size(value);
}

static const char *text_at(const json_t *value, size_t i)
{
    return json_string_value(json_is_string(value) ? value : json_array_get(value, i));
}

static bool is_everybody(const json_t *principal)
{
    if (json_is_object(principal) && json_object_size(principal) == 1)
        principal = json_object_get(principal, "AWS");
    return count_texts(principal) == 1 && !strcmp(text_at(principal, 0), "*");
}

/* Only what is understood may stand in a statement. */
static int check_fields(const json_t *statement, nl_error *err)
{
    static const char *const known[] = {"Sid", "Effect", "Principal", "Action", "Resource"};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)statement, name, value)
    {
        bool found = false;
        for (size_t i = 0; i < NL_LEN(known) && !found; i++)
            found = !strcmp(known[i], name);
        if (!found)
            return nl_fail(err, NL_UNSUPPORTED,
                           "A policy's %s is not supported: this server knows public reading alone.", name);
    }
    return NL_OK;
}

static int take_actions(const json_t *value, unsigned *bits, nl_error *err)
{
    size_t n = count_texts(value);
    *bits = 0;
    if (n == 0)
        return nl_fail(err, NL_INVALID, "A statement has no Action.");
    for (size_t i = 0; i < n; i++) {
        unsigned bit = 0;
        for (size_t a = 0; a < NL_LEN(actions); a++)
            if (!strcmp(actions[a].name, text_at(value, i)))
                bit = actions[a].bit;
        if (!bit)
            return nl_fail(err, NL_UNSUPPORTED,
                           "The action %s is not supported: a policy may give s3:GetObject, s3:ListBucket and "
                           "s3:GetBucketLocation to everybody.",
                           text_at(value, i));
        *bits |= bit;
    }
    return NL_OK;
}

/* "arn:aws:s3:::BUCKET" gives the bucket's actions, "arn:aws:s3:::BUCKET/PREFIX*" gives the keys'. */
static int take_resource(nl_arena *arena, const char *arn, const char *bucket, unsigned bits, s3_policy *out,
                         nl_error *err)
{
    size_t len = strlen(bucket);
    if (strncmp(arn, ARN, strlen(ARN)) || strncmp(arn + strlen(ARN), bucket, len))
        return nl_fail(err, NL_INVALID, "Policy has invalid resource");
    const char *rest = arn + strlen(ARN) + len;
    if (!*rest) {
        out->list |= (bits & LIST) != 0;
        out->location |= (bits & LOCATION) != 0;
        return bits & (LIST | LOCATION)
                   ? NL_OK
                   : nl_fail(err, NL_INVALID, "Action does not apply to any resource(s) in statement");
    }
    if (*rest++ != '/')
        return nl_fail(err, NL_INVALID, "Policy has invalid resource");
    size_t end = strlen(rest);
    if (end == 0 || rest[end - 1] != '*' || strcspn(rest, "*?$") != end - 1)
        return nl_fail(err, NL_UNSUPPORTED, "A resource must be %s%s or %s%s/PREFIX*.", ARN, bucket, ARN, bucket);
    if (!(bits & GET))
        return nl_fail(err, NL_INVALID, "Action does not apply to any resource(s) in statement");
    const char *prefix = nl_arena_strndup(arena, rest, end - 1);
    if (!prefix)
        return nl_fail_memory(err);
    out->prefixes[out->n_prefixes++] = prefix;
    return NL_OK;
}

static int take_statement(nl_arena *arena, const json_t *statement, const char *bucket, s3_policy *out, nl_error *err)
{
    unsigned bits;
    const char *effect = json_string_value(json_object_get(statement, "Effect"));
    const json_t *resource = json_object_get(statement, "Resource");
    size_t n = count_texts(resource);
    if (!json_is_object(statement) || !effect || n == 0 || !json_object_get(statement, "Principal"))
        return nl_fail(err, NL_INVALID, "A statement needs Effect, Principal, Action and Resource.");
    int rc = check_fields(statement, err);
    if (rc)
        return rc;
    if (strcmp(effect, "Allow") || !is_everybody(json_object_get(statement, "Principal")))
        return nl_fail(err, NL_UNSUPPORTED, "Only \"Effect\": \"Allow\" for \"Principal\": \"*\" is supported.");
    rc = take_actions(json_object_get(statement, "Action"), &bits, err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = take_resource(arena, text_at(resource, i), bucket, bits, out, err);
    return rc;
}

/* All resources that a policy names, at most. */
static size_t count_resources(const json_t *list)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += count_texts(json_object_get(json_array_get(list, i), "Resource"));
    return n;
}

static int take_policy(nl_arena *arena, const json_t *root, const char *bucket, s3_policy *out, nl_error *err)
{
    const json_t *list = json_object_get(root, "Statement");
    bool one = json_is_object(list);
    size_t n = one ? 1 : json_array_size(list);
    const char *version = json_string_value(json_object_get(root, "Version"));
    if (n == 0 || (version && strcmp(version, "2012-10-17") && strcmp(version, "2008-10-17")))
        return nl_fail(err, NL_INVALID,
                       n ? "Policies must have the version 2012-10-17 or 2008-10-17"
                         : "Missing required field Statement");
    size_t room = one ? count_texts(json_object_get(list, "Resource")) : count_resources(list);
    out->prefixes = nl_arena_array(arena, room + 1, sizeof(*out->prefixes));
    if (!out->prefixes)
        return nl_fail_memory(err);
    int rc = NL_OK;
    for (size_t i = 0; i < n && !rc; i++)
        rc = take_statement(arena, one ? list : json_array_get(list, i), bucket, out, err);
    return rc;
}

int s3_policy_parse(nl_arena *arena, const char *text, size_t len, const char *bucket, s3_policy *out, nl_error *err)
{
    *out = (s3_policy){0};
    json_t *root = len <= S3_POLICY_MAX ? json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!root)
        return nl_fail(err, NL_INVALID,
                       "Policies must be valid JSON of at most 20 KiB, and the first byte must be '{'");
    int rc = take_policy(arena, root, bucket, out, err);
    json_decref(root);
    return rc;
}

const s3_policy *s3_policy_of(s3_request *rq)
{
    nl_buf text = {0};
    s3_bucket *b;
    if (rq->policy || rq->policy_read)
        return rq->policy;
    rq->policy_read = true;
    if (!rq->bucket_name || s3_bucket_check(rq->bucket_name, strlen(rq->bucket_name), NULL) ||
        s3_bucket_get(rq->server->disk, rq->bucket_name, &b, NULL))
        return NULL;
    s3_policy *p = nl_arena_alloc(rq->arena, sizeof(*p));
    /* One that does not parse gives nothing. */
    if (p && !s3_config_read(b, S3_POLICY_FILE, &text, NULL) &&
        !s3_policy_parse(rq->arena, text.data, text.len, rq->bucket_name, p, NULL))
        rq->policy = p;
    s3_bucket_release(b);
    nl_buf_free(&text);
    return rq->policy;
}

bool s3_policy_reads(const s3_policy *p, const char *key)
{
    for (size_t i = 0; i < p->n_prefixes; i++)
        if (!strncmp(p->prefixes[i], key, strlen(p->prefixes[i])))
            return true;
    return false;
}
