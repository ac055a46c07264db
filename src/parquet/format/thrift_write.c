/* thrift_write.c: writing the Thrift compact protocol; see thrift.h for the layout.
 *
 * Field headers take the short form (delta and type in one byte) wherever the id grows by 1 to 15.
 */
#include "parquet/format/thrift.h"

#include "base/str.h"

void pq_thrift_writer_init(struct pq_thrift_writer *w, nl_buf *out)
{
    *w = (struct pq_thrift_writer){.out = out};
}

static void append(struct pq_thrift_writer *w, const void *data, size_t len)
{
    if (!w->code && len)
        w->code = nl_buf_append(w->out, data, len, NULL);
}

static void put_varint(struct pq_thrift_writer *w, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    append(w, bytes, n);
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static void header(struct pq_thrift_writer *w, int16_t id, uint8_t type)
{
    if (w->depth < 1) {
        w->code = w->code ? w->code : NL_INTERNAL;
        return;
    }
    int16_t *last = &w->last[w->depth - 1];
    int delta = id - *last;
    *last = id;
    if (delta >= 1 && delta <= 15) {
        append(w, &(uint8_t){(uint8_t)(delta << 4 | type)}, 1);
        return;
    }
    append(w, &type, 1);
    put_varint(w, zigzag(id));
}

void pq_write_bool(struct pq_thrift_writer *w, int16_t id, bool v)
{
    header(w, id, v ? PQ_T_TRUE : PQ_T_FALSE);
}

void pq_write_i8(struct pq_thrift_writer *w, int16_t id, int8_t v)
{
    header(w, id, PQ_T_BYTE);
    append(w, &v, 1);
}

void pq_write_i16(struct pq_thrift_writer *w, int16_t id, int16_t v)
{
    header(w, id, PQ_T_I16);
    put_varint(w, zigzag(v));
}

void pq_write_i32(struct pq_thrift_writer *w, int16_t id, int32_t v)
{
    header(w, id, PQ_T_I32);
    put_varint(w, zigzag(v));
}

void pq_write_i64(struct pq_thrift_writer *w, int16_t id, int64_t v)
{
    header(w, id, PQ_T_I64);
    put_varint(w, zigzag(v));
}

void pq_write_binary(struct pq_thrift_writer *w, int16_t id, const void *data, size_t len)
{
    header(w, id, PQ_T_BINARY);
    pq_write_bytes(w, data, len);
}

void pq_write_element(struct pq_thrift_writer *w)
{
    if (w->depth == (int)NL_LEN(w->last)) {
        w->code = w->code ? w->code : NL_INTERNAL;
        return;
    }
    w->last[w->depth++] = 0;
}

void pq_write_begin(struct pq_thrift_writer *w, int16_t id)
{
    header(w, id, PQ_T_STRUCT);
    pq_write_element(w);
}

void pq_write_list(struct pq_thrift_writer *w, int16_t id, uint8_t elements, size_t n)
{
    header(w, id, PQ_T_LIST);
    append(w, &(uint8_t){(uint8_t)((n < 15 ? n : 15) << 4 | elements)}, 1);
    if (n >= 15)
        put_varint(w, n);
}

void pq_write_end(struct pq_thrift_writer *w)
{
    append(w, &(uint8_t){PQ_T_STOP}, 1);
    if (w->depth > 0)
        w->depth--;
    else if (!w->code)
        w->code = NL_INTERNAL;
}

void pq_write_varint(struct pq_thrift_writer *w, int64_t v)
{
    put_varint(w, zigzag(v));
}

void pq_write_bytes(struct pq_thrift_writer *w, const void *data, size_t len)
{
    put_varint(w, len);
    append(w, data, len);
}

void pq_write_flag(struct pq_thrift_writer *w, bool v)
{
    append(w, &(uint8_t){v ? PQ_T_TRUE : PQ_T_FALSE}, 1);
}

int pq_thrift_finish(const struct pq_thrift_writer *w, nl_error *err)
{
    if (w->code == NL_NO_MEMORY)
        return nl_fail_memory(err);
    if (w->code || w->depth)
        return nl_fail(err, NL_INTERNAL, "structures of the footer are nested too deep or left open");
    return NL_OK;
}
