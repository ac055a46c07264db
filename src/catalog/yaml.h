/* yaml.h: a YAML file as a tree whose every complaint has file, line and column; and sections, which are mappings with
 * known keys, read by tables.
 *
 * Y1  One document, at most 64 levels deep (libfyaml's limit), UTF-8, no control characters.
 * Y2  No aliases and no tags: nothing grows while it is read, and nothing means another thing than it says.
 * Y3  A key that is not known, or twice there, is an error.
 */
#ifndef NL_CATALOG_YAML_H
#define NL_CATALOG_YAML_H

#include <libfyaml.h>

#include "base/arena.h"
#include "base/error.h"

struct yaml {
    const char *path; /* for messages */
    struct fy_diag *diag;
    struct fy_parser *parser;
    struct fy_document *document;
    struct fy_node *root;
    nl_arena *arena; /* where texts go */
};

/* Parse; text is borrowed until yaml_close(), which is called in any case. */
int yaml_open(struct yaml *y, const char *path, const char *text, size_t len, nl_arena *arena, nl_error *err);
void yaml_close(struct yaml *y);

/* NL_INVALID, "path:line:column: message". node may be NULL: then without line and column. */
int yaml_fail(const struct yaml *y, struct fy_node *node, nl_error *err, const char *fmt, ...) NL_PRINTF(4, 5);
/* Put "path:line:column" of the node in front of an error. Returns its code. */
int yaml_note(const struct yaml *y, struct fy_node *node, nl_error *err);
/* "path:line:column" in the arena; NULL: no memory. */
char *yaml_place(const struct yaml *y, struct fy_node *node);

/* What a scalar says, by YAML's core schema: quoted is always text. */
enum yaml_kind { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_TEXT, YAML_SEQUENCE, YAML_MAPPING };
enum yaml_kind yaml_kind_of(struct fy_node *node);
/* "a number", "a list"… for messages. */
const char *yaml_kind_name(enum yaml_kind kind);
/* A text into the arena. what names it in the message: "name must be text, and is a number (quote it)". Empty texts are
 * refused. */
int yaml_text(const struct yaml *y, struct fy_node *node, const char *what, const char **out, nl_error *err);

/* A mapping's key: how its value is read into the structure at `into` + offset. */
struct yaml_key {
    const char *name;
    int (*read)(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err);
    size_t offset;
};
struct yaml_section {
    const char *name; /* "table": for messages, and its name in the JSON Schema */
    const struct yaml_key *keys;
    size_t n_keys;
};
int yaml_section(struct yaml *y, struct fy_node *node, const struct yaml_section *section, void *into, nl_error *err);

/* Readers for keys: a text; a list of texts; the node itself, for later. */
struct yaml_texts {
    const char **items;
    size_t count;
};
int yaml_read_text(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err);
int yaml_read_texts(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err);
int yaml_read_node(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err);
/* A list, whose items are counted; "columns must be a list, and is a text". */
int yaml_list(const struct yaml *y, struct fy_node *node, const char *what, size_t *count, nl_error *err);

#endif
