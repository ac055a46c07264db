/* parquet_file_mutate.h: changes that leave a file's frame whole: bytes of pages in place, so that offsets stay true; or the
 * footer, whose length is then written again.
 *
 *     "PAR1" │ pages, indexes … │ footer │ length │ "PAR1"
 *              └ some of them ┘   └ all ┘   └ mended ┘
 */
#ifndef TESTS_FUZZ_PARQUET_FILE_MUTATE_H
#define TESTS_FUZZ_PARQUET_FILE_MUTATE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Bytes of a part, mutated where they are and as many as before. */
static void mutate_in_place(uint8_t *part, size_t len)
{
    uint8_t *copy = malloc(len);
    if (!copy)
        abort();
    memcpy(copy, part, len);
    size_t n = LLVMFuzzerMutate(copy, len, len);
    memcpy(part, copy, n);
    free(copy);
}

/* The footer of `len` bytes at the end of a file of `size`; returns the file's new size. */
static size_t mutate_footer(uint8_t *data, size_t size, size_t len, size_t max_size)
{
    size_t at = size - 8 - len, n = LLVMFuzzerMutate(data + at, len, max_size - at - 8);
    uint32_t length = (uint32_t)n;
    memcpy(data + at + n, &length, 4);
    memcpy(data + at + n + 4, "PAR1", 4);
    return at + n + 8;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint32_t len = 0;
    if (size >= 12)
        memcpy(&len, data + size - 8, 4);
    if (size < 12 || size > max_size || len == 0 || len > size - 12 || seed % 16 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    size_t pages = size - 8 - len - 4;
    if (pages < 2 || seed % 3 == 0)
        return mutate_footer(data, size, len, max_size);
    size_t from = seed / 48 % pages, n = 1 + seed / 7 % 64;
    mutate_in_place(data + 4 + from, n < pages - from ? n : pages - from);
    return size;
}

#endif
