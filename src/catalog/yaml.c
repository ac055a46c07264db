/* yaml.c: libfyaml's tree, made strict (see yaml.h). */
#include "catalog/yaml.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define MAX_KEYS 32

/* ── places ── */

/* The first scalar of a node: containers have no place of their own. */
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

/* The key under which a value stands in a mapping. */
static struct fy_node *key_of(struct fy_node *mapping, struct fy_node *value)
{
    void *prev = NULL;
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(mapping, &prev));)
        if (fy_node_pair_value(pair) == value)
            return fy_node_pair_key(pair);
    return NULL;
}

/* "path:line:column", as far as it is known. An empty list or mapping has the place of the key that it hangs on. */
static void format_place(const struct yaml *y, struct fy_node *node, char *out, size_t size)
{
    const struct fy_mark *mark = mark_of(node);
    while (node && !mark) {
        struct fy_node *parent = fy_node_get_parent(node);
        mark = mark_of(parent && fy_node_is_mapping(parent) ? key_of(parent, node) : parent);
        node = parent;
    }
    if (mark)
        snprintf(out, size, "%s:%d:%d", y->path, mark->line + 1, mark->column + 1);
    else
        snprintf(out, size, "%s", y->path);
}

int yaml_note(const struct yaml *y, struct fy_node *node, nl_error *err)
{
    char place[1024];
    format_place(y, node, place, sizeof place);
    nl_note(err, "%s", place);
    return err ? err->code : NL_INVALID;
}

int yaml_fail(const struct yaml *y, struct fy_node *node, nl_error *err, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    nl_fail(err, NL_INVALID, "%s", text);
    yaml_note(y, node, err);
    return NL_INVALID;
}

char *yaml_place(const struct yaml *y, struct fy_node *node)
{
    char place[1024];
    format_place(y, node, place, sizeof place);
    return nl_arena_strdup(y->arena, place);
}

/* ── parse ── */

/* Y1: what the parser would silently cut or replace, or does not survive: a tab behind a "?" that begins a line. */
static int check_bytes(const struct yaml *y, const char *text, size_t len, nl_error *err)
{
    if (!nl_utf8_valid((const uint8_t *)text, len))
        return nl_fail(err, NL_INVALID, "%s: the file is not UTF-8", y->path);
    int line = 1;
    bool begins = true, asks = false; /* only spaces and dashes so far; then a "?" */
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        line += c == '\n';
        bool ends = c == '\n' || c == '\r';
        asks = !ends && (asks || (begins && c == '?'));
        begins = ends || (begins && (c == ' ' || c == '-' || strchr("\xef\xbb\xbf", c))); /* a byte order mark */
        if (asks && c == '\t')
            return nl_fail(err, NL_INVALID, "%s:%d: a tab in a line that begins with '?'", y->path, line);
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return nl_fail(err, NL_INVALID, "%s:%d: control character 0x%02x", y->path, line, c);
    }
    return NL_OK;
}

/* The parser's first complaint. */
static int parse_error(const struct yaml *y, struct fy_diag *diag, nl_error *err)
{
    void *prev = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &prev);
    if (!e)
        return nl_fail(err, NL_INVALID, "%s: the file cannot be read as YAML", y->path);
    return nl_fail(err, NL_INVALID, "%s:%d:%d: %s", y->path, e->line, e->column, e->msg);
}

static int parse(struct yaml *y, struct fy_diag *diag, const char *text, size_t len, nl_error *err)
{
    /* Duplicate keys are found by yaml_section(): the library's own search is quadratic. */
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2,
        .diag = diag,
    };
    y->parser = fy_parser_create(&config);
    if (!y->parser || fy_parser_set_string(y->parser, text, len) != 0)
        return nl_fail_memory(err);
    y->document = fy_parse_load_document(y->parser);
    if (!y->document && fy_diag_got_error(diag))
        return parse_error(y, diag, err);
    y->root = y->document ? fy_document_root(y->document) : NULL;
    if (!y->root)
        return nl_fail(err, NL_INVALID, "%s: the file is empty", y->path);
    struct fy_document *second = fy_parse_load_document(y->parser);
    if (second) {
        int rc = yaml_fail(y, fy_document_root(second), err, "a second document: a catalog is one");
        fy_parse_document_destroy(y->parser, second);
        return rc;
    }
    return fy_diag_got_error(diag) ? parse_error(y, diag, err) : NL_OK;
}

int yaml_open(struct yaml *y, const char *path, const char *text, size_t len, nl_arena *arena, nl_error *err)
{
    *y = (struct yaml){.path = path, .arena = arena};
    int rc = check_bytes(y, text, len, err);
    if (rc)
        return rc;
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    y->diag = fy_diag_create(&config);
    if (!y->diag)
        return nl_fail_memory(err);
    fy_diag_set_collect_errors(y->diag, true);
    return parse(y, y->diag, text, len, err);
}

void yaml_close(struct yaml *y)
{
    if (y->document)
        fy_parse_document_destroy(y->parser, y->document);
    if (y->parser)
        fy_parser_destroy(y->parser);
    if (y->diag) /* last: what it collected points to the parser's input; fy_diag_unref() would leak that */
        fy_diag_destroy(y->diag);
    y->document = NULL;
    y->parser = NULL;
    y->diag = NULL;
}

/* ── scalars ── */

static bool is_one_of(const char *s, size_t len, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(words[i]) == len && memcmp(s, words[i], len) == 0)
            return true;
    return false;
}

static size_t digits(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && isdigit((unsigned char)s[n]))
        n++;
    return n;
}

/* A number of the core schema: [-+]?digits, [-+]?digits.digits with an exponent, and hexadecimal and octal integers. */
static enum yaml_kind number_kind(const char *s, size_t len)
{
    if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'o')) {
        for (size_t i = 2; i < len; i++)
            if (s[1] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] < '0' || s[i] > '7')
                return YAML_TEXT;
        return YAML_INT;
    }
    size_t i = len && (s[0] == '-' || s[0] == '+');
    size_t whole = digits(s + i, len - i), fraction = 0;
    i += whole;
    if (i == len)
        return whole ? YAML_INT : YAML_TEXT;
    if (s[i] == '.') {
        fraction = digits(s + i + 1, len - i - 1);
        i += 1 + fraction;
    }
    if (!whole && !fraction)
        return YAML_TEXT;
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        i += i < len && (s[i] == '-' || s[i] == '+');
        size_t exponent = digits(s + i, len - i);
        i += exponent;
        if (!exponent)
            return YAML_TEXT;
    }
    return i == len ? YAML_FLOAT : YAML_TEXT;
}

static enum yaml_kind plain_kind(const char *s, size_t len)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    static const char *const floats[] = {".inf",  ".Inf",  ".INF", "+.inf", "-.inf",
                                         "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN"};
    if (is_one_of(s, len, nulls, NL_LEN(nulls)))
        return YAML_NULL;
    if (is_one_of(s, len, bools, NL_LEN(bools)))
        return YAML_BOOL;
    return is_one_of(s, len, floats, NL_LEN(floats)) ? YAML_FLOAT : number_kind(s, len);
}

enum yaml_kind yaml_kind_of(struct fy_node *node)
{
    if (!node)
        return YAML_NULL;
    if (fy_node_is_mapping(node))
        return YAML_MAPPING;
    if (fy_node_is_sequence(node))
        return YAML_SEQUENCE;
    size_t len = 0;
    const char *s = fy_node_get_scalar(node, &len);
    if (fy_node_get_style(node) != FYNS_PLAIN && s)
        return YAML_TEXT;
    return s ? plain_kind(s, len) : YAML_NULL;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
    static const char *const names[] = {"empty", "a truth value", "a number", "a number",
                                        "text",  "a list",        "a mapping"};
    return names[kind];
}

/* Y2 */
static int check_plain(const struct yaml *y, struct fy_node *node, nl_error *err)
{
    if (node && fy_node_is_alias(node))
        return yaml_fail(y, node, err, "a catalog has no aliases (*name): write it out");
    if (node && fy_node_get_tag_token(node))
        return yaml_fail(y, node, err, "a catalog has no tags (!name)");
    return NL_OK;
}

int yaml_text(const struct yaml *y, struct fy_node *node, const char *what, const char **out, nl_error *err)
{
    int rc = check_plain(y, node, err);
    if (rc)
        return rc;
    enum yaml_kind kind = yaml_kind_of(node);
    if (kind != YAML_TEXT)
        return yaml_fail(y, node, err, "%s must be text, and is %s%s", what, yaml_kind_name(kind),
                         kind == YAML_BOOL || kind == YAML_INT || kind == YAML_FLOAT ? ": put it in quotes" : "");
    size_t len = 0;
    const char *s = fy_node_get_scalar(node, &len);
    if (!len)
        return yaml_fail(y, node, err, "%s is empty", what);
    if (memchr(s, 0, len))
        return yaml_fail(y, node, err, "%s has a zero byte", what);
    *out = nl_arena_strndup(y->arena, s, len);
    return *out ? NL_OK : nl_fail_memory(err);
}

int yaml_list(const struct yaml *y, struct fy_node *node, const char *what, size_t *count, nl_error *err)
{
    int rc = check_plain(y, node, err);
    if (rc)
        return rc;
    if (yaml_kind_of(node) != YAML_SEQUENCE)
        return yaml_fail(y, node, err, "%s must be a list, and is %s", what, yaml_kind_name(yaml_kind_of(node)));
    int n = fy_node_sequence_item_count(node);
    *count = n > 0 ? (size_t)n : 0;
    return NL_OK;
}

/* ── sections ── */

/* The key of a pair in the section; MAX_KEYS: it is none of them, which is an error already. */
static size_t find_key(struct yaml *y, struct fy_node *node, const struct yaml_section *s, nl_error *err)
{
    const char *names[MAX_KEYS];
    size_t len = 0;
    const char *text =
        node && fy_node_is_scalar(node) && !fy_node_is_alias(node) ? fy_node_get_scalar(node, &len) : NULL;
    if (!text) {
        yaml_fail(y, node, err, "a key of a %s must be a plain word", s->name);
        return MAX_KEYS;
    }
    for (size_t i = 0; i < s->n_keys; i++) {
        names[i] = s->keys[i].name;
        if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0)
            return i;
    }
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)len, text);
    yaml_fail(y, node, err, "a %s has no key '%s'", s->name, word);
    const char *nearest = nl_nearest(word, names, s->n_keys);
    if (nearest)
        nl_hint(err, "did you mean %s?", nearest);
    return MAX_KEYS;
}

int yaml_section(struct yaml *y, struct fy_node *node, const struct yaml_section *section, void *into, nl_error *err)
{
    int rc = check_plain(y, node, err);
    if (rc)
        return rc;
    if (yaml_kind_of(node) != YAML_MAPPING)
        return yaml_fail(y, node, err, "a %s must be a mapping (key: value), and is %s", section->name,
                         yaml_kind_name(yaml_kind_of(node)));
    uint32_t seen = 0;
    void *prev = NULL;
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(node, &prev));) {
        struct fy_node *key = fy_node_pair_key(pair);
        size_t i = find_key(y, key, section, err);
        if (i == MAX_KEYS)
            return NL_INVALID;
        if (seen & (UINT32_C(1) << i))
            return yaml_fail(y, key, err, "key %s stands twice in this %s", section->keys[i].name, section->name);
        seen |= UINT32_C(1) << i;
        struct fy_node *value = fy_node_pair_value(pair);
        if (yaml_kind_of(value) == YAML_NULL && !(value && fy_node_is_alias(value)))
            return yaml_fail(y, key, err, "key %s has no value", section->keys[i].name);
        rc = section->keys[i].read(y, value, section->keys[i].name, (char *)into + section->keys[i].offset, err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

int yaml_read_text(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err)
{
    return yaml_text(y, value, name, into, err);
}

int yaml_read_texts(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err)
{
    struct yaml_texts *texts = into;
    size_t count = 0;
    int rc = yaml_list(y, value, name, &count, err);
    if (rc)
        return rc;
    texts->items = nl_arena_array(y->arena, count, sizeof *texts->items);
    if (!texts->items)
        return nl_fail_memory(err);
    void *prev = NULL;
    for (struct fy_node *item; (item = fy_node_sequence_iterate(value, &prev)) && !rc;)
        rc = yaml_text(y, item, name, &texts->items[texts->count++], err);
    return rc;
}

int yaml_read_node(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err)
{
    (void)name;
    struct fy_node **node = into;
    *node = value;
    return check_plain(y, value, err);
}
