/* tests/server/s3/policy.c: which policies are taken, and what each gives to who does not sign. */
#include "server/s3/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "support/check.h"
#include "support/tmp.h"

#define ONE(fields)  "{\"Version\":\"2012-10-17\",\"Statement\":[{" fields "}]}"
#define ALLOW        "\"Effect\":\"Allow\",\"Principal\":\"*\","
#define GETS         "\"Action\":\"s3:GetObject\","
#define ALL_KEYS     "\"Resource\":\"arn:aws:s3:::bucket/*\""
#define PUBLIC       ONE(ALLOW GETS ALL_KEYS)
#define OF(resource) ONE(ALLOW GETS "\"Resource\":\"" resource "\"")

static void documents(void **state)
{
    static const struct {
        const char *why, *text;
        int want;
        const char *part; /* of the error; where it is taken: which prefixes, joined */
        bool list, location;
    } cases[] = {
        {"all keys", PUBLIC, NL_OK, "|", false, false},
        {"keys with a prefix", OF("arn:aws:s3:::bucket/pub/*"), NL_OK, "pub/|", false, false},
        {"as mc writes it",
         "{\"Statement\":[{\"Sid\":\"\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"*\"]},\"Action\":[\"s3:"
         "GetBucketLocation\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::bucket\"]},{\"Effect\":\"Allow\","
         "\"Principal\":{\"AWS\":\"*\"},\"Action\":[\"s3:GetObject\"],\"Resource\":[\"arn:aws:s3:::bucket/a*\","
         "\"arn:aws:s3:::bucket/b/*\"]}]}",
         NL_OK, "a|b/|", true, true},
        {"one statement without a list", "{\"Statement\":{" ALLOW GETS ALL_KEYS "}}", NL_OK, "|", false, false},
        {"one action for both kinds of resource",
         ONE(ALLOW "\"Action\":[\"s3:GetObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::bucket\","
                   "\"arn:aws:s3:::bucket/*\"]"),
         NL_OK, "|", true, false},
        {"nothing", "", NL_INVALID, "valid JSON", false, false},
        {"no JSON", "{", NL_INVALID, "valid JSON", false, false},
        {"a list", "[]", NL_INVALID, "Statement", false, false},
        {"a key twice", "{\"Statement\":[],\"Statement\":[]}", NL_INVALID, "valid JSON", false, false},
        {"no statement", "{\"Statement\":[]}", NL_INVALID, "Statement", false, false},
        {"a statement that is none", "{\"Statement\":[7]}", NL_INVALID, "needs Effect", false, false},
        {"another version", "{\"Version\":\"2025\",\"Statement\":[{}]}", NL_INVALID, "version", false, false},
        {"no principal", ONE("\"Effect\":\"Allow\"," GETS ALL_KEYS), NL_INVALID, "needs Effect", false, false},
        {"no action", ONE(ALLOW ALL_KEYS), NL_INVALID, "no Action", false, false},
        {"an action that is no text", ONE(ALLOW "\"Action\":[7]," ALL_KEYS), NL_INVALID, "no Action", false, false},
        {"no resource", ONE(ALLOW "\"Action\":\"s3:GetObject\""), NL_INVALID, "needs Effect", false, false},
        {"another bucket", OF("arn:aws:s3:::other/*"), NL_INVALID, "invalid resource", false, false},
        {"a bucket whose name goes on", OF("arn:aws:s3:::bucket2/*"), NL_INVALID, "invalid resource", false, false},
        {"no ARN", OF("bucket/*"), NL_INVALID, "invalid resource", false, false},
        {"reading keys of the bucket as such", OF("arn:aws:s3:::bucket"), NL_INVALID, "does not apply", false, false},
        {"listing of keys", ONE(ALLOW "\"Action\":\"s3:ListBucket\"," ALL_KEYS), NL_INVALID, "does not apply", false,
         false},
        {"one key", OF("arn:aws:s3:::bucket/key"), NL_UNSUPPORTED, "PREFIX*", false, false},
        {"a star within", OF("arn:aws:s3:::bucket/a*b*"), NL_UNSUPPORTED, "PREFIX*", false, false},
        {"a question mark", OF("arn:aws:s3:::bucket/a?*"), NL_UNSUPPORTED, "PREFIX*", false, false},
        {"a variable", OF("arn:aws:s3:::bucket/${aws:username}/*"), NL_UNSUPPORTED, "PREFIX*", false, false},
        {"writing", ONE(ALLOW "\"Action\":\"s3:PutObject\"," ALL_KEYS), NL_UNSUPPORTED, "s3:PutObject", false, false},
        {"everything", ONE(ALLOW "\"Action\":\"s3:*\"," ALL_KEYS), NL_UNSUPPORTED, "s3:*", false, false},
        {"a denial", ONE("\"Effect\":\"Deny\",\"Principal\":\"*\"," GETS ALL_KEYS), NL_UNSUPPORTED, "Allow", false,
         false},
        {"somebody", ONE("\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"}," GETS ALL_KEYS),
         NL_UNSUPPORTED, "Principal", false, false},
        {"a condition", ONE(ALLOW GETS ALL_KEYS ",\"Condition\":{}"), NL_UNSUPPORTED, "Condition", false, false},
        {"all actions but", ONE(ALLOW "\"NotAction\":\"s3:GetObject\"," GETS ALL_KEYS), NL_UNSUPPORTED, "NotAction",
         false, false},
    };
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena arena = {0};
        nl_error err = {0};
        nl_buf got = {0};
        s3_policy p;
        check_why("%s", cases[i].why);
        int rc = s3_policy_parse(&arena, cases[i].text, strlen(cases[i].text), "bucket", &p, &err);
        CHECK_INT(rc, cases[i].want);
        for (size_t n = 0; n < p.n_prefixes && !rc; n++)
            nl_buf_printf(&got, NULL, "%s|", p.prefixes[n]);
        if (rc) {
            CHECK_HAS(err.message, cases[i].part);
        } else {
            CHECK_STR(got.data, cases[i].part);
            CHECK_INT(p.list, cases[i].list);
            CHECK_INT(p.location, cases[i].location);
        }
        nl_buf_free(&got);
        nl_arena_free(&arena);
    }
    check_why("%s", "");
}

struct ask {
    const char *why, *method, *target, *body;
    int status;
    const char *part;
};

static void ask_all(struct fixture *f, bool sign, const struct ask *asks, size_t n)
{
    f->client.access_key = sign ? f->access : NULL;
    f->client.payload = sign ? NULL : "UNSIGNED-PAYLOAD";
    for (size_t i = 0; i < n; i++) {
        check_why("%s, %s", sign ? "signed" : "unsigned", asks[i].why);
        CHECK_INT(request(f, asks[i].method, asks[i].target, NULL, asks[i].body), asks[i].status);
        if (asks[i].part)
            CHECK_HAS(f->reply.body.data, asks[i].part);
    }
    check_why("%s", "");
}

static void what_it_gives(void **state)
{
    struct fixture *f = *state;
    static const struct ask before[] = {
        {"no policy", "GET", "/bucket?policy", NULL, 404, "NoSuchBucketPolicy"},
        {"no status", "GET", "/bucket?policyStatus", NULL, 404, "NoSuchBucketPolicy"},
        {"open", "PUT", "/bucket/pub/a", "bytes", 200, NULL},
        {"private", "PUT", "/bucket/private", "bytes", 200, NULL},
        {"reading keys of a prefix", "PUT", "/bucket?policy", OF("arn:aws:s3:::bucket/pub/*"), 204, NULL},
        {"a wrong one", "PUT", "/bucket?policy", "{", 400, "MalformedPolicy"},
        {"one that asks for more", "PUT", "/bucket?policy", ONE(ALLOW "\"Action\":\"s3:*\"," ALL_KEYS), 501,
         "NotImplemented"},
        {"it is still the first", "GET", "/bucket?policy", NULL, 200, "bucket/pub/*"},
        {"its status", "GET", "/bucket?policyStatus", NULL, 200, "<IsPublic>true</IsPublic>"},
        {"of no bucket", "PUT", "/missing?policy", PUBLIC, 404, "NoSuchBucket"},
    };
    static const struct ask reading[] = {
        {"a key of the prefix", "GET", "/bucket/pub/a", NULL, 200, "bytes"},
        {"its head", "HEAD", "/bucket/pub/a", NULL, 200, NULL},
        {"its tags", "GET", "/bucket/pub/a?tagging", NULL, 403, "AccessDenied"},
        {"its attributes", "GET", "/bucket/pub/a?attributes", NULL, 403, "AccessDenied"},
        {"its parts", "GET", "/bucket/pub/a?uploadId=0", NULL, 403, "AccessDenied"},
        {"a header of its own", "GET", "/bucket/pub/a?response-content-type=a/b", NULL, 400, "InvalidRequest"},
        {"another key", "GET", "/bucket/private", NULL, 403, "AccessDenied"},
        {"a key that only looks so", "GET", "/bucket/pub%2F..%2Fprivate", NULL, 404, "NoSuchKey"},
        {"a key that is not there", "GET", "/bucket/pub/none", NULL, 404, "NoSuchKey"},
        {"writing", "PUT", "/bucket/pub/a", "other", 403, "AccessDenied"},
        {"deleting", "DELETE", "/bucket/pub/a", NULL, 403, "AccessDenied"},
        {"a part", "POST", "/bucket/pub/a?uploads", NULL, 403, "AccessDenied"},
        {"listing", "GET", "/bucket?prefix=pub/", NULL, 403, "AccessDenied"},
        {"the bucket", "HEAD", "/bucket", NULL, 403, NULL},
        {"its policy", "GET", "/bucket?policy", NULL, 403, "AccessDenied"},
        {"all buckets", "GET", "/", NULL, 403, "AccessDenied"},
    };
    static const struct ask more[] = {
        {"listing too", "PUT", "/bucket?policy",
         ONE(ALLOW "\"Action\":[\"s3:ListBucket\"],\"Resource\":\"arn:aws:s3:::bucket\""), 204, NULL},
    };
    static const struct ask listing[] = {
        {"listing", "GET", "/bucket?list-type=2", NULL, 200, "<Key>private</Key>"},
        {"listing as of old", "GET", "/bucket", NULL, 200, "<Key>pub/a</Key>"},
        {"the bucket", "HEAD", "/bucket", NULL, 200, NULL},
        {"where it is", "GET", "/bucket?location", NULL, 403, "AccessDenied"},
        {"uploads", "GET", "/bucket?uploads", NULL, 403, "AccessDenied"},
        {"its policy", "GET", "/bucket?policy", NULL, 403, "AccessDenied"},
        {"a key", "GET", "/bucket/pub/a", NULL, 403, "AccessDenied"},
        {"many deletions", "POST", "/bucket?delete", "<Delete/>", 403, "AccessDenied"},
        {"the end of the bucket", "DELETE", "/bucket", NULL, 403, "AccessDenied"},
    };
    static const struct ask after[] = {
        {"the end of the policy", "DELETE", "/bucket?policy", NULL, 204, NULL},
        {"and once more", "DELETE", "/bucket?policy", NULL, 204, NULL},
        {"it is gone", "GET", "/bucket?policy", NULL, 404, "NoSuchBucketPolicy"},
    };
    ask_all(f, true, before, NL_LEN(before));
    ask_all(f, false, reading, NL_LEN(reading));
    ask_all(f, true, more, NL_LEN(more));
    ask_all(f, false, listing, NL_LEN(listing));
    ask_all(f, true, after, NL_LEN(after));
    ask_all(f, false, &(struct ask){"listing", "GET", "/bucket", NULL, 403, "AccessDenied"}, 1);
}

/* "Everybody" has keys too: one that may do nothing there reads what strangers read, and no more. */
static void other_keys(void **state)
{
    struct fixture *f = *state;
    static const struct ask cases[] = {
        {"reading", "GET", "/bucket/pub/a", NULL, 200, "bytes"},
        {"another key", "GET", "/bucket/private", NULL, 403, "AccessDenied"},
        {"writing", "PUT", "/bucket/pub/a", "x", 403, "AccessDenied"},
        {"ending it", "DELETE", "/bucket?policy", NULL, 403, "AccessDenied"},
        {"its own", "PUT", "/other", NULL, 200, NULL},
    };
    char *keys = tmp_path(f->root, "keys.yaml");
    tmp_write_text(keys, "- {access_key: owner, secret_key: owner-secret}\n"
                         "- {access_key: guest, secret_key: guest-secret, buckets: [other]}\n");
    fixture_start_with(f, (struct s3_server_options){.credentials_file = keys, .durability = S3_DURABILITY_NONE});
    f->client.access_key = "owner";
    f->client.secret_key = "owner-secret";
    CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), 200);
    CHECK_INT(request(f, "PUT", "/bucket/pub/a", NULL, "bytes"), 200);
    CHECK_INT(request(f, "PUT", "/bucket/private", NULL, "bytes"), 200);
    CHECK_INT(request(f, "PUT", "/bucket?policy", NULL, OF("arn:aws:s3:::bucket/pub/*")), 204);
    f->client.secret_key = "guest-secret";
    f->client.access_key = "guest";
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(request(f, cases[i].method, cases[i].target, NULL, cases[i].body), cases[i].status);
        if (cases[i].part)
            CHECK_HAS(f->reply.body.data, cases[i].part);
    }
    check_why("%s", "");
    free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test_setup_teardown(what_it_gives, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_keys, fixture_folder, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
