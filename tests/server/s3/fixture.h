/* fixture.h: a server on a folder of its own, and a client with its keys. */
#ifndef TESTS_SERVER_S3_FIXTURE_H
#define TESTS_SERVER_S3_FIXTURE_H

#include "client.h"
#include "server/s3/server.h"

struct fixture {
    char *root;
    struct s3_server *server;
    char *url, *access, *secret;
    struct client client;
    struct reply reply;
};

/* Start on f->root with the keys made for it. */
void fixture_start(struct fixture *f);
/* Start with options of the test's own; the client gets no keys. The root is set here. */
void fixture_start_with(struct fixture *f, struct s3_server_options o);
void fixture_stop(struct fixture *f);
/* For cmocka: *state is a started fixture. fixture_bucket has a bucket named "bucket", too; fixture_folder does not start. */
int fixture_setup(void **state);
int fixture_bucket(void **state);
int fixture_folder(void **state);
int fixture_teardown(void **state);

/* One request; the reply is f->reply, its status is returned. extra and body may be NULL. */
int request(struct fixture *f, const char *method, const char *target, const char *extra, const char *body);
/* The value of a header of the last reply, into a buffer of its own; "" where there is none. */
const char *reply_header(const struct fixture *f, const char *name, char out[static 512]);

#endif
