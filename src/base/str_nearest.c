/* str_nearest.c: "did you mean …?". Optimal string alignment: insert, delete, replace, or swap of two neighbours. */
#include <string.h>

#include "base/str.h"

/* Names are words of people: longer ones are never called near. */
enum { LONGEST = 127 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Three rows of the matrix are enough: the current one, and two above for the swap. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1], *above2 = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same);
            bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
        size_t *oldest = above2;
        above2 = above;
        above = row;
        row = oldest;
    }
    return above[m];
}

const char *nl_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t len = strlen(word), best_distance = SIZE_MAX;
    for (size_t i = 0; i < n && len <= LONGEST; i++) {
        size_t m = strlen(names[i]);
        if (m > LONGEST)
            continue;
        size_t d = distance(word, len, names[i], m), longer = len > m ? len : m;
        if (d * 3 <= longer && d < best_distance) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
