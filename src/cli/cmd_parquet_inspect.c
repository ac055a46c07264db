/* cmd_parquet_inspect.c: what a Parquet file says of itself: schema, row groups, columns.
 *
 *     file (size, rows, writer, key-values) ── schema as a tree ── row groups ── columns, over all row groups
 *
 * The table adds a column's chunks up; as JSON every chunk is there (parquet_json.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/parquet_json.h"
#include "cli/parquet_leaf.h"
#include "cli/rows.h"
#include "parquet/codec/codec.h"

enum {
    MOST_GROUPS = 20, /* row groups that are listed */
    MOST_BOUND = 32,  /* bytes of a bound that are shown */
};

/* ── columns ── */

enum { COLUMN, CODEC, ENCODINGS, PAGES, SIZE, RATIO, NULLS, MIN, MAX, INDEX, CELLS };
static const struct cli_column columns[CELLS] = {
    {.title = "column"},
    {.title = "codec"},
    {.title = "encodings"},
    {.title = "pages", .right = true},
    {.title = "size", .right = true},
    {.title = "ratio", .right = true},
    {.title = "nulls", .right = true},
    {.title = "min"},
    {.title = "max"},
    {.title = "index"},
};

/* "PLAIN RLE_DICTIONARY" of the bits; RLE of levels, which nearly every chunk has, is not shown beside others. */
static void encodings_text(uint32_t bits, char *out, size_t size)
{
    const uint32_t levels = UINT32_C(1) << PQ_RLE | UINT32_C(1) << PQ_BIT_PACKED;
    size_t used = 0;
    out[0] = 0;
    if (bits & ~levels)
        bits &= ~levels;
    for (int32_t e = 0; e < 32 && used < size; e++)
        if (bits >> e & 1)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", pq_encoding_name(e));
}

/* "column offset bloom": which of them every chunk has; "some" where only some have one. */
static void index_text(const struct leaf_sum *s, char out[static 64])
{
    static const char *const names[] = {"column", "offset", "bloom"};
    const size_t counts[] = {s->column_indexes, s->offset_indexes, s->bloom_filters};
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < NL_LEN(names); i++)
        if (counts[i])
            used += (size_t)snprintf(out + used, 64 - used, "%s%s%s", used ? " " : "", names[i],
                                     counts[i] < s->chunks ? " (some)" : "");
}

/* The cells of one leaf; each is malloc'ed, or NULL for nothing. */
static int leaf_cells(const nl_parquet_file *file, size_t leaf, char *cells[CELLS], nl_error *err)
{
    struct leaf_sum s;
    nl_buf path = {0};
    int rc = cli_leaf_sum(file, leaf, &s, err);
    if (rc == NL_OK)
        rc = pq_inspect_path(file, leaf, &path, err);
    if (rc) {
        nl_buf_free(&path);
        return rc;
    }
    char text[256], size[32];
    cells[COLUMN] = nl_buf_steal(&path);
    cells[CODEC] = strdup(s.mixed_codec ? "several" : s.codec < 0 ? "" : pq_codec_name(s.codec));
    encodings_text(s.encodings, text, sizeof text);
    cells[ENCODINGS] = strdup(text);
    snprintf(text, sizeof text, "%lld", (long long)s.pages);
    cells[PAGES] = strdup(s.has_pages ? text : "?");
    cells[SIZE] = strdup(nl_format_size((uint64_t)s.compressed, size));
    snprintf(text, sizeof text, "%.2f", s.compressed > 0 ? (double)s.uncompressed / (double)s.compressed : 1.0);
    cells[RATIO] = strdup(text);
    snprintf(text, sizeof text, "%lld", (long long)s.nulls);
    cells[NULLS] = strdup(s.has_nulls ? text : "?");
    cells[MIN] = s.has_min ? cli_bound_text(file, leaf, s.min, MOST_BOUND) : NULL;
    cells[MAX] = s.has_max ? cli_bound_text(file, leaf, s.max, MOST_BOUND) : NULL;
    index_text(&s, text);
    cells[INDEX] = strdup(text);
    for (size_t i = 0; i < CELLS; i++)
        if (!cells[i] && i != MIN && i != MAX)
            return nl_fail_memory(err);
    return NL_OK;
}

/* How wide the table would be. */
static size_t table_width(char *const *cells, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < CELLS; i++) {
        size_t most = strlen(columns[i].title);
        for (size_t r = 0; r < n; r++) {
            const char *cell = cells[r * CELLS + i];
            size_t w = cell ? cli_text_width(cell) : 0;
            most = w > most ? w : most;
        }
        width += most + 2;
    }
    return width - 2;
}

/* The same on a narrow terminal: a block a column. */
static void print_block(char *const *cells)
{
    static const char *const empty = "";
    const char *min = cells[MIN], *max = cells[MAX], *index = cells[INDEX] ? cells[INDEX] : empty;
    printf("%s\n  %s, %s\n", cells[COLUMN], cells[CODEC], cells[ENCODINGS]);
    printf("  %s pages, %s, ratio %s, %s nulls\n", cells[PAGES], cells[SIZE], cells[RATIO], cells[NULLS]);
    if (min || max)
        printf("  %s to %s\n", min ? min : "?", max ? max : "?");
    if (*index)
        printf("  index: %s\n", index);
}

static int print_columns(const nl_parquet_file *file, nl_error *err)
{
    size_t n = pq_inspect_schema(file)->n_leaves;
    char **cells = calloc(n * CELLS + 1, sizeof *cells);
    int rc = cells ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++)
        rc = leaf_cells(file, i, cells + i * CELLS, err);
    size_t room = cli_terminal_width();
    if (rc == NL_OK && room && table_width(cells, n) > room) {
        for (size_t i = 0; i < n; i++)
            print_block(cells + i * CELLS);
        rc = cli_flush(err);
    } else if (rc == NL_OK) {
        rc = cli_print_columns(columns, CELLS, (const char *const *)cells, n, err);
    }
    for (size_t i = 0; cells && i < n * CELLS; i++)
        free(cells[i]);
    free(cells);
    return rc;
}

/* ── the file ── */

static void print_sorting(const nl_parquet_file *file, const struct pq_row_group *g)
{
    for (size_t i = 0; i < g->n_sorting; i++) {
        nl_buf path = {0};
        if (g->sorting[i].column >= 0)
            pq_inspect_path(file, (size_t)g->sorting[i].column, &path, NULL);
        printf("%s%s%s%s", i ? ", " : "; sorted by ", path.data ? path.data : "?",
               g->sorting[i].descending ? " descending" : "", g->sorting[i].nulls_first ? ", nulls first" : "");
        nl_buf_free(&path);
    }
}

static void print_groups(const nl_parquet_file *file)
{
    const struct pq_file_meta *meta = pq_inspect_meta(file);
    char size[32], stored[32];
    for (size_t g = 0; g < meta->n_row_groups && g < MOST_GROUPS; g++) {
        const struct pq_row_group *group = &meta->row_groups[g];
        printf("  row group   %zu: %lld rows, %s before compression", g, (long long)group->num_rows,
               nl_format_size((uint64_t)group->total_byte_size, size));
        if (group->total_compressed_size >= 0)
            printf(", %s stored", nl_format_size((uint64_t)group->total_compressed_size, stored));
        print_sorting(file, group);
        putchar('\n');
    }
    if (meta->n_row_groups > MOST_GROUPS)
        printf("  row group   … and %zu more; --format json shows all\n", meta->n_row_groups - MOST_GROUPS);
}

/* Foreign text on a line of its own. */
static void print_word(const char *title, struct pq_slice s, const char *behind)
{
    char text[160];
    nl_printable(s.data ? (const char *)s.data : "", s.data ? s.len : 0, text, sizeof text);
    printf("  %-10s  %s%s\n", title, text, behind);
}

static int print_text(const nl_parquet_file *file, const char *uri, nl_error *err)
{
    char size[32], footer[32];
    const struct pq_file_meta *meta = pq_inspect_meta(file);
    printf("%s\n", uri);
    printf("  size        %s, footer %s\n", nl_format_size(pq_inspect_size(file), size),
           nl_format_size(pq_inspect_footer_size(file), footer));
    printf("  rows        %lld in %zu row group%s\n", (long long)nl_parquet_rows(file), meta->n_row_groups,
           meta->n_row_groups == 1 ? "" : "s");
    print_word("written by", meta->created_by, "");
    for (size_t i = 0; i < meta->n_key_values; i++) {
        char bytes[40];
        snprintf(bytes, sizeof bytes, " (%zu bytes)", meta->key_values[i].value.len);
        print_word("key", meta->key_values[i].key, bytes);
    }
    print_groups(file);
    putchar('\n');
    int rc = cli_print_schema(file, err);
    putchar('\n');
    return rc ? rc : print_columns(file, err);
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    nl_source *source = NULL;
    nl_parquet_file *file = NULL;
    const char *format = cli_value(a, "format"), *uri = a->argv[0];
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = nl_store_open(store, uri, NULL, &source, err);
    if (rc == NL_OK)
        rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK)
        rc =
            format && strcmp(format, "json") == 0 ? cli_print_parquet_json(file, uri, err) : print_text(file, uri, err);
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

static const char *const formats[] = {"table", "json", NULL};

const struct cli_command cli_parquet_inspect = {
    .path = "parquet inspect",
    .operands = "FILE|URI",
    .min_operands = 1,
    .max_operands = 1,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Show a Parquet file's schema, row groups and columns",
    .description = "No data is read, only the footer (and the offset indexes of a file whose footer does not count its "
                   "pages). The table adds a column's chunks up; json shows each, and everything else that the footer "
                   "says. Where a terminal is too narrow for the table, each column is a block of lines.",
    .options =
        (const struct cli_option[]){
            {.name = "format",
             .letter = 'f',
             .argument = "FORMAT",
             .choices = formats,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "how it is printed"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            CLI_OPTIONS_CACHE,
            {0},
        },
    .run = run,
};
