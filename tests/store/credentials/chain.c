/* chain.c: each place that has keys, asked through a stand-in of its service; who comes before whom; what is said where
 * something is missing or wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "s3proto/time.h"
#include "services.h"
#include "store/credentials/sources.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

static struct services s;
static struct store_keys *keys;
static nl_error err;

static int setup(void **state)
{
    (void)state;
    services_start(&s);
    err = (nl_error){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_keys_unref(keys);
    keys = NULL;
    services_stop(&s);
    return 0;
}

/* Resolve again, dropping what was there. */
static int ask(const char *profile)
{
    nl_store_options o = {.profile = profile};
    store_keys_unref(keys);
    err = (nl_error){0};
    return services_keys(&s, &o, &keys, &err);
}

#define CHECK_KEYS(profile, access_key, from)                                                                          \
    do {                                                                                                               \
        CHECK_OK(ask(profile), err);                                                                                   \
        CHECK_STR(keys->access, access_key);                                                                           \
        CHECK_STR(keys->source, from);                                                                                 \
    } while (0)

static const char *body_of(size_t i)
{
    return standin_seen(s.standin, i)->body;
}

static const char *head_of(size_t i)
{
    return standin_seen(s.standin, i)->head;
}

static void nothing_is_set(void **state)
{
    (void)state;
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "no S3 credentials: looked at the environment, profile \"default\" in ");
    CHECK_HAS(err.message, "/.aws/config (no such file) and ");
    CHECK_HAS(err.message, "no container endpoint, instance metadata is switched off");
    CHECK_HAS(err.hint, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    CHECK_HAS(err.hint, "eval \"$(neuralake s3 env [--root DIR])\"");
    CHECK_HAS(err.hint, "--no-sign-request");
    CHECK_INT(standin_count(s.standin), 0);
    services_file(&s, ".aws/config", "[profile lab]\nregion = r\n");
    CHECK_FAILS(ask("lab"), NL_DENIED, err, "looked at profile \"lab\" in ");
    services_file(&s, ".aws/config", "[default]\nlogin_session = arn:x\n");
    CHECK_FAILS(ask(NULL), NL_UNSUPPORTED, err, "login_session");
}

static void the_order(void **state)
{
    (void)state;
    /* From the last place to the first: each new one wins over those below it. */
    CHECK_KEYS(NULL, "EC2-1", "instance role lake%20role");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container", 1);
    CHECK_KEYS(NULL, "ECS1", "container");
    services_file(&s, ".aws/config", "[default]\naws_access_key_id = CA\naws_secret_access_key = CS\n");
    CHECK_KEYS(NULL, "CA", "profile \"default\" in the config file");
    services_file(&s, ".aws/config",
                  "[default]\naws_access_key_id = CA\naws_secret_access_key = CS\ncredential_process = echo "
                  "'{\"Version\": 1, \"AccessKeyId\": \"PA\", \"SecretAccessKey\": \"PS\"}'\n");
    CHECK_KEYS(NULL, "PA", "credential_process");
    services_file(&s, ".aws/credentials", "[default]\naws_access_key_id = FA\naws_secret_access_key = FS\n");
    CHECK_KEYS(NULL, "FA", "profile \"default\" in the credentials file");
    services_file(&s, "token", "web-token\n");
    char *token = tmp_path(s.folder, "token");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token, 1);
    setenv("AWS_ROLE_ARN", "arn:env", 1);
    CHECK_KEYS(NULL, "STS1", "role arn:env, web identity");
    services_file(&s, ".aws/config", "[default]\nrole_arn = arn:lake\nsource_profile = default\n");
    CHECK_KEYS(NULL, "STS2", "role arn:lake");
    setenv("AWS_ACCESS_KEY_ID", "EA", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    CHECK_KEYS(NULL, "EA", "environment");
    CHECK(!keys->token && !keys->expires);
    CHECK_KEYS("default", "STS3", "role arn:lake"); /* a profile that the caller names beats the environment */
    setenv("AWS_PROFILE", "default", 1);
    CHECK_KEYS(NULL, "EA", "environment"); /* the variable does not */
    nl_store_options o = {.access_key = "OA", .secret_key = "OS", .session_token = "OT"};
    store_keys_unref(keys);
    CHECK_OK(services_keys(&s, &o, &keys, &err), err);
    CHECK_STR(keys->access, "OA");
    CHECK_STR(keys->token, "OT");
    free(token);
}

static void keys_come_in_pairs(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "A", 1);
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "environment: the access key is set, and the secret key is not");
    setenv("AWS_SECRET_ACCESS_KEY", "S\n", 1);
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "environment: the secret key has blanks");
    setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
    setenv("AWS_SESSION_TOKEN", "two words", 1);
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "environment: the session token has blanks");
    services_file(&s, ".aws/credentials", "[default]\naws_access_key_id = A\n[lab]\naws_secret_access_key = S\n");
    services_file(&s, ".aws/config", "[profile lab]\naws_access_key_id = A\naws_secret_access_key = S\n");
    CHECK_FAILS(ask("default"), NL_DENIED, err, "in the credentials file: the access key is set");
    CHECK_FAILS(ask("lab"), NL_DENIED, err, "in the credentials file: the secret key is set");
}

/* ── roles ── */

static const char roles[] =
    "[default]\nregion = eu-central-1\n"
    "[profile me]\naws_access_key_id = MA\naws_secret_access_key = MS\naws_session_token = MT\n"
    "[profile hub]\nrole_arn = arn:aws:iam::1:role/hub\nsource_profile = me\nrole_session_name = my name\n"
    "external_id = ext=1&2\nduration_seconds = 1800\n"
    "[profile lake]\nrole_arn = arn:lake\nsource_profile = hub\n"
    "[profile env]\nrole_arn = arn:e\ncredential_source = Environment\n"
    "[profile ecs]\nrole_arn = arn:c\ncredential_source = EcsContainer\n"
    "[profile ec2]\nrole_arn = arn:i\ncredential_source = Ec2InstanceMetadata\n"
    "[profile mfa]\nrole_arn = arn:m\nsource_profile = me\nmfa_serial = arn:device\n"
    "[profile both]\nrole_arn = arn:b\nsource_profile = me\ncredential_source = Environment\n"
    "[profile neither]\nrole_arn = arn:n\n[profile gone]\nrole_arn = arn:g\nsource_profile = nobody\n"
    "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = a\n"
    "[profile self]\nrole_arn = arn:s\nsource_profile = self\n"
    "[profile odd]\nrole_arn = arn:o\ncredential_source = Moon\n"
    "[profile empty]\nregion = x\n[profile poor]\nrole_arn = arn:p\nsource_profile = empty\n"
    "[profile long]\nrole_arn = arn:l\nsource_profile = me\nduration_seconds = 1\n"
    "[profile web]\nrole_arn = arn:w\nweb_identity_token_file = ~/token\nrole_session_name = s\n"
    "[profile over]\nrole_arn = arn:over\nsource_profile = web\n";

static void roles_are_taken(void **state)
{
    (void)state;
    services_file(&s, ".aws/config", roles);
    CHECK_KEYS("hub", "STS1", "role arn:aws:iam::1:role/hub");
    CHECK_STR(keys->secret, "secret-1");
    CHECK_STR(keys->token, "token-1");
    CHECK_STR(body_of(0), "Action=AssumeRole&DurationSeconds=1800&ExternalId=ext%3D1%262&RoleArn=arn%3Aaws%3Aiam%3A%3A1"
                          "%3Arole%2Fhub&RoleSessionName=my%20name&Version=2011-06-15");
    CHECK_HAS(head_of(0), "Authorization: AWS4-HMAC-SHA256 Credential=MA/");
    CHECK_HAS(head_of(0), "/us-east-1/sts/aws4_request");
    CHECK_HAS(head_of(0), "x-amz-security-token: MT\r\n");
    setenv("AWS_REGION", "eu-central-1", 1);
    CHECK_KEYS("lake", "STS3", "role arn:lake"); /* two hops: the second is signed with the first one's keys */
    CHECK_HAS(head_of(2), "Credential=STS2/");
    CHECK_HAS(head_of(2), "/eu-central-1/sts/aws4_request");
    CHECK_HAS(head_of(2), "x-amz-security-token: token-2\r\n");
    CHECK_HAS(body_of(2), "RoleSessionName=neuralake-");
    setenv("AWS_ACCESS_KEY_ID", "EA", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    CHECK_KEYS("env", "STS4", "role arn:e");
    CHECK_HAS(head_of(3), "Credential=EA/");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container", 1);
    CHECK_KEYS("ecs", "STS5", "role arn:c");
    CHECK_HAS(head_of(5), "Credential=ECS1/");
    CHECK_KEYS("ec2", "STS6", "role arn:i");
    services_file(&s, "token", "web.token");
    size_t before = standin_count(s.standin);
    CHECK_KEYS("over", "STS8", "role arn:over");
    CHECK_HAS(body_of(before), "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aw&RoleSessionName=s&Version=2011-06-15&"
                               "WebIdentityToken=web.token");
    CHECK(!strstr(head_of(before), "Authorization"));
    CHECK_HAS(head_of(before + 1), "Credential=STS7/");
}

static void roles_that_cannot_be_taken(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        int code;
        const char *message;
    } cases[] = {
        {"mfa", NL_UNSUPPORTED, "profile \"mfa\" asks for a code of the MFA device"},
        {"both", NL_INVALID, "has both source_profile and credential_source"},
        {"neither", NL_INVALID, "neither source_profile nor credential_source"},
        {"gone", NL_INVALID, "its source_profile \"nobody\" does not exist"},
        {"a", NL_INVALID, "go round in a circle"},
        {"self", NL_INVALID, "go round in a circle"},
        {"odd", NL_INVALID, "credential_source is Environment, EcsContainer or Ec2InstanceMetadata, not \"Moon\""},
        {"poor", NL_DENIED, "source_profile \"empty\" has no credentials"},
        {"long", NL_INVALID, "duration_seconds is 900 to 43200, not \"1\""},
        {"env", NL_DENIED, "credential_source Environment has no keys"},
        {"ecs", NL_DENIED, "credential_source EcsContainer has no keys"},
        {"web", NL_NOT_FOUND, "No such file"},
        {"nobody", NL_INVALID, "profile \"nobody\" is in neither"},
    };
    services_file(&s, ".aws/config", roles);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].profile);
        CHECK_FAILS(ask(cases[i].profile), cases[i].code, err, cases[i].message);
    }
    CHECK_INT(standin_count(s.standin), 0);
    check_why("%s", "");
    services_say(&s, SERVICE_STS, 403,
                 "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>");
    CHECK_FAILS(ask("hub"), NL_DENIED, err,
                "profile \"hub\": role arn:aws:iam::1:role/hub: AccessDenied: not you (HTTP 403, http://127.0.0.1:");
    CHECK(!strstr(err.message, "MS") && !strstr(err.hint, "MS"));
    /* R5: the instance would have keys, and is not asked. */
    CHECK_INT(s.counts[SERVICE_TOKEN], 0);
    setenv("AWS_STS_REGIONAL_ENDPOINTS", "sometimes", 1);
    CHECK_FAILS(ask("hub"), NL_INVALID, err, "sts_regional_endpoints is regional or legacy");
}

/* ── web identity ── */

static void web_identity(void **state)
{
    (void)state;
    char *token = tmp_path(s.folder, "token");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token, 1);
    CHECK_FAILS(ask(NULL), NL_INVALID, err, "AWS_ROLE_ARN is not");
    setenv("AWS_ROLE_ARN", "arn:eks", 1);
    CHECK_FAILS(ask(NULL), NL_NOT_FOUND, err, "No such file");
    tmp_write_text(token, "two words");
    CHECK_FAILS(ask(NULL), NL_INVALID, err, "this is no token");
    tmp_write_text(token, "");
    CHECK_FAILS(ask(NULL), NL_INVALID, err, "this is no token");
    tmp_write_text(token, "eyJ0.x\n");
    setenv("AWS_ROLE_SESSION_NAME", "pod", 1);
    CHECK_KEYS(NULL, "STS1", "role arn:eks, web identity");
    CHECK_HAS(body_of(0), "RoleSessionName=pod&Version=2011-06-15&WebIdentityToken=eyJ0.x");
    services_say(&s, SERVICE_STS, 400,
                 "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>");
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "web identity: role arn:eks: ExpiredTokenException");
    CHECK(!strstr(err.message, "eyJ0"));
    free(token);
}

/* ── SSO ── */

static const char sso[] = "[profile new]\nsso_session = corp\nsso_account_id = 123\nsso_role_name = Reader & co\n"
                          "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-west-2\n"
                          "[profile old]\nsso_start_url = https://old\nsso_region = eu-west-1\nsso_account_id = 1\n"
                          "sso_role_name = R\n"
                          "[profile half]\nsso_account_id = 1\n"
                          "[profile lost]\nsso_session = nowhere\nsso_account_id = 1\nsso_role_name = R\n"
                          "[profile quarrel]\nsso_session = corp\nsso_region = here\nsso_account_id = 1\n"
                          "sso_role_name = R\n";

/* The token's file of a session, by the SHA-1 of its name. */
static void token_file(const char *sha1, const char *token, int64_t expires, const char *more)
{
    char name[128], text[512], end[S3_TIME_ISO];
    s3_time_iso(expires, 0, end);
    snprintf(name, sizeof name, ".aws/sso/cache/%s.json", sha1);
    snprintf(text, sizeof text, "{\"accessToken\":\"%s\",\"expiresAt\":\"%s\"%s}", token, end, more);
    services_file(&s, name, text);
}

#define SHA1_CORP "ee0bfd2552fbd840c02cc48b6e823320543c450f"
#define SHA1_OLD  "3dbfcfb8178f8ce8f73712c57098fc9f2cb54d8c"

static int64_t now(void)
{
    return nl_wall_ns() / 1000000000;
}

static void single_sign_on(void **state)
{
    (void)state;
    services_file(&s, ".aws/config", sso);
    CHECK_FAILS(ask("new"), NL_DENIED, err, "the SSO session of profile \"new\" was never opened");
    CHECK_STR(err.hint, "log in with: aws sso login --sso-session corp");
    CHECK_FAILS(ask("half"), NL_INVALID, err, "profile \"half\" uses SSO, and sso_start_url is missing");
    CHECK_FAILS(ask("lost"), NL_INVALID, err, "there is no [sso-session nowhere]");
    CHECK_FAILS(ask("quarrel"), NL_INVALID, err, "disagree on sso_region");
    token_file(SHA1_CORP, "sso-token", now() + 7200, "");
    CHECK_KEYS("new", "SSO1", "SSO role Reader & co");
    CHECK_STR(standin_seen(s.standin, 0)->target, "/federation/credentials?account_id=123&role_name=Reader%20%26%20co");
    CHECK_HAS(head_of(0), "x-amz-sso_bearer_token: sso-token\r\n");
    CHECK(keys->expires > now() + 3000);
    token_file(SHA1_OLD, "old-token", now() - 1, "");
    CHECK_FAILS(ask("old"), NL_DENIED, err, "has expired");
    CHECK_STR(err.hint, "log in with: aws sso login --profile old");
    token_file(SHA1_OLD, "old-token", now() + 60, "");
    CHECK_KEYS("old", "SSO2", "SSO role R");
    services_say(&s, SERVICE_PORTAL, 401, "{\"message\":\"Session token not found or invalid\"}");
    CHECK_FAILS(ask("old"), NL_DENIED, err, "is not accepted any more");
    services_say(&s, SERVICE_PORTAL, 403, "{\"message\":\"No access\"}");
    CHECK_FAILS(ask("old"), NL_DENIED, err, "No access (HTTP 403");
    CHECK(!strstr(err.message, "old-token"));
    services_file(&s, ".aws/sso/cache/" SHA1_OLD ".json", "{\"accessToken\":1}");
    CHECK_FAILS(ask("old"), NL_DENIED, err, "has a token file that does not parse");
}

static void sso_tokens_are_renewed(void **state)
{
    (void)state;
    static const char more[] = ",\"clientId\":\"c\",\"clientSecret\":\"cs\",\"refreshToken\":\"refresh-1\","
                               "\"registrationExpiresAt\":\"2099-01-01T00:00:00Z\",\"startUrl\":\"kept\"";
    services_file(&s, ".aws/config", sso);
    token_file(SHA1_CORP, "old", now() + 60, more);
    CHECK_KEYS("new", "SSO1", "SSO role Reader & co");
    CHECK_STR(standin_seen(s.standin, 0)->target, "/token");
    CHECK_STR(body_of(0), "{\"clientId\":\"c\",\"clientSecret\":\"cs\",\"grantType\":\"refresh_token\","
                          "\"refreshToken\":\"refresh-1\"}");
    CHECK_HAS(head_of(1), "x-amz-sso_bearer_token: new-token\r\n");
    char *path = tmp_path(s.folder, ".aws/sso/cache/" SHA1_CORP ".json"), *text = tmp_read(path, NULL);
    CHECK_HAS(text, "\"accessToken\":\"new-token\"");
    CHECK_HAS(text, "\"refreshToken\":\"refresh-2\"");
    CHECK_HAS(text, "\"startUrl\":\"kept\"");
    struct stat st;
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    CHECK_KEYS("new", "SSO2", "SSO role Reader & co"); /* the file's new token holds: nothing is renewed */
    CHECK_INT(s.counts[SERVICE_OIDC], 1);
    /* S1: a renewal that fails leaves the token to its end. */
    services_say(&s, SERVICE_OIDC, 400, "{\"error\":\"invalid_grant\"}");
    token_file(SHA1_CORP, "old", now() + 60, more);
    CHECK_KEYS("new", "SSO3", "SSO role Reader & co");
    token_file(SHA1_CORP, "old", now() - 1, more);
    CHECK_FAILS(ask("new"), NL_DENIED, err, "has expired");
    free(text);
    free(path);
}

/* ── a program ── */

static void a_program(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        int code;
        const char *message;
    } cases[] = {
        {"echo '{\"Version\": 2}'", NL_IO, "no \"Version\": 1"},
        {"echo '{\"Version\": 1, \"AccessKeyId\": \"A\"}'", NL_IO, "the answer has no SecretAccessKey"},
        {"echo garbage with-a-secret", NL_IO, "the answer is no JSON object"},
        {"sh -c 'echo it is shut >&2; exit 3'", NL_DENIED, "it ended with exit code 3: it is shut"},
        {"sh -c 'kill -9 $$'", NL_DENIED, "it was ended by signal 9"},
        {"/nowhere/at/all", NL_NOT_FOUND, "/nowhere/at/all"},
        {"echo 'no end", NL_INVALID, "has no end"},
        {"head -c 1000000 /dev/zero", NL_IO, "longer than 256 KiB"},
        {"echo '{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"S\", \"Expiration\": "
         "\"2001-01-01T00:00:00Z\"}'",
         NL_DENIED, "the keys of credential_process have expired already"},
    };
    char config[1024];
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].program);
        snprintf(config, sizeof config, "[default]\ncredential_process = %s\n", cases[i].program);
        services_file(&s, ".aws/config", config);
        CHECK_FAILS(ask(NULL), cases[i].code, err, cases[i].message);
        CHECK(!strstr(err.message, "with-a-secret"));
    }
    check_why("%s", "");
    services_file(
        &s, ".aws/credentials",
        "[default]\ncredential_process = sh -c 'printf \"%s\" \"$0\"' \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":"
        "\\\"A\\\",\\\"SecretAccessKey\\\":\\\"S\\\",\\\"SessionToken\\\":\\\"T\\\",\\\"Expiration\\\":"
        "\\\"2099-01-01T02:00:00+02:00\\\"}\"\n");
    CHECK_KEYS(NULL, "A", "credential_process");
    CHECK_STR(keys->token, "T");
    CHECK_INT(keys->expires, INT64_C(4070908800));
}

static void a_program_that_hangs(void **state)
{
    (void)state;
    struct store_settings settings;
    struct store_resolver *r;
    struct store_credentials_tuning tuning = {.process_ms = 50};
    services_file(&s, ".aws/config", "[default]\ncredential_process = sleep 1000\n");
    CHECK_OK(store_settings_read(NULL, &settings, &err), err);
    CHECK_OK(store_resolver_new(&settings, &tuning, &r, &err), err);
    CHECK_FAILS(store_resolver_get(r, &keys, &err), NL_IO, err, "credential_process sleep");
    store_resolver_free(r);
    store_settings_free(&settings);
}

/* ── container and instance ── */

static void the_container(void **state)
{
    (void)state;
    char url[128];
    snprintf(url, sizeof url, "%s/container/full?x=1", standin_url(s.standin));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer of news", 1);
    CHECK_KEYS(NULL, "ECS1", "container");
    CHECK_HAS(head_of(0), "Authorization: Bearer of news\r\n");
    CHECK_STR(standin_seen(s.standin, 0)->target, "/container/full?x=1");
    char *token = tmp_path(s.folder, "pod-token");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token, 1);
    CHECK_FAILS(ask(NULL), NL_NOT_FOUND, err, "container credentials: ");
    tmp_write_text(token, "one\ntwo");
    CHECK_FAILS(ask(NULL), NL_INVALID, err, "holds no token");
    tmp_write_text(token, "from-the-file");
    CHECK_KEYS(NULL, "ECS2", "container");
    CHECK_HAS(head_of(1), "Authorization: from-the-file\r\n");
    services_say(&s, SERVICE_CONTAINER, 404, "{\"code\":\"NotFound\",\"message\":\"no task\"}");
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "container credentials: NotFound: no task (HTTP 404");
    services_say(&s, SERVICE_CONTAINER, 500, "");
    CHECK_FAILS(ask(NULL), NL_IO, err, "HTTP 500");
    CHECK_INT(s.counts[SERVICE_CONTAINER], 6); /* a 500 is tried three times */
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "container", 1);
    CHECK_FAILS(ask(NULL), NL_INVALID, err, "does not begin with \"/\"");
    free(token);
}

static void where_container_tokens_go(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool ok;
    } cases[] = {
        {"https://anywhere.example/x", true},
        {"http://127.0.0.1:1234/x", true},
        {"http://127.9.9.9/", true},
        {"http://localhost/x", true},
        {"http://[::1]:80/x", true},
        {"http://169.254.170.2/v2/x", true},
        {"http://169.254.170.23/v1/x", true},
        {"http://[fd00:ec2::23]/v1", true},
        {"http://169.254.170.234/", false},
        {"http://169.254.170.2.evil.example/", false},
        {"http://169.254.169.254/x", false},
        {"http://evil.example/", false},
        {"http://127.0.0.1@evil.example/x", false},
        {"http://127.0.0.1.evil.example/", false},
        {"ftp://127.0.0.1/x", false},
        {"nothing", false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].url);
        CHECK_INT(store_container_host_ok(cases[i].url), cases[i].ok);
    }
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/secret-path", 1);
    CHECK_FAILS(ask(NULL), NL_INVALID, err, "names a host that gets no token");
}

static void the_instance(void **state)
{
    (void)state;
    CHECK_KEYS(NULL, "EC2-1", "instance role lake%20role");
    CHECK_STR(standin_seen(s.standin, 0)->method, "PUT");
    CHECK_HAS(head_of(0), "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n");
    CHECK_HAS(head_of(1), "x-aws-ec2-metadata-token: imds-token\r\n");
    CHECK_STR(standin_seen(s.standin, 2)->target, "/latest/meta-data/iam/security-credentials/lake%20role");
    services_say(&s, SERVICE_KEYS, 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no trust\"}");
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "instance role lake%20role: AssumeRoleUnauthorizedAccess: no trust");
    services_say(&s, SERVICE_KEYS, 200, "{");
    CHECK_FAILS(ask(NULL), NL_IO, err, "the answer is no JSON object");
    services_say(&s, SERVICE_ROLE, 404, "");
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "no S3 credentials: looked at");
    CHECK_HAS(err.message, "the instance has no role");
    services_say(&s, SERVICE_TOKEN, 403, "");
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "no instance metadata (the request failed (HTTP 403");
    size_t before = standin_count(s.standin);
    setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
    CHECK_FAILS(ask(NULL), NL_DENIED, err, "instance metadata is switched off");
    CHECK_INT(standin_count(s.standin), before);
}

/* ── services that are no good ── */

static void hostile_services(void **state)
{
    (void)state;
    static char huge[512 << 10];
    memset(huge, 'x', sizeof huge - 1);
    static const struct {
        struct standin_answer a;
        const char *message;
    } cases[] = {
        {{.body = huge, .body_len = sizeof huge - 1}, "the answer is longer than 256 KiB"},
        {{.body = ""}, "the answer is no JSON object"},
        {{.body = "[]"}, "the answer is no JSON object"},
        {{.body = "{\"AccessKeyId\":5}"}, "AccessKeyId is no string"},
        {{.body = "{\"AccessKeyId\":\"a\\r\\nX: y\",\"SecretAccessKey\":\"s\"}"}, "AccessKeyId is no key"},
        {{.body = "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}"},
         "Expiration is no date"},
        {{.status = 302, .headers = "Location: http://127.0.0.1:1/container\r\n"}, "HTTP 302"},
        {{.body = "{}", .cut = 1, .claim = 100}, "http://127.0.0.1:"},
        {{.reset = true}, "http://127.0.0.1:"},
        {{.silent = true}, "no answer in time"},
    };
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container", 1);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_settings settings;
        struct store_resolver *r;
        struct store_credentials_tuning tuning = services_tuning(&s);
        check_why("case %zu", i);
        tuning.total_ms = cases[i].a.silent ? 50 : 5000;
        struct standin_answer a = cases[i].a;
        a.body_len = a.body ? strlen(a.body) : 0;
        services_give(&s, SERVICE_CONTAINER, &a);
        CHECK_OK(store_settings_read(NULL, &settings, &err), err);
        CHECK_OK(store_resolver_new(&settings, &tuning, &r, &err), err);
        CHECK_FAILS(store_resolver_get(r, &keys, &err), NL_IO, err, cases[i].message);
        CHECK(!keys);
        store_resolver_free(r);
        store_settings_free(&settings);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const profiles[] = {"lake", "new", "process", "ecs", "ec2", "web", "over"};
    char config[4096];
    snprintf(config, sizeof config,
             "%s%s[profile process]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": "
             "\"PA\", \"SecretAccessKey\": \"PS\"}'\n",
             roles, sso);
    services_file(&s, ".aws/config", config);
    services_file(&s, "token", "t");
    token_file(SHA1_CORP, "sso-token", now() + 7200, "");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container", 1);
    for (size_t i = 0; i < NL_LEN(profiles); i++)
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            check_why("%s", profiles[i]);
            int rc = ask(profiles[i]);
            bool failed = fault_off(&f);
            CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_set),
        TEST(the_order),
        TEST(keys_come_in_pairs),
        TEST(roles_are_taken),
        TEST(roles_that_cannot_be_taken),
        TEST(web_identity),
        TEST(single_sign_on),
        TEST(sso_tokens_are_renewed),
        TEST(a_program),
        TEST(a_program_that_hangs),
        TEST(the_container),
        TEST(where_container_tokens_go),
        TEST(the_instance),
        TEST(hostile_services),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
