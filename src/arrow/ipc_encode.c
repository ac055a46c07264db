/* ipc_encode.c: a schema to the message of Arrow's own files. */
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/flatbuf.h"
#include "arrow/format.h"
#include "arrow/ipc_schema.h"
#include "arrow/metadata.h"

enum { MAX_DEPTH = 64, OPEN = 4 /* bytes of an offset that is closed later */ };

struct encoder {
    nl_buf b;
    int64_t dictionaries; /* numbered so far */
};

static int put_field(struct encoder *e, const struct ArrowSchema *s, size_t offset, int depth, nl_error *err);

/* The fields of the type's table. *id 0: a type without a place. */
static void type_fields(const struct ArrowSchema *s, const struct arrow_type *t, uint8_t *id, int32_t out[static 3])
{
    *id = 0;
    for (const struct arrow_ipc_type *row = arrow_ipc_types; row->id; row++)
        if (!strcmp(row->format, s->format)) {
            *id = row->id;
            out[0] = row->fields[0];
            out[1] = row->fields[1];
            return;
        }
    if (t->kind == ARROW_DECIMAL || t->kind == ARROW_DECIMAL_OTHER) {
        *id = ARROW_IPC_DECIMAL;
        out[0] = t->precision;
        out[1] = t->scale;
        out[2] = t->width;
    } else if (t->kind == ARROW_TIMESTAMP) {
        *id = ARROW_IPC_TIMESTAMP;
        out[0] = t->unit - ARROW_SECOND;
    } else if (t->kind == ARROW_FIXED_BINARY || t->kind == ARROW_FIXED_LIST) {
        *id = t->kind == ARROW_FIXED_BINARY ? ARROW_IPC_FIXED_BINARY : ARROW_IPC_FIXED_LIST;
        out[0] = t->kind == ARROW_FIXED_BINARY ? t->byte_width : t->list_size;
    } else if (t->kind == ARROW_MAP) {
        *id = ARROW_IPC_MAP;
        out[0] = (s->flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0;
    }
}

/* The type's table, closing the offset. Its number was written with the field. */
static int put_type(struct encoder *e, const struct ArrowSchema *s, size_t offset, nl_error *err)
{
    struct arrow_type t;
    uint8_t id;
    int32_t values[3] = {0};
    struct flatbuf_slot slots[3] = {{0}};
    size_t table, places[FLATBUF_SLOTS], n = 0;
    int rc = arrow_type_parse(s->format, &t, err);
    if (rc)
        return rc;
    type_fields(s, &t, &id, values);
    for (; n < 3 && arrow_ipc_fields[id][n].size; n++)
        slots[n] = (struct flatbuf_slot){arrow_ipc_fields[id][n].size, (uint32_t)values[n]};
    bool zone = id == ARROW_IPC_TIMESTAMP && t.timezone[0];
    if (zone)
        slots[n++].size = OPEN;
    rc = flatbuf_put_table(&e->b, slots, n, &table, places, err);
    if (rc == NL_OK)
        flatbuf_close(&e->b, offset, table);
    return rc || !zone ? rc : flatbuf_put_string(&e->b, places[1], t.timezone, strlen(t.timezone), err);
}

static int put_metadata(struct encoder *e, const char *metadata, size_t offset, nl_error *err)
{
    static const struct flatbuf_slot key_value[] = {{OPEN, 0}, {OPEN, 0}};
    struct arrow_metadata m = arrow_metadata_walk(metadata);
    struct arrow_pair pair;
    size_t at, table, places[FLATBUF_SLOTS];
    if (!arrow_metadata_length(metadata))
        return nl_fail(err, NL_INVALID, "Arrow metadata whose lengths cannot be");
    int rc = flatbuf_put_vector(&e->b, offset, (size_t)(m.left > 0 ? m.left : 0), &at, err);
    for (; rc == NL_OK && arrow_metadata_next(&m, &pair); at += 4) {
        rc = flatbuf_put_table(&e->b, key_value, 2, &table, places, err);
        if (rc == NL_OK)
            flatbuf_close(&e->b, at, table);
        if (rc == NL_OK)
            rc = flatbuf_put_string(&e->b, places[0], pair.key, pair.key_len, err);
        if (rc == NL_OK)
            rc = flatbuf_put_string(&e->b, places[1], pair.value, pair.value_len, err);
    }
    return rc;
}

/* DictionaryEncoding: its number, the type of the indices, are the values ordered. */
static int put_dictionary(struct encoder *e, const struct ArrowSchema *s, size_t offset, nl_error *err)
{
    const struct flatbuf_slot slots[] = {{8, (uint64_t)e->dictionaries++},
                                         {OPEN, 0},
                                         {1, (s->flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0}};
    size_t table, places[FLATBUF_SLOTS];
    int rc = flatbuf_put_table(&e->b, slots, 3, &table, places, err);
    if (rc)
        return rc;
    flatbuf_close(&e->b, offset, table);
    return put_type(e, s, places[1], err);
}

/* NOLINTBEGIN(misc-no-recursion): MAX_DEPTH ends it */

static int put_children(struct encoder *e, const struct ArrowSchema *s, size_t offset, int depth, nl_error *err)
{
    size_t at;
    int rc = flatbuf_put_vector(&e->b, offset, (size_t)s->n_children, &at, err);
    for (int64_t i = 0; rc == NL_OK && i < s->n_children; i++)
        rc = put_field(e, s->children[i], at + 4 * (size_t)i, depth + 1, err);
    return rc;
}

/* Field: name, nullable, type_type, type, dictionary, children, custom_metadata. */
static int put_field(struct encoder *e, const struct ArrowSchema *s, size_t offset, int depth, nl_error *err)
{
    const struct ArrowSchema *values = s->dictionary ? s->dictionary : s;
    const char *name = s->name ? s->name : "";
    struct arrow_type t;
    uint8_t id = 0;
    int32_t unused[3];
    size_t table, places[FLATBUF_SLOTS];
    int rc = depth > MAX_DEPTH ? nl_fail(err, NL_UNSUPPORTED, "a schema nested deeper than %d levels", MAX_DEPTH)
                               : arrow_type_parse(values->format, &t, err);
    if (rc == NL_OK)
        type_fields(values, &t, &id, unused);
    if (rc == NL_OK && (!id || values->dictionary))
        rc = nl_fail(err, NL_UNSUPPORTED, "'%s': the Arrow type '%s' is not written down", name, values->format);
    if (rc)
        return rc;
    const struct flatbuf_slot slots[] = {
        {OPEN, 0},
        {1, (s->flags & ARROW_FLAG_NULLABLE) != 0},
        {1, id},
        {OPEN, 0},
        {s->dictionary ? OPEN : 0, 0},
        {OPEN, 0},
        {s->metadata ? OPEN : 0, 0},
    };
    rc = flatbuf_put_table(&e->b, slots, 7, &table, places, err);
    if (rc == NL_OK)
        flatbuf_close(&e->b, offset, table);
    if (rc == NL_OK)
        rc = flatbuf_put_string(&e->b, places[0], name, strlen(name), err);
    if (rc == NL_OK)
        rc = put_type(e, values, places[3], err);
    if (rc == NL_OK && s->dictionary)
        rc = put_dictionary(e, s, places[4], err);
    if (rc == NL_OK)
        rc = put_children(e, values, places[5], depth, err);
    if (rc == NL_OK && s->metadata)
        rc = put_metadata(e, s->metadata, places[6], err);
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

/* Prefix and Message: version, header_type, header, bodyLength; then Schema: endianness, fields, custom_metadata. */
static int put_message(struct encoder *e, const struct ArrowSchema *s, nl_error *err)
{
    static const struct flatbuf_slot message[] = {{2, 4}, {1, 1}, {OPEN, 0}, {8, 0}};
    const struct flatbuf_slot schema[] = {{2, 0}, {OPEN, 0}, {s->metadata ? OPEN : 0, 0}};
    size_t table, places[FLATBUF_SLOTS];
    int rc = nl_buf_append(&e->b, "\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0", 12, err);
    if (rc == NL_OK)
        rc = flatbuf_put_table(&e->b, message, 4, &table, places, err);
    if (rc)
        return rc;
    flatbuf_close(&e->b, 8, table);
    size_t header = places[2];
    rc = flatbuf_put_table(&e->b, schema, 3, &table, places, err);
    if (rc)
        return rc;
    flatbuf_close(&e->b, header, table);
    rc = put_children(e, s, places[1], 0, err);
    if (rc == NL_OK && s->metadata)
        rc = put_metadata(e, s->metadata, places[2], err);
    while (rc == NL_OK && e->b.len % 8)
        rc = nl_buf_putc(&e->b, '\0', err);
    if (rc == NL_OK && e->b.len > INT32_MAX)
        rc = nl_fail(err, NL_UNSUPPORTED, "a schema of more than 2 GiB");
    if (rc)
        return rc;
    uint32_t bytes = (uint32_t)(e->b.len - 8);
    memcpy(e->b.data + 4, &bytes, sizeof bytes);
    return NL_OK;
}

int arrow_ipc_schema_encode(const struct ArrowSchema *s, nl_buf *base64, nl_error *err)
{
    struct encoder e = {0};
    int rc = put_message(&e, s, err);
    if (rc == NL_OK)
        rc = arrow_format_base64((const uint8_t *)e.b.data, e.b.len, base64, err);
    nl_buf_free(&e.b);
    return rc;
}
