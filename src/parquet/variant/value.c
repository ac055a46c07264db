/* value.c: values in the variant's binary encoding to JSON; see value.h for the layout and the rules V1 to V4. */
#include "parquet/variant/value.h"

#include <math.h>
#include <string.h>

#include "arrow/format.h"
#include "arrow/text/text.h"
#include "base/str.h"
#include "parquet/variant/variant.h"

enum basic { PRIMITIVE, SHORT_STRING, OBJECT, ARRAY };

static int cut(nl_error *err)
{
    return nl_fail(err, NL_CORRUPT, "a variant whose lengths or offsets leave its bytes");
}

/* An unsigned integer of 1 to 4 bytes, which the caller has proved to be there. */
static uint32_t little(const uint8_t *p, uint8_t size)
{
    uint32_t v = 0;
    for (uint8_t i = 0; i < size; i++)
        v |= (uint32_t)p[i] << 8 * i;
    return v;
}

/* ── names ── */

int pq_variant_names_open(const uint8_t *p, size_t len, struct pq_variant_names *out, nl_error *err)
{
    *out = (struct pq_variant_names){.budget = 64 * 1024};
    if (len == 0) /* Spark wrote so for the variant null */
        return NL_OK;
    if ((p[0] & 15) != 1)
        return nl_fail(err, NL_UNSUPPORTED, "a variant of version %d", p[0] & 15);
    out->offset_size = (uint8_t)((p[0] >> 6) + 1);
    if (len < 1 + (size_t)out->offset_size)
        return cut(err);
    out->n = little(p + 1, out->offset_size);
    uint64_t table = ((uint64_t)out->n + 1) * out->offset_size;
    if (table > len - 1 - out->offset_size)
        return cut(err);
    out->offsets = p + 1 + out->offset_size;
    out->names = out->offsets + table;
    out->names_len = len - 1 - out->offset_size - (size_t)table;
    return NL_OK;
}

static int name_of(const struct pq_variant_names *names, uint32_t id, const char **s, size_t *len, nl_error *err)
{
    if (id >= names->n)
        return nl_fail(err, NL_CORRUPT, "a variant with field %u of %zu names", id, names->n);
    const uint8_t *at = names->offsets + (size_t)id * names->offset_size;
    size_t from = little(at, names->offset_size), to = little(at + names->offset_size, names->offset_size);
    if (from > to || to > names->names_len)
        return cut(err);
    *s = (const char *)names->names + from;
    *len = to - from;
    return NL_OK;
}

int pq_variant_key(struct pq_variant_names *names, const char *name, size_t len, nl_buf *out, nl_error *err)
{
    if (len > names->budget)
        return nl_fail(err, NL_CORRUPT, "a variant whose names outgrow its values");
    names->budget -= len;
    int rc = text_json_string(name, len, out, err);
    return rc ? rc : nl_buf_putc(out, ':', err);
}

/* ── primitives ── */

static const struct primitive {
    uint8_t size; /* bytes behind the header */
    struct arrow_type type;
} primitives[] = {
    [3] = {1, {.kind = ARROW_INT}},
    [4] = {2, {.kind = ARROW_INT}},
    [5] = {4, {.kind = ARROW_INT}},
    [6] = {8, {.kind = ARROW_INT}},
    [7] = {8, {.kind = ARROW_FLOAT}},
    [8] = {5, {.kind = ARROW_DECIMAL}},
    [9] = {9, {.kind = ARROW_DECIMAL}},
    [10] = {17, {.kind = ARROW_DECIMAL}},
    [11] = {4, {.kind = ARROW_DATE, .unit = ARROW_DAY, .timezone = ""}},
    [12] = {8, {.kind = ARROW_TIMESTAMP, .unit = ARROW_MICRO, .timezone = "UTC"}},
    [13] = {8, {.kind = ARROW_TIMESTAMP, .unit = ARROW_MICRO, .timezone = ""}},
    [14] = {4, {.kind = ARROW_FLOAT}},
    [15] = {4, {.kind = ARROW_BINARY}},
    [16] = {4, {.kind = ARROW_STRING}},
    [17] = {8, {.kind = ARROW_TIME, .unit = ARROW_MICRO, .timezone = ""}},
    [18] = {8, {.kind = ARROW_TIMESTAMP, .unit = ARROW_NANO, .timezone = "UTC"}},
    [19] = {8, {.kind = ARROW_TIMESTAMP, .unit = ARROW_NANO, .timezone = ""}},
    [20] = {16, {.kind = ARROW_FIXED_BINARY}},
};

/* A signed integer of 1 to 16 bytes. */
static __int128 signed_little(const uint8_t *p, size_t size)
{
    __int128 v = p[size - 1] & 0x80 ? -1 : 0;
    memcpy(&v, p, size);
    return v;
}

static int quoted(int rc, nl_buf *out, nl_error *err)
{
    return rc ? rc : nl_buf_putc(out, '"', err);
}

static int put_float(const uint8_t *p, size_t size, nl_buf *out, nl_error *err)
{
    double v;
    float narrow;
    if (size == 4) {
        memcpy(&narrow, p, 4);
        v = (double)narrow;
    } else {
        memcpy(&v, p, 8);
    }
    if (isfinite(v))
        return arrow_format_double(v, size == 4, out, err);
    int rc = nl_buf_putc(out, '"', err);
    return quoted(rc ? rc : arrow_format_double(v, size == 4, out, err), out, err);
}

static int put_decimal(const uint8_t *p, size_t size, nl_buf *out, nl_error *err)
{
    if (p[0] > 38)
        return nl_fail(err, NL_CORRUPT, "a variant with a decimal of scale %d", p[0]);
    int rc = nl_buf_putc(out, '"', err);
    return quoted(rc ? rc : arrow_format_decimal(signed_little(p + 1, size - 1), p[0], out, err), out, err);
}

int pq_variant_uuid(const uint8_t bytes[static 16], nl_buf *out, nl_error *err)
{
    int rc = nl_buf_putc(out, '"', err);
    return quoted(rc ? rc : text_uuid(bytes, out, err), out, err);
}

/* A string or binary behind its length of four bytes; p..len is all that is left. */
static int put_bytes(bool is_string, const uint8_t *p, size_t len, size_t *used, nl_buf *out, nl_error *err)
{
    size_t n = little(p, 4);
    if (n > len - 4)
        return cut(err);
    *used += n;
    if (is_string)
        return text_json_string((const char *)p + 4, n, out, err);
    int rc = nl_buf_putc(out, '"', err);
    return quoted(rc ? rc : arrow_format_base64(p + 4, n, out, err), out, err);
}

/* What stands behind the header of a primitive; *used counts the header already. */
static int put_primitive(uint8_t id, const uint8_t *p, size_t len, size_t *used, nl_buf *out, nl_error *err)
{
    if (id < 3)
        return nl_buf_puts(out, id == 0 ? "null" : id == 1 ? "true" : "false", err);
    if (id >= NL_LEN(primitives))
        return nl_fail(err, NL_UNSUPPORTED, "a variant with the primitive type %d", id);
    const struct primitive *t = &primitives[id];
    if (t->size > len)
        return cut(err);
    *used += t->size;
    int rc;
    switch (t->type.kind) {
    case ARROW_INT: {
        int64_t v = (int64_t)signed_little(p, t->size);
        return arrow_format_uint(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, out, err);
    }
    case ARROW_FLOAT:
        return put_float(p, t->size, out, err);
    case ARROW_DECIMAL:
        return put_decimal(p, t->size, out, err);
    case ARROW_BINARY:
    case ARROW_STRING:
        return put_bytes(t->type.kind == ARROW_STRING, p, len, used, out, err);
    case ARROW_FIXED_BINARY:
        return pq_variant_uuid(p, out, err);
    default:
        rc = nl_buf_putc(out, '"', err);
        return quoted(rc ? rc : arrow_format_time((int64_t)signed_little(p, t->size), &t->type, out, err), out, err);
    }
}

/* ── objects and arrays ── */

/* The head of an object (with ids) or an array (id_size 0), at p of len bytes. */
static int open_container(struct pq_variant_names *names, const uint8_t *p, size_t len, int depth,
                          struct pq_variant_object *o, nl_error *err)
{
    bool object = (p[0] & 3) == OBJECT;
    uint8_t header = p[0] >> 2, count_size = header >> (object ? 4 : 2) & 1 ? 4 : 1;
    *o = (struct pq_variant_object){.names = names, .depth = depth};
    o->offset_size = (uint8_t)((header & 3) + 1);
    o->id_size = object ? (uint8_t)((header >> 2 & 3) + 1) : 0;
    if (depth >= PQ_VARIANT_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "a variant of more than %d levels", PQ_VARIANT_DEPTH);
    if (len < 1 + (size_t)count_size)
        return cut(err);
    o->n = little(p + 1, count_size);
    uint64_t ids = (uint64_t)o->n * o->id_size, head = ids + ((uint64_t)o->n + 1) * o->offset_size;
    if (head > len - 1 - count_size)
        return cut(err);
    o->ids = p + 1 + count_size;
    o->offsets = o->ids + ids;
    o->values = o->ids + head;
    o->values_len = o->left = little(o->offsets + o->n * o->offset_size, o->offset_size);
    return o->values_len > len - 1 - count_size - head ? cut(err) : NL_OK;
}

bool pq_variant_is_object(const uint8_t *p, size_t len)
{
    return len && (p[0] & 3) == OBJECT;
}

int pq_variant_object_open(struct pq_variant_names *names, const uint8_t *p, size_t len, int depth,
                           struct pq_variant_object *out, nl_error *err)
{
    return open_container(names, p, len, depth, out, err);
}

/* Where element i begins, and how far it may reach. */
static int value_of(const struct pq_variant_object *o, size_t i, struct pq_variant_field *out, nl_error *err)
{
    size_t at = little(o->offsets + i * o->offset_size, o->offset_size);
    if (at >= o->values_len)
        return cut(err);
    out->value = o->values + at;
    out->most = o->values_len - at;
    return NL_OK;
}

int pq_variant_object_field(const struct pq_variant_object *o, size_t i, struct pq_variant_field *out, nl_error *err)
{
    int rc = name_of(o->names, little(o->ids + i * o->id_size, o->id_size), &out->name, &out->name_len, err);
    return rc ? rc : value_of(o, i, out, err);
}

/* NOLINTBEGIN(misc-no-recursion): PQ_VARIANT_DEPTH ends it (V3) */

int pq_variant_object_value(struct pq_variant_object *o, const struct pq_variant_field *f, nl_buf *out, nl_error *err)
{
    size_t used = 0;
    int rc = pq_variant_value(o->names, f->value, f->most, o->depth + 1, &used, out, err);
    if (rc == NL_OK && used > o->left)
        rc = nl_fail(err, NL_CORRUPT, "a variant whose values lie on each other");
    o->left -= rc ? 0 : used;
    return rc;
}

/* The same name twice is an error; names in order show it. */
static bool same_name(const struct pq_variant_field *a, const struct pq_variant_field *b)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a name that has bytes has a place */
    return a->name_len == b->name_len && (!a->name_len || !memcmp(a->name, b->name, a->name_len));
}

static int put_container(struct pq_variant_object *o, nl_buf *out, nl_error *err)
{
    bool object = o->id_size != 0;
    struct pq_variant_field f = {0}, before;
    int rc = nl_buf_putc(out, object ? '{' : '[', err);
    for (size_t i = 0; rc == NL_OK && i < o->n; i++) {
        before = f;
        rc = object ? pq_variant_object_field(o, i, &f, err) : value_of(o, i, &f, err);
        if (rc == NL_OK && i && object && same_name(&f, &before))
            rc = nl_fail(err, NL_CORRUPT, "a variant with two fields of one name");
        if (rc == NL_OK && i)
            rc = nl_buf_putc(out, ',', err);
        if (rc == NL_OK && object)
            rc = pq_variant_key(o->names, f.name, f.name_len, out, err);
        if (rc == NL_OK)
            rc = pq_variant_object_value(o, &f, out, err);
    }
    return rc ? rc : nl_buf_putc(out, object ? '}' : ']', err);
}

int pq_variant_value(struct pq_variant_names *names, const uint8_t *p, size_t len, int depth, size_t *used, nl_buf *out,
                     nl_error *err)
{
    if (len == 0)
        return nl_fail(err, NL_CORRUPT, "a variant without a value");
    uint8_t header = p[0] >> 2;
    *used = 1;
    if ((p[0] & 3) == PRIMITIVE)
        return put_primitive(header, p + 1, len - 1, used, out, err);
    if ((p[0] & 3) == SHORT_STRING) {
        *used += header;
        return header > len - 1 ? cut(err) : text_json_string((const char *)p + 1, header, out, err);
    }
    struct pq_variant_object o;
    int rc = open_container(names, p, len, depth, &o, err);
    if (rc)
        return rc;
    *used = (size_t)(o.values - p) + o.values_len;
    return put_container(&o, out, err);
}

/* NOLINTEND(misc-no-recursion) */

int pq_variant_to_json(const void *metadata, size_t metadata_len, const void *value, size_t value_len, nl_buf *out,
                       nl_error *err)
{
    struct pq_variant_names names;
    size_t before = out->len, used;
    int rc = pq_variant_names_open(metadata, metadata_len, &names, err);
    names.budget += value_len < SIZE_MAX / 512 ? 256 * value_len : SIZE_MAX / 2;
    if (rc == NL_OK)
        rc = pq_variant_value(&names, value, value_len, 0, &used, out, err);
    if (rc && out->data)
        out->data[out->len = before] = '\0';
    return rc;
}
