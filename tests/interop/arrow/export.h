/* export.h: what arrow.py calls through ctypes; see export.c. */
#ifndef TESTS_INTEROP_ARROW_EXPORT_H
#define TESTS_INTEROP_ARROW_EXPORT_H

#include <neuralake/arrow.h>

const char *interop_error(void);
int interop_column(const char *format, int64_t rows, struct ArrowSchema *schema, struct ArrowArray *out);
int interop_copy_schema(const struct ArrowSchema *from, struct ArrowSchema *to);
int interop_text(struct ArrowSchema *schema, struct ArrowArray *a, char **out);
int interop_ndjson(struct ArrowSchema *schema, struct ArrowArray *a, char **out);
int interop_sql(struct ArrowSchema *schema, char **out);
int interop_ipc_encode(struct ArrowSchema *schema, char **out);
int interop_ipc_decode(const char *base64, struct ArrowSchema *out);
void interop_free(char *text);
int interop_views_to_offsets(struct ArrowArray *views, struct ArrowArray *out);
int interop_parts(int64_t rows, int64_t batch_rows, struct ArrowArrayStream *out);
int interop_failing(struct ArrowArrayStream *out);
int64_t interop_count(struct ArrowArrayStream *theirs);

#endif
