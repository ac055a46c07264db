/* merge.c: neighbours into requests.
 *
 *     ranges     ▓▓▓▓  ▓▓      ▓▓▓              ▓▓▓▓
 *     gaps           2    6       14                     max_gap 6
 *     requests   ├──────────────┤              ├──┤
 *
 * Sorted by offset (of equal ones the longer first), a range either joins the newest request or opens one. So the offsets
 * of the requests rise strictly, and the request of a range is the last one that begins at or before it.
 */
#include "base/io/merge.h"

static uint64_t end_of(nl_range r)
{
    return r.length > UINT64_MAX - r.offset ? UINT64_MAX : r.offset + r.length;
}

static bool before(nl_range a, nl_range b)
{
    return a.offset != b.offset ? a.offset < b.offset : a.length > b.length;
}

/* Move a[i] down to its place in the heap of n. */
static void sift(nl_range *a, size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(a[child], a[child + 1]))
            child++;
        if (!before(a[i], a[child]))
            return;
        nl_range t = a[i];
        a[i] = a[child];
        a[child] = t;
    }
}

/* Heap sort: qsort() may allocate, and the worst case of others is quadratic. */
static void sort(nl_range *a, size_t n)
{
    bool sorted = true; /* as ranges of a file mostly are */
    for (size_t i = 1; i < n && sorted; i++)
        sorted = !before(a[i], a[i - 1]);
    if (sorted)
        return;
    for (size_t i = n / 2; i-- > 0;)
        sift(a, i, n);
    for (size_t i = n; i-- > 1;) {
        nl_range t = a[0];
        a[0] = a[i];
        a[i] = t;
        sift(a, 0, i);
    }
}

/* The last of n requests that begins at or before offset; there is one. */
static size_t holder(const nl_range *requests, size_t n, uint64_t offset)
{
    size_t low = 0;
    while (n > 1) {
        size_t half = n / 2;
        if (requests[low + half].offset <= offset) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return low;
}

size_t nl_merge_ranges(const nl_range *ranges, size_t n, uint64_t max_gap, uint64_t max_request, nl_range *requests,
                       size_t *which)
{
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        requests[i] = ranges[i];
    sort(requests, n);
    size_t last = 0;
    for (size_t i = 1; i < n; i++) {
        nl_range r = requests[i], *request = &requests[last];
        uint64_t end = end_of(*request), new_end = end_of(r) > end ? end_of(r) : end;
        bool near = r.offset <= end || r.offset - end <= max_gap;
        bool inside = new_end == end;
        if (near && (inside || new_end - request->offset <= max_request))
            request->length = new_end - request->offset;
        else
            requests[++last] = r;
    }
    for (size_t i = 0; i < n; i++)
        which[i] = holder(requests, last + 1, ranges[i].offset);
    return last + 1;
}
