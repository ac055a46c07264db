/* neuralake/io.h: byte sources and byte sinks, which stores give and file formats use.
 *
 * Threads  A source may be shared by threads; a sink belongs to one at a time.
 * Errors   As in neuralake/error.h; on failure *out is NULL.
 */
#ifndef NEURALAKE_IO_H
#define NEURALAKE_IO_H

#include <stddef.h>
#include <stdint.h>

#include <neuralake/error.h>

typedef struct nl_source nl_source;
typedef struct nl_sink nl_sink;

/* Read a local file. path is copied; *out is yours, close with nl_source_close(). NL_NOT_FOUND, NL_DENIED, NL_IO. */
NL_API int nl_source_open_file(const char *path, nl_source **out, nl_error *err);
/* Read len bytes of memory, which are borrowed until the source is closed. name is for messages. */
NL_API int nl_source_open_memory(const char *name, const void *data, size_t len, nl_source **out, nl_error *err);
/* The size in bytes, UINT64_MAX while no request has learned it yet. */
NL_API uint64_t nl_source_size(const nl_source *s);
/* The path or URI. Owned by s. */
NL_API const char *nl_source_name(const nl_source *s);
/* No handle of the source may be open. NULL is fine. */
NL_API void nl_source_close(nl_source *s);

/* Write a local file (path is copied; *out is yours, end it with commit or abort): to a temporary name in the same folder, which commit syncs and renames (durable: data and folder
 * reach the disk before commit returns), and abort removes. Missing parent folders are an error:
 * NL_NOT_FOUND; else NL_DENIED, NL_IO. */
NL_API int nl_sink_create_file(const char *path, nl_sink **out, nl_error *err);
/* Append len bytes; blocks for back-pressure. After a failure only nl_sink_abort() makes sense. */
NL_API int nl_sink_write(nl_sink *s, const void *data, size_t len, nl_error *err);
/* Make everything written visible under its final name at once, and end the sink, also when it fails (then nothing is
 * left, and what was under the name before still is). */
NL_API int nl_sink_commit(nl_sink *s, nl_error *err);
/* Leave nothing, and end the sink. NULL is fine. */
NL_API void nl_sink_abort(nl_sink *s);
/* Bytes written so far. */
NL_API uint64_t nl_sink_written(const nl_sink *s);

#endif
