/* yaml.c: libfyaml with our errors. */
#include "server/s3/yaml.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* The first scalar in a node: containers have no place of their own. */
static const struct fy_mark *mark_of(struct fy_node *node)
{
    while (node && !fy_node_is_scalar(node)) {
        void *prev = NULL;
        if (fy_node_is_mapping(node)) {
            struct fy_node_pair *pair = fy_node_mapping_iterate(node, &prev);
            node = pair ? fy_node_pair_key(pair) : NULL;
        } else {
            node = fy_node_sequence_iterate(node, &prev);
        }
    }
    struct fy_token *token = node ? fy_node_get_scalar_token(node) : NULL;
    return token ? fy_token_start_mark(token) : NULL;
}

int s3_yaml_fail(const char *path, struct fy_node *node, nl_error *err, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const struct fy_mark *m = mark_of(node);
    if (m)
        return nl_fail(err, NL_INVALID, "%s:%d:%d: %s", path, m->line + 1, m->column + 1, text);
    return nl_fail(err, NL_INVALID, "%s: %s", path, text);
}

/* What the library does not survive, found by fuzzing: bytes that are not UTF-8, tabs, directives, and keys behind a "?". None
 * of them has a place in these files. */
static int check_text(const char *path, const nl_buf *text, nl_error *err)
{
    int line = 1;
    bool begins = true; /* only spaces and dashes so far */
    if (!nl_utf8_valid((const uint8_t *)text->data, text->len))
        return nl_fail(err, NL_INVALID, "%s: not UTF-8", path);
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->data[i];
        if ((c < ' ' && c != '\n' && c != '\r') || c == 0x7f)
            return nl_fail(err, NL_INVALID, "%s:%d: the character 0x%02x has no place here", path, line, c);
        if (begins && (c == '?' || c == '%'))
            return nl_fail(err, NL_INVALID, "%s:%d: '%c' has no place here", path, line, c);
        line += c == '\n';
        begins = c == '\n' || c == '\r' || (begins && (c == ' ' || c == '-' || strchr("\xef\xbb\xbf", c)));
    }
    return NL_OK;
}

int s3_yaml_parse(const char *path, const nl_buf *text, struct fy_document **out, nl_error *err)
{
    struct fy_diag_cfg quiet;
    *out = NULL;
    int rc = check_text(path, text, err);
    if (rc)
        return rc;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&quiet);
    if (!diag)
        return nl_fail_memory(err);
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2, .diag = diag};
    *out = fy_document_build_from_string(&config, text->data ? text->data : "", text->len);
    if (!*out) {
        void *prev = NULL;
        const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &prev);
        rc = e ? nl_fail(err, NL_INVALID, "%s:%d:%d: %s", path, e->line, e->column, e->msg)
               : nl_fail(err, NL_INVALID, "%s: not a YAML document", path);
    }
    fy_diag_destroy(diag);
    return rc;
}
