/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mien-probe cuda|nvml|vulkan|egl [ROOT]
 *
 * Loads one GPU driver, asks it what works, and prints facts as lines. The doctor runs it: what
 * hangs or crashes in here harms nobody else. The last line is "done".
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fact.h"

#define LONGEST_LIFE_S 30 /* should whoever started us be gone */
#define MAX_OPEN 4096

static const struct {
    const char *name;
    void (*run)(const char *root);
} probes[] = {
    {"cuda", probe_cuda}, {"nvml", probe_nvml}, {"vulkan", probe_vulkan}, {"egl", probe_egl}};

/* A driver gets no files of the program that started us, and a crash leaves no core file. */
static void prepare(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (int fd = 3; fd < MAX_OPEN; fd++)
        close(fd);
    alarm(LONGEST_LIFE_S);
}

int main(int argc, char **argv)
{
    const char *root = argc > 2 && *argv[2] ? argv[2] : NULL;
    for (size_t i = 0; argc >= 2 && i < sizeof(probes) / sizeof(probes[0]); i++) {
        if (strcmp(argv[1], probes[i].name) != 0)
            continue;
        prepare();
        probes[i].run(root);
        puts("done");
        fflush(stdout);
        /* No destructors: drivers have been seen to crash in theirs after all was well. */
        _exit(0);
    }
    fprintf(stderr, "mien-probe: a part of `mien doctor`; usage: mien-probe "
                    "cuda|nvml|vulkan|egl\n");
    return 2;
}
