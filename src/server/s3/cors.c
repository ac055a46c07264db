/* cors.c: rules of <CORSConfiguration>, matched. */
#include "server/s3/cors.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "server/s3/disk/config.h"
#include "server/s3/internal.h"

static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};

static bool is_method(const char *text)
{
    for (size_t i = 0; i < NL_LEN(methods); i++)
        if (!strcmp(methods[i], text))
            return true;
    return false;
}

bool s3_cors_match(const char *pattern, const char *text, bool fold)
{
    int (*compare)(const char *, const char *, size_t) = fold ? strncasecmp : strncmp;
    size_t len = strlen(text), head = strcspn(pattern, "*");
    if (!pattern[head])
        return len == head && !compare(pattern, text, len);
    size_t tail = strlen(pattern + head + 1);
    return len >= head + tail && !compare(pattern, text, head) && !compare(pattern + head + 1, text + len - tail, tail);
}

/* ── the document ── */

/* What is wrong with a rule; NULL: nothing. Patterns become header values: no control characters. */
static const char *rule_fault(const s3_xml_node *rule)
{
    if (!s3_xml_child(rule, "AllowedOrigin") || !s3_xml_child(rule, "AllowedMethod"))
        return "A CORSRule needs AllowedOrigin and AllowedMethod.";
    for (const s3_xml_node *n = rule->first; n; n = n->next) {
        const char *star = strchr(n->text, '*');
        bool pattern = !strcmp(n->name, "AllowedOrigin") || !strcmp(n->name, "AllowedHeader");
        for (const unsigned char *p = (const unsigned char *)n->text; *p; p++)
            if (*p < 0x20 || *p == 0x7F)
                return "A CORSRule may not hold control characters.";
        if (pattern && star && strchr(star + 1, '*'))
            return "AllowedOrigin and AllowedHeader can not have more than one wildcard.";
        if (!strcmp(n->name, "AllowedMethod") && !is_method(n->text))
            return "Found unsupported HTTP method in CORS config.";
        if (!strcmp(n->name, "ExposeHeader") && star)
            return "ExposeHeader contains a wildcard. We currently do not support wildcard for ExposeHeader.";
        uint64_t seconds;
        if (!strcmp(n->name, "MaxAgeSeconds") && (!nl_parse_u64(n->text, &seconds) || seconds > INT32_MAX))
            return "MaxAgeSeconds must be a number.";
    }
    return NULL;
}

static const s3_xml_node *parse(nl_arena *arena, const char *text, size_t len)
{
    s3_xml_node *root;
    if (s3_xml_parse(arena, text ? text : "", len, S3_CONFIG_MAX, &root, NULL) ||
        strcmp(root->name, "CORSConfiguration"))
        return NULL;
    return s3_xml_child(root, "CORSRule");
}

bool s3_cors_check(s3_request *rq, const char *text, size_t len)
{
    size_t n = 0;
    const s3_xml_node *rule = parse(rq->arena, text, len);
    if (!rule) {
        s3_refuse(rq, "MalformedXML", NULL);
        return false;
    }
    for (; rule; rule = s3_xml_again(rule)) {
        const char *fault = ++n > S3_CORS_RULES ? "At most 100 rules are allowed." : rule_fault(rule);
        if (fault) {
            s3_refuse(rq, "InvalidRequest", fault);
            return false;
        }
    }
    return true;
}

/* The rules of the bucket that is asked; NULL: none, or no such bucket. */
static const s3_xml_node *load(s3_request *rq)
{
    nl_buf text = {0};
    s3_bucket *b;
    const s3_xml_node *rule = NULL;
    if (!rq->bucket_name || s3_bucket_get(rq->server->disk, rq->bucket_name, &b, NULL))
        return NULL;
    if (s3_config_read(b, S3_CORS_FILE, &text, NULL) == NL_OK)
        rule = parse(rq->arena, text.data, text.len);
    s3_bucket_release(b);
    nl_buf_free(&text);
    return rule;
}

/* ── matching ── */

/* The child of that name whose pattern matches; NULL: none. */
static const s3_xml_node *matching(const s3_xml_node *rule, const char *child, const char *text, bool fold)
{
    const s3_xml_node *n = s3_xml_child(rule, child);
    while (n && !s3_cors_match(n->text, text, fold))
        n = s3_xml_again(n);
    return n;
}

/* Is each name of a comma-separated list allowed? */
static bool headers_match(s3_request *rq, const s3_xml_node *rule, const char *list)
{
    for (const char *p = list + strspn(list, ", \t"); *p; p += strspn(p, ", \t")) {
        size_t n = strcspn(p, ", \t");
        const char *name = nl_arena_strndup(rq->arena, p, n);
        if (!name || !matching(rule, "AllowedHeader", name, true))
            return false;
        p += n;
    }
    return true;
}

/* The children of that name, joined by ", "; nothing is added where there are none. */
static void add_list(s3_request *rq, const char *header, const s3_xml_node *rule, const char *child)
{
    nl_buf b = {0};
    int rc = NL_OK;
    for (const s3_xml_node *n = s3_xml_child(rule, child); n && !rc; n = s3_xml_again(n))
        rc = nl_buf_printf(&b, NULL, "%s%s", b.len ? ", " : "", n->text);
    if (!rc && b.len)
        http_add_header(rq->http, header, b.data);
    nl_buf_free(&b);
}

static void allow(s3_request *rq, const s3_xml_node *rule, const char *origin)
{
    const char *pattern = matching(rule, "AllowedOrigin", origin, false)->text;
    bool any = !strcmp(pattern, "*");
    http_add_header(rq->http, "Access-Control-Allow-Origin", any ? "*" : origin);
    if (!any)
        http_add_header(rq->http, "Access-Control-Allow-Credentials", "true");
    add_list(rq, "Access-Control-Allow-Methods", rule, "AllowedMethod");
    add_list(rq, "Access-Control-Expose-Headers", rule, "ExposeHeader");
    if (s3_xml_child_text(rule, "MaxAgeSeconds"))
        http_add_header(rq->http, "Access-Control-Max-Age", s3_xml_child_text(rule, "MaxAgeSeconds"));
}

/* K1. headers: what a preflight announces; NULL: none. */
static const s3_xml_node *find(s3_request *rq, const s3_xml_node *rule, const char *origin, const char *method,
                               const char *headers)
{
    for (; rule; rule = s3_xml_again(rule))
        if (matching(rule, "AllowedOrigin", origin, false) && matching(rule, "AllowedMethod", method, false) &&
            (!headers || headers_match(rq, rule, headers)))
            return rule;
    return NULL;
}

void s3_cors_add_headers(s3_request *rq)
{
    const char *origin = s3_header(rq, "Origin");
    const s3_xml_node *rules = origin ? load(rq) : NULL;
    if (!rules)
        return;
    http_add_header(rq->http, "Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    const s3_xml_node *rule = find(rq, rules, origin, rq->method, NULL);
    if (rule)
        allow(rq, rule, origin);
}

void s3_cors_preflight(s3_request *rq)
{
    const char *origin = s3_header(rq, "Origin"), *method = s3_header(rq, "Access-Control-Request-Method");
    const char *headers = s3_header(rq, "Access-Control-Request-Headers");
    if (!origin) {
        s3_refuse(rq, "BadRequest", "Insufficient information. Origin request header needed.");
        return;
    }
    if (!method || !is_method(method)) {
        s3_refusef(rq, "BadRequest", "Invalid Access-Control-Request-Method: %s", method ? method : "null");
        return;
    }
    const s3_xml_node *rules = load(rq);
    const s3_xml_node *rule = rules ? find(rq, rules, origin, method, headers) : NULL;
    if (!rule) {
        s3_refuse(rq, "AccessForbidden",
                  rules ? "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of "
                          "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers "
                          "are not whitelisted by the resource's CORS spec."
                        : "CORSResponse: CORS is not enabled for this bucket.");
        return;
    }
    allow(rq, rule, origin);
    if (headers && *headers)
        http_add_header(rq->http, "Access-Control-Allow-Headers", headers);
    http_add_header(rq->http, "Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    s3_answer_empty(rq, 200);
}
