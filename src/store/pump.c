/* pump.c: a whole source into a sink, some pieces ahead.
 *
 *     first ──▶ the size is known ──▶ [piece][piece][piece][piece] in flight ──in order──▶ sink
 *
 * At most `ahead` pieces are in memory, so a copy of any size needs 32 MiB and what the sink keeps.
 */
#include "store/backend.h"
#include "store/s3/client.h"

enum { piece = 4 << 20, ahead = 6 };

int store_submit_first(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err)
{
    int rc;
    uint64_t size = nl_source_size(s);
    if (size == NL_SIZE_UNKNOWN && store_s3_submit_first(s, want, out, &rc, err))
        return rc;
    return nl_source_submit(s, &(nl_range){0, want < size ? want : size}, 1, out, err);
}

/* Wait for a piece and write it. */
static int move_piece(nl_fetch *f, nl_sink *to, uint64_t *moved, nl_error *err)
{
    nl_bytes bytes;
    int rc = nl_fetch_wait(f, NULL, &bytes, err);
    if (rc)
        return rc;
    *moved = bytes.len;
    rc = nl_sink_write(to, bytes.data, bytes.len, err);
    nl_bytes_release(&bytes);
    return rc;
}

int store_pump(nl_source *from, nl_sink *to, nl_error *err)
{
    nl_fetch *window[ahead] = {0};
    uint64_t next, moved;
    int rc = store_submit_first(from, piece, &window[0], err);
    if (!rc)
        rc = move_piece(window[0], to, &next, err);
    window[0] = NULL;
    uint64_t size = nl_source_size(from), left = rc ? 0 : size - next;
    size_t first = 0, count = 0; /* pieces in flight */
    while (!rc && (count || left)) {
        while (!rc && left && count < ahead) {
            uint64_t len = left < piece ? left : piece;
            rc = nl_source_submit(from, &(nl_range){size - left, len}, 1, &window[(first + count) % ahead], err);
            left -= len;
            count += !rc;
        }
        if (rc)
            break;
        rc = move_piece(window[first], to, &moved, err);
        window[first] = NULL;
        first = (first + 1) % ahead;
        count--;
    }
    for (size_t i = 0; i < ahead; i++)
        nl_fetch_drop(window[i]);
    return rc;
}
