/* ipc_decode.c: the message of Arrow's own files to a schema. The text comes from a file, and is not to be trusted.
 *
 * I1  Offsets may point to the same bytes again and again, so that a few bytes could stand for a forest: what is made is paid
 *     from a purse. A field or a pair of metadata costs 16 bytes, which it cannot be written in less; texts cost what they are
 *     long, and may be read 8 times over.
 * I2  A list has one child, a map one with two of its own, a flat type none: later readers need not look again.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/flatbuf.h"
#include "arrow/ipc_schema.h"
#include "arrow/metadata.h"

enum { MAX_DEPTH = 64 };

struct decoder {
    struct flatbuf in;
    size_t nodes, texts; /* what is left in the purse: fields and pairs, bytes of texts */
};

static int decode_field(struct decoder *d, size_t offset, int depth, struct ArrowSchema *out, nl_error *err);

static int overdrawn(nl_error *err)
{
    return nl_fail(err, NL_CORRUPT, "a schema message that stands for more than its bytes can hold");
}

static int pay_nodes(struct decoder *d, size_t n, nl_error *err)
{
    if (n > d->nodes)
        return overdrawn(err);
    d->nodes -= n;
    return NL_OK;
}

static int get_text(struct decoder *d, const struct flatbuf_table *t, size_t field, const char **s, size_t *len,
                    nl_error *err)
{
    int rc = flatbuf_get_string(t, field, s, len, err);
    if (rc == NL_OK && *len > d->texts)
        rc = overdrawn(err);
    d->texts -= rc ? 0 : *len;
    return rc;
}

/* As a C string, in b. */
static int get_c_text(struct decoder *d, const struct flatbuf_table *t, size_t field, nl_buf *b, nl_error *err)
{
    const char *s;
    size_t len;
    int rc = get_text(d, t, field, &s, &len, err);
    if (rc == NL_OK && memchr(s, '\0', len))
        rc = nl_fail(err, NL_CORRUPT, "a name with a NUL in a schema message");
    if (rc == NL_OK)
        rc = nl_buf_append(b, s, len, err);
    return rc ? rc : nl_buf_putc(b, '\0', err);
}

/* ── types ── */

/* The format of a type with parameters. */
static int format_of(struct decoder *d, uint8_t id, const struct flatbuf_table *t, const int64_t v[static 3], nl_buf *b,
                     nl_error *err)
{
    int rc;
    switch (id) {
    case ARROW_IPC_DECIMAL:
        rc = nl_buf_printf(b, err, "d:%" PRId64 ",%" PRId64, v[0], v[1]);
        if (rc == NL_OK && v[2] != 128)
            rc = nl_buf_printf(b, err, ",%" PRId64, v[2]);
        return rc ? rc : nl_buf_putc(b, '\0', err);
    case ARROW_IPC_TIMESTAMP:
        if (v[0] < 0 || v[0] > 3)
            break;
        rc = nl_buf_printf(b, err, "ts%c:", "smun"[v[0]]);
        return rc ? rc : get_c_text(d, t, 1, b, err);
    case ARROW_IPC_FIXED_BINARY:
        rc = nl_buf_printf(b, err, "w:%" PRId64, v[0]);
        return rc ? rc : nl_buf_putc(b, '\0', err);
    case ARROW_IPC_FIXED_LIST:
        rc = nl_buf_printf(b, err, "+w:%" PRId64, v[0]);
        return rc ? rc : nl_buf_putc(b, '\0', err);
    case ARROW_IPC_MAP:
        return nl_buf_append(b, "+m", 3, err);
    default:
        for (const struct arrow_ipc_type *row = arrow_ipc_types; row->id; row++)
            if (row->id == id && row->fields[0] == v[0] && row->fields[1] == v[1])
                return nl_buf_append(b, row->format, strlen(row->format) + 1, err);
    }
    return nl_fail(err, NL_UNSUPPORTED, "type %d of a schema message", id);
}

/* The type that number and table (at the fields `field` and the next) stand for, as a format in b; sorted: of a map. */
static int decode_type(struct decoder *d, uint8_t id, const struct flatbuf_table *t, nl_buf *b, bool *sorted,
                       nl_error *err)
{
    int64_t v[3] = {0};
    int rc = id < 32 ? NL_OK : nl_fail(err, NL_UNSUPPORTED, "type %d of a schema message", id);
    for (size_t i = 0; rc == NL_OK && i < 3 && arrow_ipc_fields[id][i].size; i++)
        rc = flatbuf_get(t, i, arrow_ipc_fields[id][i].size, arrow_ipc_fields[id][i].absent, &v[i], err);
    if (rc == NL_OK)
        rc = format_of(d, id, t, v, b, err);
    *sorted = id == ARROW_IPC_MAP && v[0];
    struct arrow_type type;
    if (rc == NL_OK && arrow_type_parse(b->data, &type, NULL))
        rc = nl_fail(err, NL_CORRUPT, "a schema message with the type '%s'", b->data);
    return rc;
}

/* I2, once the children are there. */
static int check_shape(const struct ArrowSchema *s, nl_error *err)
{
    struct arrow_type t;
    int rc = arrow_type_parse(s->format, &t, err);
    bool nested = t.kind >= ARROW_STRUCT && s->format[0] == '+';
    bool right = t.kind == ARROW_STRUCT    ? true
                 : t.kind == ARROW_OTHER   ? s->n_children == (strcmp(s->format, "+r") ? 1 : 2)
                 : s->n_children != nested ? false
                 : t.kind == ARROW_MAP     ? !strcmp(s->children[0]->format, "+s") && s->children[0]->n_children == 2
                                           : true;
    return rc || right ? rc
                       : nl_fail(err, NL_CORRUPT, "a schema message in which '%s' has the wrong children", s->name);
}

/* ── metadata ── */

static int put_text(struct decoder *d, const struct flatbuf_table *pair, size_t field, nl_buf *b, nl_error *err)
{
    const char *s;
    size_t len;
    int rc = get_text(d, pair, field, &s, &len, err);
    int32_t n = (int32_t)len;
    if (rc == NL_OK && (len > INT32_MAX || b->len > INT32_MAX - len))
        rc = overdrawn(err);
    if (rc == NL_OK)
        rc = nl_buf_append(b, &n, sizeof n, err);
    return rc ? rc : nl_buf_append(b, s, len, err);
}

/* A vector of KeyValue as the C data interface has them. */
static int decode_metadata(struct decoder *d, const struct flatbuf_table *t, size_t field, struct ArrowSchema *out,
                           nl_error *err)
{
    struct flatbuf_vector v;
    struct flatbuf_table pair;
    nl_buf b = {0};
    int rc = flatbuf_get_vector(t, field, &v, err);
    if (rc || !v.n)
        return rc;
    rc = pay_nodes(d, v.n, err);
    int32_t n = (int32_t)v.n;
    if (rc == NL_OK)
        rc = nl_buf_append(&b, &n, sizeof n, err);
    for (size_t i = 0; rc == NL_OK && i < v.n; i++) {
        rc = flatbuf_table_at(v.in, v.at + 4 * i, &pair, err);
        if (rc == NL_OK)
            rc = put_text(d, &pair, 0, &b, err);
        if (rc == NL_OK)
            rc = put_text(d, &pair, 1, &b, err);
    }
    if (rc == NL_OK && arrow_schema_own_metadata(out, b.data))
        return NL_OK;
    nl_buf_free(&b);
    return rc;
}

/* ── fields ── */

/* What a Field's table says, before its children. */
struct field {
    nl_buf name, format, index;
    struct flatbuf_vector children;
    int64_t nullable;
    bool sorted, is_dictionary;
    int64_t ordered;
};

/* DictionaryEncoding: the type of the indices (absent: int32), are the values ordered. */
static int decode_dictionary(struct decoder *d, const struct flatbuf_table *t, struct field *f, nl_error *err)
{
    struct flatbuf_table dictionary, index;
    bool found, unused;
    int rc = flatbuf_get_table(t, 4, &f->is_dictionary, &dictionary, err);
    if (rc || !f->is_dictionary)
        return rc;
    rc = flatbuf_get(&dictionary, 2, 1, 0, &f->ordered, err);
    if (rc == NL_OK)
        rc = flatbuf_get_table(&dictionary, 1, &found, &index, err);
    if (rc == NL_OK)
        rc = found ? decode_type(d, 2, &index, &f->index, &unused, err) : nl_buf_append(&f->index, "i", 2, err);
    return rc;
}

static int decode_parts(struct decoder *d, const struct flatbuf_table *t, struct field *f, nl_error *err)
{
    struct flatbuf_table type;
    int64_t id = 0;
    bool found;
    int rc = get_c_text(d, t, 0, &f->name, err);
    if (rc == NL_OK)
        rc = flatbuf_get(t, 1, 1, 0, &f->nullable, err);
    if (rc == NL_OK)
        rc = flatbuf_get(t, 2, 1, 0, &id, err);
    if (rc == NL_OK)
        rc = flatbuf_get_table(t, 3, &found, &type, err);
    if (rc == NL_OK && !found)
        rc = nl_fail(err, NL_CORRUPT, "a schema message with a field without a type");
    if (rc == NL_OK)
        rc = decode_type(d, (uint8_t)id, &type, &f->format, &f->sorted, err);
    if (rc == NL_OK)
        rc = decode_dictionary(d, t, f, err);
    return rc ? rc : flatbuf_get_vector(t, 5, &f->children, err);
}

/* NOLINTBEGIN(misc-no-recursion): MAX_DEPTH ends it */

/* Children into out, which was made with so many, and paid for. */
static int decode_children(struct decoder *d, const struct flatbuf_vector *v, int depth, struct ArrowSchema *out,
                           nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < v->n; i++)
        rc = decode_field(d, v->at + 4 * i, depth + 1, out->children[i], err);
    return rc;
}

/* The field itself: of the values, where it is a dictionary's. On failure *out is released. */
static int make_field(struct decoder *d, const struct field *f, int depth, struct ArrowSchema *out, nl_error *err)
{
    int rc =
        arrow_schema_nested(out, f->format.data, f->is_dictionary ? "" : f->name.data, f->nullable, f->children.n, err);
    if (rc == NL_OK)
        rc = decode_children(d, &f->children, depth, out, err);
    if (rc == NL_OK && f->sorted)
        out->flags |= ARROW_FLAG_MAP_KEYS_SORTED;
    if (rc == NL_OK)
        rc = check_shape(out, err);
    if (rc || !f->is_dictionary) {
        if (rc)
            arrow_schema_release(out);
        return rc;
    }
    struct ArrowSchema values;
    arrow_schema_move(out, &values);
    rc = arrow_schema_field(out, f->index.data, f->name.data, f->nullable, err);
    if (rc) {
        arrow_schema_release(&values);
        return rc;
    }
    out->flags |= f->ordered ? ARROW_FLAG_DICTIONARY_ORDERED : 0;
    return arrow_schema_set_dictionary(out, &values, err);
}

/* The field at an offset. On failure *out is released. */
static int decode_field(struct decoder *d, size_t offset, int depth, struct ArrowSchema *out, nl_error *err)
{
    struct flatbuf_table t;
    struct field f = {.sorted = false};
    *out = (struct ArrowSchema){0};
    if (depth > MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "a schema nested deeper than %d levels", MAX_DEPTH);
    int rc = flatbuf_table_at(&d->in, offset, &t, err);
    if (rc == NL_OK)
        rc = decode_parts(d, &t, &f, err);
    if (rc == NL_OK)
        rc = pay_nodes(d, f.children.n, err);
    if (rc == NL_OK)
        rc = make_field(d, &f, depth, out, err);
    if (rc == NL_OK)
        rc = decode_metadata(d, &t, 6, out, err);
    if (rc)
        arrow_schema_release(out);
    nl_buf_free(&f.name);
    nl_buf_free(&f.format);
    nl_buf_free(&f.index);
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

/* ── the message ── */

/* The bytes of a base64 text; padding may be missing. False: it is none, or memory is out (*out NULL). */
static int from_base64(const char *text, size_t len, uint8_t *out, size_t *n, nl_error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t of[256];
    uint32_t bits = 0;
    size_t at = 0;
    memset(of, 0xFF, sizeof of);
    for (uint8_t i = 0; i < 64; i++)
        of[(uint8_t)letters[i]] = i;
    while (len && text[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        uint8_t v = of[(uint8_t)text[i]];
        if (v == 0xFF)
            return nl_fail(err, NL_CORRUPT, "a schema message that is not base64");
        bits = bits << 6 | v;
        if (i % 4)
            out[at++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *n = at;
    return NL_OK;
}

/* The FlatBuffer behind the prefix: FF FF FF FF and a length, or (before Arrow 0.15) the length alone. */
static int unwrap(const uint8_t *data, size_t len, struct flatbuf *out, nl_error *err)
{
    static const uint8_t continuation[4] = {0xFF, 0xFF, 0xFF, 0xFF};
    size_t prefix = len >= 4 && !memcmp(data, continuation, 4) ? 8 : 4;
    uint32_t bytes = 0;
    if (len >= prefix)
        memcpy(&bytes, data + prefix - 4, sizeof bytes);
    if (len < prefix + 8 || bytes > len - prefix)
        return nl_fail(err, NL_CORRUPT, "a schema message of %zu bytes that is cut off", len);
    *out = (struct flatbuf){data + prefix, bytes};
    return NL_OK;
}

/* The Schema's table, and its vector of fields, which are not paid for. */
static int open_message(struct decoder *d, const uint8_t *data, size_t len, struct flatbuf_table *schema,
                        struct flatbuf_vector *fields, nl_error *err)
{
    struct flatbuf_table message;
    int64_t type = 0;
    bool found = false;
    int rc = unwrap(data, len, &d->in, err);
    d->nodes = d->in.len / 16;
    d->texts = 8 * d->in.len;
    if (rc == NL_OK)
        rc = flatbuf_table_at(&d->in, 0, &message, err);
    if (rc == NL_OK)
        rc = flatbuf_get(&message, 1, 1, 0, &type, err);
    if (rc == NL_OK)
        rc = flatbuf_get_table(&message, 2, &found, schema, err);
    if (rc == NL_OK && (type != 1 || !found))
        rc = nl_fail(err, NL_CORRUPT, "a message that holds no schema");
    return rc ? rc : flatbuf_get_vector(schema, 1, fields, err);
}

static int decode_message(const uint8_t *data, size_t len, struct ArrowSchema *out, nl_error *err)
{
    struct decoder d = {.in = {0}};
    struct flatbuf_table schema;
    struct flatbuf_vector fields;
    int rc = open_message(&d, data, len, &schema, &fields, err);
    if (rc == NL_OK)
        rc = pay_nodes(&d, fields.n, err);
    if (rc == NL_OK)
        rc = arrow_schema_struct(out, fields.n, err);
    if (rc == NL_OK)
        rc = decode_children(&d, &fields, 0, out, err);
    return rc ? rc : decode_metadata(&d, &schema, 2, out, err);
}

/* The bytes of a base64 text, malloc'd. */
static int bytes_of(const char *base64, size_t len, uint8_t **out, size_t *n, nl_error *err)
{
    *out = malloc(len ? len : 1);
    if (!*out)
        return nl_fail_memory(err);
    int rc = from_base64(base64, len, *out, n, err);
    if (rc) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

int arrow_ipc_schema_decode(const char *base64, size_t len, struct ArrowSchema *out, nl_error *err)
{
    uint8_t *data;
    size_t n;
    *out = (struct ArrowSchema){0};
    int rc = bytes_of(base64, len, &data, &n, err);
    if (rc)
        return rc;
    rc = decode_message(data, n, out, err);
    if (rc)
        arrow_schema_release(out);
    free(data);
    return rc;
}

/* Is this the name of the field at an offset? */
static int is_named(const struct decoder *d, size_t offset, const char *name, bool *same, nl_error *err)
{
    struct flatbuf_table t;
    const char *s;
    size_t len;
    int rc = flatbuf_table_at(&d->in, offset, &t, err);
    if (rc == NL_OK)
        rc = flatbuf_get_string(&t, 0, &s, &len, err);
    *same = rc == NL_OK && len == strlen(name) && !memcmp(s, name, len);
    return rc;
}

/* One column: at its place, or wherever its name is; nowhere is no error. */
static int restore_column(struct decoder *d, const struct flatbuf_vector *fields, size_t at, struct ArrowSchema *read,
                          nl_error *err)
{
    const char *name = read->name ? read->name : "";
    struct ArrowSchema written = {.format = "+s", .n_children = 1}, field, *children[] = {&field};
    bool found = false;
    int rc = at < fields->n ? is_named(d, fields->at + 4 * at, name, &found, err) : NL_OK;
    for (size_t i = 0; rc == NL_OK && !found && i < fields->n; i++) {
        at = i;
        rc = is_named(d, fields->at + 4 * i, name, &found, err);
    }
    if (rc || !found)
        return rc;
    rc = pay_nodes(d, 1, err);
    if (rc == NL_OK)
        rc = decode_field(d, fields->at + 4 * at, 1, &field, err);
    if (rc)
        return rc;
    struct ArrowSchema one = {.format = "+s", .n_children = 1, .children = (struct ArrowSchema *[]){read}};
    written.children = children;
    rc = arrow_ipc_schema_restore(&written, &one, err);
    arrow_schema_release(&field);
    return rc;
}

int arrow_ipc_schema_restore_columns(const char *base64, size_t len, const size_t *positions, struct ArrowSchema *read,
                                     nl_error *err)
{
    struct decoder d = {.in = {0}};
    struct flatbuf_table schema;
    struct flatbuf_vector fields;
    uint8_t *data;
    size_t n;
    int rc = bytes_of(base64, len, &data, &n, err);
    if (rc)
        return rc;
    rc = open_message(&d, data, n, &schema, &fields, err);
    for (int64_t i = 0; rc == NL_OK && i < read->n_children; i++)
        rc = restore_column(&d, &fields, positions[i], read->children[i], err);
    free(data);
    return rc;
}
