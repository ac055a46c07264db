/* thrift.c: reading the Thrift compact protocol; see thrift.h for the layout and the rules T1 to T4.
 *
 * Inside a list a bool takes a byte, as a field it takes none: lists of bools carry the type LIST_BOOL here, which no
 * wire byte can produce (header bytes with it are refused).
 */
#include "parquet/format/thrift.h"

#include <string.h>

#define LIST_BOOL 14

void pq_thrift_init(struct pq_thrift *r, const void *data, size_t len)
{
    const uint8_t *p = data;
    *r = (struct pq_thrift){.start = p, .in = p, .end = p + len};
}

void pq_thrift_bad(struct pq_thrift *r, const char *what)
{
    if (r->code)
        return;
    r->code = NL_CORRUPT;
    r->what = what;
    r->at = (size_t)(r->in - r->start);
    r->in = r->end;
}

int pq_thrift_result(const struct pq_thrift *r, nl_error *err)
{
    if (!r->code)
        return NL_OK;
    if (r->code == NL_NO_MEMORY)
        return nl_fail_memory(err);
    return nl_fail(err, r->code, "%s at byte %zu of %zu", r->what, r->at, (size_t)(r->end - r->start));
}

static size_t left(const struct pq_thrift *r)
{
    return (size_t)(r->end - r->in);
}

/* A varint of at most 64 bits; 0 after a failure. */
static uint64_t varint(struct pq_thrift *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->in == r->end) {
            pq_thrift_bad(r, "a number is cut off");
            return 0;
        }
        uint8_t b = *r->in++;
        v |= (uint64_t)(b & 0x7F) << shift;
        if (!(b & 0x80))
            return v;
    }
    pq_thrift_bad(r, "a number has more than 64 bits");
    return 0;
}

static int64_t zigzag(struct pq_thrift *r)
{
    uint64_t v = varint(r);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void advance(struct pq_thrift *r, uint64_t n)
{
    if (n > left(r))
        pq_thrift_bad(r, "a value is longer than what is left");
    else
        r->in += n;
}

bool pq_thrift_next(struct pq_thrift *r, struct pq_field *f)
{
    if (r->in == r->end) {
        pq_thrift_bad(r, "a structure has no end");
        return false;
    }
    uint8_t head = *r->in++;
    if (!head)
        return false;
    f->type = head & 0x0F;
    if (f->type == PQ_T_STOP || f->type > PQ_T_UUID) {
        pq_thrift_bad(r, "unknown wire type");
        return false;
    }
    int64_t id = head >> 4 ? f->id + (head >> 4) : zigzag(r);
    if (id < INT16_MIN || id > INT16_MAX) {
        pq_thrift_bad(r, "a field's id is out of range");
        return false;
    }
    f->id = (int16_t)id;
    return !r->code;
}

bool pq_thrift_bool(struct pq_thrift *r, const struct pq_field *f, bool *out)
{
    if (f->type == PQ_T_TRUE || f->type == PQ_T_FALSE) {
        *out = f->type == PQ_T_TRUE;
        return true;
    }
    if (f->type != LIST_BOOL) {
        pq_thrift_skip(r, f);
        return false;
    }
    const uint8_t *p = r->in;
    advance(r, 1);
    if (!r->code)
        *out = *p == PQ_T_TRUE;
    return !r->code;
}

/* An integer of any width that lies within low..high. */
static bool integer(struct pq_thrift *r, const struct pq_field *f, int64_t low, int64_t high, int64_t *out)
{
    if (f->type != PQ_T_BYTE && f->type != PQ_T_I16 && f->type != PQ_T_I32 && f->type != PQ_T_I64) {
        pq_thrift_skip(r, f);
        return false;
    }
    int64_t v = 0;
    if (f->type != PQ_T_BYTE) {
        v = zigzag(r);
    } else {
        const uint8_t *p = r->in;
        advance(r, 1);
        if (!r->code)
            v = (int8_t)*p;
    }
    if (v < low || v > high)
        pq_thrift_bad(r, "a number is out of range");
    if (r->code)
        return false;
    *out = v;
    return true;
}

bool pq_thrift_i8(struct pq_thrift *r, const struct pq_field *f, int8_t *out)
{
    int64_t v;
    if (!integer(r, f, INT8_MIN, INT8_MAX, &v))
        return false;
    *out = (int8_t)v;
    return true;
}

bool pq_thrift_i16(struct pq_thrift *r, const struct pq_field *f, int16_t *out)
{
    int64_t v;
    if (!integer(r, f, INT16_MIN, INT16_MAX, &v))
        return false;
    *out = (int16_t)v;
    return true;
}

bool pq_thrift_i32(struct pq_thrift *r, const struct pq_field *f, int32_t *out)
{
    int64_t v;
    if (!integer(r, f, INT32_MIN, INT32_MAX, &v))
        return false;
    *out = (int32_t)v;
    return true;
}

bool pq_thrift_i64(struct pq_thrift *r, const struct pq_field *f, int64_t *out)
{
    return integer(r, f, INT64_MIN, INT64_MAX, out);
}

bool pq_thrift_binary(struct pq_thrift *r, const struct pq_field *f, struct pq_slice *out)
{
    if (f->type != PQ_T_BINARY) {
        pq_thrift_skip(r, f);
        return false;
    }
    uint64_t n = varint(r);
    const uint8_t *p = r->in;
    advance(r, n);
    if (r->code)
        return false;
    *out = (struct pq_slice){p, (size_t)n};
    return true;
}

bool pq_thrift_struct(struct pq_thrift *r, const struct pq_field *f)
{
    if (f->type == PQ_T_STRUCT)
        return true;
    pq_thrift_skip(r, f);
    return false;
}

/* Read a list's header: T4. */
static struct pq_list list_header(struct pq_thrift *r)
{
    struct pq_list l = {0};
    if (r->in == r->end) {
        pq_thrift_bad(r, "a list has no header");
        return l;
    }
    uint8_t head = *r->in++;
    uint64_t n = head >> 4;
    if (n == 15)
        n = varint(r);
    uint8_t type = head & 0x0F;
    if (type > PQ_T_UUID || (type == PQ_T_STOP && n))
        pq_thrift_bad(r, "unknown wire type in a list");
    else if (n > left(r) || n > UINT32_MAX)
        pq_thrift_bad(r, "a list has more elements than bytes are left");
    if (r->code)
        return l;
    l.n = (uint32_t)n;
    l.type = type == PQ_T_TRUE || type == PQ_T_FALSE ? LIST_BOOL : type;
    return l;
}

void *pq_thrift_alloc(struct pq_thrift *r, nl_arena *arena, const struct pq_list *l, size_t least, size_t size)
{
    if (l->n > left(r) / least) {
        pq_thrift_bad(r, "a list has more elements than its bytes can hold");
        return NULL;
    }
    void *p = nl_arena_array(arena, l->n, size);
    if (!p) {
        pq_thrift_bad(r, "out of memory");
        r->code = NL_NO_MEMORY;
    }
    return p;
}

struct pq_field pq_list_field(const struct pq_list *l)
{
    return (struct pq_field){.type = l->type};
}

/* What is left to skip of a container: fields up to a struct's end, or elements. */
struct frame {
    bool is_struct;
    uint8_t type[2]; /* of the elements; a map's keys and values take turns */
    uint64_t left;   /* elements */
};

/* A map: its count, then one byte for both types (nothing where it is empty). */
static bool open_map(struct pq_thrift *r, struct frame *open)
{
    uint64_t n = varint(r);
    if (r->code || !n)
        return false;
    if (n > left(r) / 2) {
        pq_thrift_bad(r, "a map has more entries than bytes are left");
        return false;
    }
    uint8_t types = *r->in++, key = types >> 4, value = types & 0x0F;
    if (!key || !value || key > PQ_T_UUID || value > PQ_T_UUID) {
        pq_thrift_bad(r, "unknown wire type in a map");
        return false;
    }
    key = key <= PQ_T_FALSE ? LIST_BOOL : key;
    value = value <= PQ_T_FALSE ? LIST_BOOL : value;
    *open = (struct frame){.type = {value, key}, .left = 2 * n};
    return true;
}

/* Skip a value that has no parts, or describe its parts in *open and answer true. */
static bool skip_or_open(struct pq_thrift *r, uint8_t type, struct frame *open)
{
    switch (type) {
    case PQ_T_BYTE:
    case LIST_BOOL:
        advance(r, 1);
        return false;
    case PQ_T_I16:
    case PQ_T_I32:
    case PQ_T_I64:
        varint(r);
        return false;
    case PQ_T_DOUBLE:
        advance(r, 8);
        return false;
    case PQ_T_UUID:
        advance(r, 16);
        return false;
    case PQ_T_BINARY:
        advance(r, varint(r));
        return false;
    case PQ_T_STRUCT:
        *open = (struct frame){.is_struct = true};
        return true;
    case PQ_T_LIST:
    case PQ_T_SET: {
        struct pq_list l = list_header(r);
        *open = (struct frame){.type = {l.type, l.type}, .left = l.n};
        return true;
    }
    case PQ_T_MAP:
        return open_map(r, open);
    default: /* a bool that is a field */
        return false;
    }
}

/* The type of the container's next value. False: it has no more. */
static bool next_part(struct pq_thrift *r, struct frame *f, uint8_t *type)
{
    if (f->is_struct) {
        struct pq_field field = {0};
        bool more = pq_thrift_next(r, &field);
        *type = field.type;
        return more;
    }
    if (!f->left)
        return false;
    *type = f->type[--f->left & 1];
    return true;
}

void pq_thrift_skip(struct pq_thrift *r, const struct pq_field *f)
{
    struct frame stack[PQ_THRIFT_DEPTH];
    int depth = 0;
    uint8_t type = f->type;
    do {
        struct frame open;
        if (skip_or_open(r, type, &open)) {
            if (depth == PQ_THRIFT_DEPTH)
                pq_thrift_bad(r, "structures are nested too deep");
            else
                stack[depth++] = open;
        }
        while (depth && !r->code && !next_part(r, &stack[depth - 1], &type))
            depth--;
    } while (depth && !r->code);
}

bool pq_thrift_list(struct pq_thrift *r, const struct pq_field *f, uint8_t elements, struct pq_list *out)
{
    if (f->type != PQ_T_LIST && f->type != PQ_T_SET) {
        pq_thrift_skip(r, f);
        return false;
    }
    const uint8_t *head = r->in;
    struct pq_list l = list_header(r);
    if (r->code)
        return false;
    if (l.n && l.type != (elements == PQ_T_TRUE ? LIST_BOOL : elements)) {
        r->in = head;
        pq_thrift_skip(r, f);
        return false;
    }
    *out = l;
    return true;
}
