/* yaml.h: reading small YAML (and so JSON) files, with errors that say where. */
#ifndef NL_SERVER_S3_YAML_H
#define NL_SERVER_S3_YAML_H

#include "base/buf.h"
#include "base/error.h"

struct fy_document;
struct fy_node;

/* *out points into text, which must outlive it; release with fy_document_destroy(). NL_INVALID: "PATH:LINE:COLUMN: …". */
int s3_yaml_parse(const char *path, const nl_buf *text, struct fy_document **out, nl_error *err);
/* NL_INVALID at a node: "PATH:LINE:COLUMN: …". node NULL: no place is said. */
int s3_yaml_fail(const char *path, struct fy_node *node, nl_error *err, const char *fmt, ...) NL_PRINTF(4, 5);

#endif
