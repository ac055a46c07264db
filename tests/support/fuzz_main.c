/* fuzz_main.c: runs a libFuzzer target without libFuzzer: every file of the corpus, and 2,000 mutations of them by a fixed
 * seed, so that the plain test suite walks the same ground on any compiler. Every other mutation is the target's own, where it
 * has a mutator. Usage: fuzz_X [FOLDER or FILE]… */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { MOST = 1 << 20 };

static uint64_t state = 0x6E6C2D66757A7A21u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Change a few bytes, or cut the input. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    size_t n = size && next() % 4 == 0 ? next() % size : size;
    (void)max_size;
    for (uint64_t k = next() % 4; n && k; k--)
        data[next() % n] = next() % 2 ? (uint8_t)next() : (uint8_t[]){0, 1, 0x7F, 0x80, 0xFF}[next() % 5];
    return n;
}

/* The input in a block of its own, so that ASan sees its end. */
static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_mutant(const uint8_t *data, size_t size)
{
    static uint8_t changed[MOST];
    memcpy(changed, data, size);
    size_t n = LLVMFuzzerCustomMutator && next() % 2
                   ? LLVMFuzzerCustomMutator(changed, size, sizeof changed, (unsigned)next())
                   : LLVMFuzzerMutate(changed, size, sizeof changed);
    run_copy(changed, n);
}

static int run_file(const char *path, int mutants)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 1;
    static uint8_t data[MOST];
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    run_copy(data, n);
    while (mutants--)
        run_mutant(data, n);
    return 0;
}

static int run_folder(const char *path)
{
    struct dirent **names;
    int n = scandir(path, &names, NULL, alphasort), failed = 0, files = 0;
    if (n < 0)
        return fprintf(stderr, "%s: no corpus\n", path), 77;
    for (int i = 0; i < n; i++)
        files += names[i]->d_name[0] != '.';
    int mutants = 2000 / (files ? files : 1) + 1;
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            failed |= run_file(file, mutants);
        free(names[i]);
    }
    free(names);
    printf("%d files of the corpus\n", files);
    return failed;
}

int main(int argc, char **argv)
{
    int rc = 0;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct stat st;
        int one = !stat(argv[i], &st) && S_ISREG(st.st_mode) ? run_file(argv[i], 0) : run_folder(argv[i]);
        rc = one ? one : rc;
    }
    return rc;
}
