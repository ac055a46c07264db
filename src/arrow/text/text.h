/* text.h: batches of rows as text: CSV, JSON, NDJSON, Markdown.
 *
 *     csv       RFC 4180: a header, "\n" after each line; a null is nothing, an empty string is ""
 *     json      an array of objects, one a line        ndjson    an object a line
 *     markdown  a pipe table; numbers to the right
 *
 * Values are those of arrow_format_value(). In JSON, integers are exact numbers, floats numbers, decimals strings with their scale (a
 * double would round them), NaN and infinities the strings "NaN", "Infinity", "-Infinity", binary base64 (but what its field calls arrow.uuid in the usual form of one), lists arrays,
 * structs objects, intervals, durations and dates strings, maps arrays of {"key", "value"}. Nested values stand in CSV and Markdown as their JSON.
 * Bytes of a string that are not UTF-8 become U+FFFD in JSON, and stay as they are in the other formats.
 *
 * T1  A type is at most 64 levels deep (NL_UNSUPPORTED): nothing below recurses deeper than that.
 */
#ifndef NL_ARROW_TEXT_TEXT_H
#define NL_ARROW_TEXT_TEXT_H

#include "arrow/arrow.h"
#include "base/arena.h"
#include "base/io/sink.h"

enum arrow_text_format { ARROW_TEXT_CSV, ARROW_TEXT_JSON, ARROW_TEXT_NDJSON, ARROW_TEXT_MARKDOWN };

struct arrow_text;

/* schema is copied; sink is borrowed until free, and not committed. The header is written at once. */
int arrow_text_new(enum arrow_text_format format, const struct ArrowSchema *schema, nl_sink *sink,
                   struct arrow_text **out, nl_error *err);
/* Write a batch of that schema: a struct array, borrowed. */
int arrow_text_batch(struct arrow_text *t, const struct ArrowArray *batch, nl_error *err);
/* What ends the text. */
int arrow_text_finish(struct arrow_text *t, nl_error *err);
void arrow_text_free(struct arrow_text *t);

/* A column's type with those below it, taken apart once. */
struct text_column {
    const char *name;
    const char *key; /* the name as JSON has it in front of a value, with quotes and colon */
    size_t key_len;
    struct arrow_type type; /* of the values, also where they lie in a dictionary */
    bool is_uuid;           /* by the field's extension name, arrow.uuid */
    bool wide_offsets;      /* lists: 64-bit offsets */
    struct text_column *children;
    size_t n_children;
    struct text_column *dictionary; /* what the column's indices point into; NULL: it holds the values itself */
    struct arrow_type index;        /* then: the type of the indices */
};

/* Take the schema's columns apart, into the arena; the names and formats are borrowed from it. */
int text_columns(const struct ArrowSchema *schema, nl_arena *arena, struct text_column **out, nl_error *err);
/* Is there no value at this row? */
bool text_is_null(const struct ArrowArray *a, const struct text_column *c, int64_t row);
/* One value as people read it: nothing for null, JSON for what is nested. */
int text_plain_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out, nl_error *err);
/* One value as JSON. */
int text_json_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out, nl_error *err);
/* 16 bytes as 8-4-4-4-12 hexadecimal digits, without quotes. */
int text_uuid(const uint8_t b[static 16], nl_buf *out, nl_error *err);
/* A JSON string with its quotes. */
int text_json_string(const char *s, size_t len, nl_buf *out, nl_error *err);
/* Is the column a number (right-aligned)? */
bool text_is_number(const struct text_column *c);

#endif
