/* answer.c: see answer.h. */
#include "store/credentials/answer.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "s3proto/time.h"
#include "s3proto/xml.h"

enum { most_key = 4096, most_token = 32768, most_xml = 256 << 10 };

bool store_key_ok(const char *text, size_t most)
{
    size_t n = 0;
    while (n <= most && text[n] > ' ' && text[n] < 127)
        n++;
    return n && n <= most && !text[n];
}

bool store_answer_date(const char *text, int64_t *seconds)
{
    char copy[64];
    size_t len = strlen(text);
    int64_t shift = 0;
    if (s3_time_parse_iso(text, seconds))
        return true;
    if (len < 10 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len + 1);
    char *zone = copy + len - 6;
    if (nl_ends_with(copy, "UTC")) {
        zone = copy + len - 3;
    } else {
        bool digits = zone[3] == ':' && strspn(zone + 1, "0123456789") == 2 && strspn(zone + 4, "0123456789") == 2;
        if (!digits || (*zone != '+' && *zone != '-'))
            return false;
        int hours = (zone[1] - '0') * 10 + zone[2] - '0', minutes = (zone[4] - '0') * 10 + zone[5] - '0';
        shift = (hours * 60 + minutes) * 60 * (*zone == '+' ? 1 : -1);
    }
    memcpy(zone, "Z", 2);
    if (!s3_time_parse_iso(copy, seconds))
        return false;
    *seconds -= shift;
    return true;
}

/* A field that is copied once it has been found good (N1). NULL value: required and missing. */
static int take(nl_arena *arena, const char **to, const char *name, const char *value, size_t most, nl_error *err)
{
    if (!value)
        return nl_fail(err, NL_IO, "the answer has no %s", name);
    if (!store_key_ok(value, most))
        return nl_fail(err, NL_IO, "the answer's %s is no key", name);
    *to = nl_arena_strdup(arena, value);
    return *to ? NL_OK : nl_fail_memory(err);
}

static int take_all(nl_arena *arena, const char *const names[4], const char *const values[4], struct store_answer *out,
                    nl_error *err)
{
    int rc = take(arena, &out->access, names[0], values[0], most_key, err);
    if (!rc)
        rc = take(arena, &out->secret, names[1], values[1], most_key, err);
    if (!rc && values[2] && *values[2])
        rc = take(arena, &out->token, names[2], values[2], most_token, err);
    if (!rc && values[3] && !store_answer_date(values[3], &out->expires))
        rc = nl_fail(err, NL_IO, "the answer's %s is no date", names[3]);
    return rc;
}

/* ── JSON ── */

/* Field names by kind: key, secret, token, end. */
static const char *const fields[][4] = {
    [STORE_ANSWER_CONTAINER] = {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"},
    [STORE_ANSWER_INSTANCE] = {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"},
    [STORE_ANSWER_PROCESS] = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"},
    [STORE_ANSWER_SSO] = {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"},
};

/* The refusals that come with a 200. */
static int check_json(enum store_answer_kind kind, const json_t *root, const char *text, size_t len, nl_error *err)
{
    const char *code = json_string_value(json_object_get(root, "Code"));
    if (kind == STORE_ANSWER_INSTANCE && code && strcmp(code, "Success") != 0) {
        char refusal[400];
        store_answer_refusal(text, len, refusal);
        return nl_fail(err, NL_DENIED, "%s", refusal);
    }
    const json_t *version = json_object_get(root, "Version");
    if (kind == STORE_ANSWER_PROCESS && json_integer_value(version) != 1)
        return nl_fail(err, NL_IO, "the answer has no \"Version\": 1");
    return NL_OK;
}

static int take_json(nl_arena *arena, enum store_answer_kind kind, const json_t *o, struct store_answer *out,
                     nl_error *err)
{
    const char *const *names = fields[kind];
    const char *values[4];
    for (size_t i = 0; i < NL_LEN(values); i++) {
        const json_t *field = json_object_get(o, names[i]);
        values[i] = json_string_value(field);
        bool number = kind == STORE_ANSWER_SSO && i == 3 && json_is_integer(field);
        if (field && !values[i] && !json_is_null(field) && !number)
            return nl_fail(err, NL_IO, "the answer's %s is no string", names[i]);
        if (number && json_integer_value(field) <= 0)
            return nl_fail(err, NL_IO, "the answer's %s is no date", names[i]);
        if (number)
            out->expires = (int64_t)(json_integer_value(field) / 1000);
    }
    return take_all(arena, names, values, out, err);
}

int store_answer_json(nl_arena *arena, enum store_answer_kind kind, const char *text, size_t len,
                      struct store_answer *out, nl_error *err)
{
    *out = (struct store_answer){0};
    json_t *root = json_loadb(text, len, 0, NULL); /* a string with a NUL inside is refused there */
    const json_t *o = kind == STORE_ANSWER_SSO ? json_object_get(root, "roleCredentials") : root;
    int rc = NL_OK;
    if (!json_is_object(root))
        rc = nl_fail(err, NL_IO, "the answer is no JSON object");
    else
        rc = check_json(kind, root, text, len, err);
    if (!rc && !json_is_object(o))
        rc = nl_fail(err, NL_IO, "the answer has no roleCredentials");
    if (!rc)
        rc = take_json(arena, kind, o, out, err);
    json_decref(root);
    return rc;
}

/* ── XML ── */

int store_answer_sts(nl_arena *arena, const char *root, const char *text, size_t len, struct store_answer *out,
                     nl_error *err)
{
    static const char *const names[4] = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"};
    nl_arena scratch = {0};
    s3_xml_node *tree;
    *out = (struct store_answer){0};
    int rc = s3_xml_parse(&scratch, text, len, most_xml, &tree, err);
    if (rc && rc != NL_NO_MEMORY)
        rc = nl_fail(err, NL_IO, "the answer is no XML");
    if (!rc && strcmp(tree->name, root) != 0)
        rc = nl_fail(err, NL_IO, "the answer is no <%s>", root);
    char result[64];
    snprintf(result, sizeof result, "%.*sResult", (int)(strlen(root) - strlen("Response")), root);
    if (!rc) {
        const s3_xml_node *c = s3_xml_child(s3_xml_child(tree, result), "Credentials");
        const char *values[4];
        for (size_t i = 0; i < NL_LEN(values); i++)
            values[i] = s3_xml_child_text(c, names[i]);
        rc = c ? take_all(arena, names, values, out, err) : nl_fail(err, NL_IO, "the answer has no <Credentials>");
    }
    nl_arena_free(&scratch);
    return rc;
}

/* ── refusals ── */

static void join(const char *code, const char *message, char out[static 400])
{
    char text[800];
    int n =
        snprintf(text, sizeof text, "%s%s%s", code ? code : "", code && message ? ": " : "", message ? message : "");
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    nl_printable(text, len, out, 400);
}

static const char *string_of(const json_t *o, const char *a, const char *b, const char *c)
{
    const char *value = json_string_value(json_object_get(o, a));
    value = value ? value : json_string_value(json_object_get(o, b));
    return value ? value : json_string_value(json_object_get(o, c));
}

void store_answer_refusal(const char *text, size_t len, char out[static 400])
{
    out[0] = 0;
    json_t *o = json_loadb(text, len, 0, NULL);
    if (o) {
        join(string_of(o, "Code", "code", "error"), string_of(o, "Message", "message", "error_description"), out);
        json_decref(o);
        return;
    }
    nl_arena scratch = {0};
    s3_xml_node *tree;
    if (!s3_xml_parse(&scratch, text, len, most_xml, &tree, NULL)) {
        const s3_xml_node *e = strcmp(tree->name, "Error") ? s3_xml_child(tree, "Error") : tree;
        join(s3_xml_child_text(e, "Code"), s3_xml_child_text(e, "Message"), out);
    }
    nl_arena_free(&scratch);
}
