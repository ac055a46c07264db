/* fixture.c: starting, asking, stopping. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/s3/state.h"
#include "support/check.h"
#include "support/tmp.h"

void fixture_start(struct fixture *f)
{
    nl_error err = {0};
    struct s3_server_options o = {.root = f->root, .durability = S3_DURABILITY_RENAME};
    CHECK_OK(s3_server_start(&o, &f->server, &err), err);
    CHECK_OK(s3_state_find(f->root, &f->url, &f->access, &f->secret, &err), err);
    CHECK_STR(f->url, s3_server_url(f->server));
    f->client =
        (struct client){.fd = -1, .port = client_port(f->url), .access_key = f->access, .secret_key = f->secret};
}

void fixture_start_with(struct fixture *f, struct s3_server_options o)
{
    nl_error err = {0};
    o.root = f->root;
    CHECK_OK(s3_server_start(&o, &f->server, &err), err);
    f->client = (struct client){.fd = -1, .port = client_port(s3_server_url(f->server))};
}

void fixture_stop(struct fixture *f)
{
    client_close(&f->client);
    s3_server_stop(f->server);
    f->server = NULL;
    free(f->url);
    free(f->access);
    free(f->secret);
    f->url = f->access = f->secret = NULL;
}

int fixture_folder(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->root = tmp_make();
    f->client.fd = -1;
    *state = f;
    return 0;
}

int fixture_setup(void **state)
{
    fixture_folder(state);
    fixture_start(*state);
    return 0;
}

int fixture_bucket(void **state)
{
    fixture_setup(state);
    CHECK_INT(request(*state, "PUT", "/bucket", NULL, NULL), 200);
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    if (f->server)
        fixture_stop(f);
    reply_free(&f->reply);
    tmp_remove(f->root);
    free(f);
    return 0;
}

int request(struct fixture *f, const char *method, const char *target, const char *extra, const char *body)
{
    client_request(&f->client, method, target, extra, body ? body : "", body ? strlen(body) : 0, &f->reply);
    return f->reply.status;
}

const char *reply_header(const struct fixture *f, const char *name, char out[static 512])
{
    char want[128];
    out[0] = '\0';
    snprintf(want, sizeof(want), "\r\n%s: ", name);
    const char *at = f->reply.head.data ? strcasestr(f->reply.head.data, want) : NULL;
    if (at) {
        at += strlen(want);
        snprintf(out, 512, "%.*s", (int)strcspn(at, "\r"), at);
    }
    return out;
}
