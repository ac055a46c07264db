/* job.h: how bench/parquet.py talks to the programs that it times: one line in, one line out, words apart by tabs.
 *
 *     job      read PATH [COLUMN…] │ load PATH │ write PATH CODEC [OPTION…] │ memcpy BYTES
 *     answer   ok SECONDS CPU_SECONDS NUMBER…   or   error MESSAGE
 *
 * The clocks run around the work alone. CPU seconds are those of all threads, in user and system mode: what a loaded
 * machine disturbs least.
 */
#ifndef NEURALAKE_BENCH_JOB_H
#define NEURALAKE_BENCH_JOB_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { JOB_WORDS = 256, JOB_LINE = 16384 };

/* What both programs take on their command line. */
struct job_options {
    size_t threads;
    bool copy, serve;
    long repeat;
};

/* False: a word that is none; getopt has said so. optind stands behind the options. */
static inline bool job_take_options(int argc, char **argv, struct job_options *o)
{
    static const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                            {"copy", no_argument, NULL, 'c'},
                                            {"repeat", required_argument, NULL, 'r'},
                                            {"serve", no_argument, NULL, 's'},
                                            {0}};
    *o = (struct job_options){.threads = 1, .repeat = 1};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 't')
            o->threads = strtoull(optarg, NULL, 10);
        else if (c == 'c')
            o->copy = true;
        else if (c == 'r')
            o->repeat = strtol(optarg, NULL, 10);
        else if (c == 's')
            o->serve = true;
        else
            return false;
    }
    return true;
}

typedef struct job_clock {
    double wall, cpu;
} job_clock;

static inline double job_cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline job_clock job_start(void)
{
    struct timespec t;
    job_clock c = {.cpu = job_cpu()};
    clock_gettime(CLOCK_MONOTONIC, &t);
    c.wall = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    return c;
}

/* What went by since `from`. */
static inline job_clock job_since(job_clock from)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (job_clock){(double)t.tv_sec + (double)t.tv_nsec / 1e9 - from.wall, job_cpu() - from.cpu};
}

/* Resident memory at its peak. Not getrusage()'s figure: that begins with what the parent had before exec(). */
static inline long job_peak_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

/* Cut line at its tabs, in place. Answers how many words. */
static inline size_t job_split(char *line, char *words[JOB_WORDS])
{
    size_t n = 0;
    line[strcspn(line, "\n")] = 0;
    for (char *rest = line, *word; n < JOB_WORDS && (word = strsep(&rest, "\t"));)
        words[n++] = word;
    return n;
}

static inline void job_error(const char *message)
{
    printf("error\t%s\n", message);
}

#endif
