/* ipc_schema.h: a schema as Arrow's own files write it down, which Parquet writers keep in base64 under "ARROW:schema".
 *
 *     base64 of:  FF FF FF FF │ int32: bytes of the message │ Message { V5, Schema { fields, metadata } } │ zeros up to 8
 *
 * It says what Parquet has no words for: names of time zones, durations, dictionaries, fixed-size lists, extension types.
 * Spec: Arrow columnar format, "Encapsulated message format", Schema.fbs and Message.fbs.
 */
#ifndef NL_ARROW_IPC_SCHEMA_H
#define NL_ARROW_IPC_SCHEMA_H

#include <stddef.h>

#include <neuralake/arrow.h>

#include "base/buf.h"
#include "base/error.h"

/* Append the base64 of a struct schema's message. Dictionary columns are numbered in their order. NL_UNSUPPORTED: a union, or
 * more than 64 levels. On failure base64 is as it was. */
int arrow_ipc_schema_encode(const struct ArrowSchema *s, nl_buf *base64, nl_error *err);
/* Back: *out is yours. Not to be trusted: every offset is checked, nothing is made that the text's own length does not pay for.
 * NL_CORRUPT; NL_UNSUPPORTED: a union, or more than 64 levels. */
int arrow_ipc_schema_decode(const char *base64, size_t len, struct ArrowSchema *out, nl_error *err);
/* Give the columns of a struct that was read from Parquet, of this room's making, what the schema that was written down knows better,
 * where that changes no byte of the values: the names of time zones, durations, extension types and other metadata (keys of Parquet's
 * own stay as they are). Columns and members are matched by name; where the two differ in shape, the field stays as it is. */
int arrow_ipc_schema_restore(const struct ArrowSchema *written, struct ArrowSchema *read, nl_error *err);

/* The same, decoding from a message (as arrow_ipc_schema_decode() does) only the columns of `read`: positions[i] is where column i
 * was written; where another name stands there, it is searched for. On failure some may be restored, and some not. */
int arrow_ipc_schema_restore_columns(const char *base64, size_t len, const size_t *positions, struct ArrowSchema *read,
                                     nl_error *err);

/* For both ways: the number of a type in the union Type, and the values of its fields where the format has no parameter. */
struct arrow_ipc_type {
    const char *format;
    uint8_t id;
    int16_t fields[2];
};
extern const struct arrow_ipc_type arrow_ipc_types[]; /* ends with id 0 */
/* The fields of a type's table: bytes, and the value of one that is absent. Offsets are not among them. */
struct arrow_ipc_field {
    uint8_t size;
    int16_t absent;
};
extern const struct arrow_ipc_field arrow_ipc_fields[32][3];
enum arrow_ipc_id {
    ARROW_IPC_DECIMAL = 7,
    ARROW_IPC_TIMESTAMP = 10,
    ARROW_IPC_FIXED_BINARY = 15,
    ARROW_IPC_FIXED_LIST = 16,
    ARROW_IPC_MAP = 17,
};

#endif
