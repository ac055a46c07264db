/* file.c: open a file from its tail, and say where the chunks lie. */
#include "parquet/read/file.h"
#include "parquet/read/restore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/codec/codec.h"

enum {
    END = 8,           /* the footer's length and the magic */
    SHORT_COUNT = 128, /* what some writers leave out of total_compressed_size: a dictionary page's header */
};

int pq_tail_need(nl_bytes tail, uint64_t file_size, uint64_t *need, nl_error *err)
{
    if (file_size < END + 4)
        return nl_fail(err, NL_CORRUPT, "not a Parquet file: %" PRIu64 " bytes", file_size);
    if (tail.len < END) {
        *need = END;
        return NL_OK;
    }
    const uint8_t *end = tail.data + tail.len;
    if (!memcmp(end - 4, "PARE", 4))
        return nl_fail(err, NL_UNSUPPORTED, "the footer is encrypted (it ends in \"PARE\")");
    if (memcmp(end - 4, "PAR1", 4))
        return nl_fail(err, NL_CORRUPT, "not a Parquet file: it does not end in \"PAR1\"");
    uint32_t len;
    memcpy(&len, end - END, sizeof len);
    if ((uint64_t)len + END + 4 > file_size)
        return nl_fail(err, NL_CORRUPT, "a footer of %" PRIu32 " bytes in a file of %" PRIu64, len, file_size);
    *need = (uint64_t)len + END;
    return NL_OK;
}

/* A reference of our own to the footer's bytes, which lie at the end of the tail. */
static int take_footer(nl_parquet_file *f, nl_bytes tail, uint64_t need, nl_error *err)
{
    size_t len = (size_t)need - END, offset = tail.len - (size_t)need;
    f->data_end = f->size - need;
    if (tail.block) {
        f->footer = nl_bytes_slice(tail, offset, len);
        return NL_OK;
    }
    nl_block *copy;
    int rc = nl_block_new(len, &copy, err);
    if (rc)
        return rc;
    memcpy(nl_block_data(copy), tail.data + offset, len);
    f->footer = nl_bytes_of(copy, 0, len);
    nl_block_unref(copy);
    return NL_OK;
}

static int sum_rows(nl_parquet_file *f, nl_error *err)
{
    for (size_t i = 0; i < f->meta.n_row_groups; i++) {
        int64_t rows = f->meta.row_groups[i].num_rows;
        if (rows < 0 || rows > INT64_MAX - f->rows)
            return nl_fail(err, NL_CORRUPT, "footer: row group %zu has %" PRId64 " rows", i, rows);
        f->rows += rows;
    }
    return NL_OK;
}

static int decode_footer(nl_parquet_file *f, nl_bytes tail, uint64_t need, nl_error *err)
{
    int rc = take_footer(f, tail, need, err);
    if (rc == NL_OK)
        rc = pq_file_meta_decode(f->footer.data, f->footer.len, &f->arena, &f->meta, err);
    if (rc == NL_OK)
        rc = pq_schema_build(&f->meta, &f->arena, &f->schema, err);
    return rc ? rc : sum_rows(f, err);
}

int pq_open_tail(nl_source *src, nl_bytes tail, nl_parquet_file **out, nl_error *err)
{
    uint64_t need = 0, size = nl_source_size(src);
    nl_bytes more = {0};
    *out = NULL;
    nl_parquet_file *f = calloc(1, sizeof *f);
    if (!f)
        return nl_fail_memory(err);
    f->src = src;
    f->size = size;
    int rc = pq_tail_need(tail, size, &need, err);
    if (rc == NL_OK && need > tail.len) {
        /* Twice at most: a tail shorter than 8 bytes first learns the footer's length. */
        rc = nl_source_read_tail(src, need > PQ_TAIL_GUESS ? need : PQ_TAIL_GUESS, &more, err);
        if (rc == NL_OK)
            rc = pq_tail_need(more, size, &need, err);
        if (rc == NL_OK && need > more.len) {
            nl_bytes_release(&more);
            rc = nl_source_read_tail(src, need, &more, err);
        }
        tail = more;
        if (rc == NL_OK && need > tail.len)
            rc = nl_fail(err, NL_IO, "the last %" PRIu64 " bytes were asked for, %zu came", need, tail.len);
    }
    if (rc == NL_OK)
        rc = decode_footer(f, tail, need, err);
    nl_bytes_release(&more);
    if (rc) {
        pq_note_source(src, err);
        nl_parquet_close(f);
        return rc;
    }
    *out = f;
    return NL_OK;
}

int nl_parquet_open(nl_source *src, nl_parquet_file **out, nl_error *err)
{
    nl_bytes tail;
    *out = NULL;
    int rc = nl_source_read_tail(src, PQ_TAIL_GUESS, &tail, err);
    if (rc)
        return rc;
    rc = pq_open_tail(src, tail, out, err);
    nl_bytes_release(&tail);
    return rc;
}

void nl_parquet_close(nl_parquet_file *f)
{
    if (!f)
        return;
    nl_bytes_release(&f->footer);
    nl_arena_free(&f->arena);
    free(f);
}

int64_t nl_parquet_rows(const nl_parquet_file *f)
{
    return f->rows;
}

size_t nl_parquet_row_groups(const nl_parquet_file *f)
{
    return f->meta.n_row_groups;
}

int64_t nl_parquet_row_group_rows(const nl_parquet_file *f, size_t row_group)
{
    return row_group < f->meta.n_row_groups ? f->meta.row_groups[row_group].num_rows : 0;
}

void pq_note_source(const nl_source *src, nl_error *err)
{
    const char *name = nl_source_name(src);
    size_t len = strlen(name);
    if (err && (strncmp(err->message, name, len) != 0 || err->message[len] != ':'))
        nl_note(err, "%s", name);
}

void pq_note_leaf(const struct pq_schema *s, size_t row_group, size_t leaf, nl_error *err)
{
    nl_buf path = {0};
    if (pq_leaf_path(s, leaf, &path, NULL) == NL_OK)
        nl_note(err, "row group %zu, column %s", row_group, path.data ? path.data : "");
    else
        nl_note(err, "row group %zu, leaf %zu", row_group, leaf);
    nl_buf_free(&path);
}

int pq_leaf_check(const nl_parquet_file *f, size_t leaf, nl_error *err)
{
    const char *why = f->schema.leaves[leaf].type.why;
    if (!why)
        return NL_OK;
    nl_buf path = {0};
    pq_leaf_path(&f->schema, leaf, &path, NULL);
    int rc = nl_fail(err, NL_UNSUPPORTED, "column %s: %s", path.data ? path.data : "?", why);
    nl_buf_free(&path);
    return rc;
}

int pq_column_check(const nl_parquet_file *f, size_t column, nl_error *err)
{
    if (column >= f->schema.n_columns)
        return nl_fail(err, NL_INVALID, "column %zu of %zu", column, f->schema.n_columns);
    const struct pq_column *c = &f->schema.columns[column];
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < c->n_leaves; i++)
        rc = pq_leaf_check(f, c->first_leaf + i, err);
    return rc;
}

/* What the chunk promises, held against schema and row group. */
static int check_chunk(const nl_parquet_file *f, size_t row_group, const struct pq_leaf *leaf,
                       const struct pq_column_chunk *c, nl_error *err)
{
    int64_t rows = f->meta.row_groups[row_group].num_rows;
    const struct pq_column_meta *m = &c->meta;
    if (c->file_path.data && c->file_path.len)
        return nl_fail(err, NL_UNSUPPORTED, "its data lies in another file, %.*s", (int)(c->file_path.len & 0xFFF),
                       (const char *)c->file_path.data);
    if (c->is_encrypted || (!c->has_meta && f->meta.is_encrypted))
        return nl_fail(err, NL_UNSUPPORTED, "the column is encrypted");
    if (!c->has_meta)
        return nl_fail(err, NL_CORRUPT, "the footer has no metadata of the chunk");
    if (m->type != leaf->element->type)
        return nl_fail(err, NL_CORRUPT, "the chunk is of type %s, the schema says %s", pq_type_name(m->type),
                       pq_type_name(leaf->element->type));
    if (m->num_values < rows || (m->num_values > rows && !(leaf->max_repetition && rows)))
        return nl_fail(err, NL_CORRUPT, "%" PRId64 " values in %" PRId64 " rows", m->num_values, rows);
    return pq_codec_check(m->codec, err);
}

int pq_file_chunk(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_arena *arena, struct pq_column_chunk *out,
                  nl_error *err)
{
    if (row_group >= f->meta.n_row_groups || leaf >= f->schema.n_leaves)
        return nl_fail(err, NL_INVALID, "row group %zu of %zu, leaf %zu of %zu", row_group, f->meta.n_row_groups, leaf,
                       f->schema.n_leaves);
    int rc = pq_leaf_check(f, leaf, err);
    if (rc)
        return rc;
    const struct pq_row_group *g = &f->meta.row_groups[row_group];
    if (g->n_columns != f->schema.n_leaves)
        rc = nl_fail(err, NL_CORRUPT, "%zu column chunks, the schema has %zu leaves", g->n_columns, f->schema.n_leaves);
    if (rc == NL_OK)
        rc = pq_row_group_chunk(g, leaf, arena, out, err);
    if (rc == NL_OK)
        rc = check_chunk(f, row_group, &f->schema.leaves[leaf], out, err);
    if (rc)
        pq_note_leaf(&f->schema, row_group, leaf, err);
    return rc;
}

int pq_chunk_range_of(const nl_parquet_file *f, size_t row_group, size_t leaf, const struct pq_column_chunk *chunk,
                      nl_range *out, nl_error *err)
{
    *out = (nl_range){0};
    if (!f->meta.row_groups[row_group].num_rows)
        return NL_OK;
    const struct pq_column_meta *m = &chunk->meta;
    int64_t start = m->data_page_offset;
    if (m->dictionary_page_offset > 0 && m->dictionary_page_offset < start)
        start = m->dictionary_page_offset;
    if (start < 0 || m->total_compressed_size < 0 || (uint64_t)start > f->data_end ||
        (uint64_t)m->total_compressed_size > f->data_end - (uint64_t)start) {
        int rc = nl_fail(err, NL_CORRUPT,
                         "a chunk of %" PRId64 " bytes at byte %" PRId64 ", the file's data ends at %" PRIu64,
                         m->total_compressed_size, start, f->data_end);
        pq_note_leaf(&f->schema, row_group, leaf, err);
        return rc;
    }
    uint64_t most = f->data_end - (uint64_t)start, want = (uint64_t)m->total_compressed_size + SHORT_COUNT;
    *out = (nl_range){(uint64_t)start, want < most ? want : most};
    return NL_OK;
}

int pq_chunk_range(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_range *out, nl_error *err)
{
    struct pq_column_chunk c;
    *out = (nl_range){0};
    int rc = pq_file_chunk(f, row_group, leaf, NULL, &c, err);
    return rc ? rc : pq_chunk_range_of(f, row_group, leaf, &c, out, err);
}

int nl_parquet_schema(const nl_parquet_file *f, struct ArrowSchema *out, nl_error *err)
{
    int rc = arrow_schema_struct(out, f->schema.n_columns, err);
    for (size_t i = 0; rc == NL_OK && i < f->schema.n_columns; i++)
        rc = pq_schema_field(&f->schema, i, false, out->children[i], err);
    if (rc == NL_OK)
        rc = pq_restore(f, NULL, out, err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}
