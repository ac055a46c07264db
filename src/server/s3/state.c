/* state.c: server.json, written and found. */
#include "server/s3/state.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "server/s3/credentials.h"
#include "server/s3/disk/disk.h"
#include "server/s3/state_files.h"
#include "server/s3/yaml.h"

#define FILE_MAX ((size_t)64 * 1024)

int s3_state_default_root(char **out, nl_error *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int n;
    *out = NULL;
    if (data && *data == '/') /* the specification says that a relative one is to be ignored */
        n = asprintf(out, "%s/neuralake/s3", data);
    else if (home && *home)
        n = asprintf(out, "%s/.local/share/neuralake/s3", home);
    else
        return nl_fail(err, NL_INVALID, "neither XDG_DATA_HOME nor HOME is set: the root must be named with --root");
    if (n >= 0)
        return NL_OK;
    *out = NULL;
    return nl_fail_memory(err);
}

char *s3_state_path(const char *root, const char *name)
{
    char *path;
    return asprintf(&path, "%s/" S3_RESERVED "%s%s", root, name ? "/" : "", name ? name : "") < 0 ? NULL : path;
}

/* Append a JSON string. */
static int put_json(nl_buf *out, const char *text, nl_error *err)
{
    int rc = nl_buf_putc(out, '"', err);
    for (const unsigned char *p = (const unsigned char *)text; *p && !rc; p++) {
        if (*p == '"' || *p == '\\')
            rc = nl_buf_printf(out, err, "\\%c", *p);
        else if (*p < 0x20)
            rc = nl_buf_printf(out, err, "\\u%04x", *p);
        else
            rc = nl_buf_putc(out, (char)*p, err);
    }
    return rc ? rc : nl_buf_putc(out, '"', err);
}

int s3_state_write(const char *root, const char *url, const char *credentials, nl_error *err)
{
    nl_buf b = {0};
    char *path = s3_state_path(root, "server.json");
    int rc = path ? NL_OK : nl_fail_memory(err);
    if (!rc)
        rc = nl_buf_printf(&b, err, "{\"pid\": %d, \"url\": ", (int)getpid());
    if (!rc)
        rc = put_json(&b, url, err);
    if (!rc)
        rc = nl_buf_puts(&b, ", \"credentials\": ", err);
    if (!rc)
        rc = put_json(&b, credentials, err);
    if (!rc)
        rc = nl_buf_puts(&b, "}\n", err);
    if (!rc)
        rc = nl_write_file(path, b.data, b.len, 0600, err);
    nl_buf_free(&b);
    free(path);
    return rc;
}

/* The text of one field, copied. */
static int take_field(struct fy_node *root, const char *path, const char *name, char **out, nl_error *err)
{
    struct fy_node *node =
        root && fy_node_is_mapping(root) ? fy_node_mapping_lookup_by_string(root, name, strlen(name)) : NULL;
    const char *text = node ? fy_node_get_scalar0(node) : NULL;
    if (!text)
        return nl_fail(err, NL_CORRUPT, "%s has no \"%s\"", path, name);
    *out = strdup(text);
    return *out ? NL_OK : nl_fail_memory(err);
}

/* url and the credentials file's path out of server.json. */
static int read_state(const char *path, char **url, char **credentials, nl_error *err)
{
    nl_buf text = {0};
    struct fy_document *doc = NULL;
    int rc = nl_read_file(path, FILE_MAX, &text, err);
    if (!rc)
        rc = s3_yaml_parse(path, &text, &doc, err);
    if (!rc)
        rc = take_field(fy_document_root(doc), path, "url", url, err);
    if (!rc)
        rc = take_field(fy_document_root(doc), path, "credentials", credentials, err);
    if (doc)
        fy_document_destroy(doc);
    nl_buf_free(&text);
    return rc;
}

/* The first pair of the file. */
static int read_keys(const char *path, char **access_key, char **secret_key, nl_error *err)
{
    s3_credentials c;
    int rc = s3_credentials_load(path, &c, err);
    if (rc)
        return rc;
    size_t i = 0;
    while (!c.list[i].access_key) /* there is one, or the file would not load */
        i++;
    *access_key = strdup(c.list[i].access_key);
    *secret_key = strdup(c.list[i].secret_key);
    s3_credentials_free(&c);
    return *access_key && *secret_key ? NL_OK : nl_fail_memory(err);
}

static int find(const char *root, char **url, char **access_key, char **secret_key, nl_error *err)
{
    char *credentials = NULL;
    char *path = s3_state_path(root, "server.json");
    int rc = path ? NL_OK : nl_fail_memory(err);
    /* The lock says whether a server runs, whatever a killed one left behind. */
    if (!rc && !s3_disk_is_locked(root, NULL)) {
        rc = nl_fail(err, NL_NOT_FOUND, "no S3 server runs on %s", root);
        nl_hint(err, "start one: neuralake s3 serve --root %s", root);
    }
    if (!rc)
        rc = read_state(path, url, &credentials, err);
    if (!rc)
        rc = read_keys(credentials, access_key, secret_key, err);
    free(credentials);
    free(path);
    return rc;
}

int s3_state_find(const char *root, char **url, char **access_key, char **secret_key, nl_error *err)
{
    char *own = NULL;
    *url = *access_key = *secret_key = NULL;
    int rc = root ? NL_OK : s3_state_default_root(&own, err);
    if (!rc)
        rc = find(root ? root : own, url, access_key, secret_key, err);
    free(own);
    if (!rc)
        return NL_OK;
    free(*url);
    free(*access_key);
    free(*secret_key);
    *url = *access_key = *secret_key = NULL;
    return rc;
}
