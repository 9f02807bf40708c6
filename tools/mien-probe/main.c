/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mien-probe cuda|nvml|vulkan|egl [ROOT]
 * mien-probe devices ROOT [LIBRARY [DEVICE]]
 * mien-probe watch ROOT MILLISECONDS
 *
 * Loads one GPU driver, asks it what works, and prints facts as lines; or lets libmien's devices
 * prove themselves, DEVICE also if it is software. The doctor runs it: what hangs or crashes in
 * here harms nobody else. The last line is "done"; `watch` goes on until its standard input ends.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fact.h"
#include "watch.h"

#define LONGEST_LIFE_S 150 /* should whoever started us be gone */

static const struct {
    const char *name;
    void (*run)(const char *root);
} probes[] = {
    {"cuda", probe_cuda}, {"nvml", probe_nvml}, {"vulkan", probe_vulkan}, {"egl", probe_egl}};

static const char *argument(int argc, char **argv, int i)
{
    return argc > i && *argv[i] ? argv[i] : NULL;
}

/* No destructors: drivers have been seen to crash in theirs after all was well. */
static void leave(void)
{
    puts("done");
    fflush(stdout);
    _exit(0);
}

static void close_inherited(void)
{
    DIR *open_files = opendir("/proc/self/fd");
    if (!open_files)
        return;
    for (struct dirent *entry; (entry = readdir(open_files));) {
        int fd = atoi(entry->d_name);
        if (fd > STDERR_FILENO && fd != dirfd(open_files))
            close(fd);
    }
    closedir(open_files);
}

/* A driver gets no files of the program that started us, and a crash leaves no core file. */
static void prepare(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    close_inherited();
    alarm(LONGEST_LIFE_S);
}

int main(int argc, char **argv)
{
    const char *probe = argc > 1 ? argv[1] : "", *root = argument(argc, argv, 2);
    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
        if (!strcmp(probe, probes[i].name)) {
            prepare();
            probes[i].run(root);
            leave();
        }
    if (!strcmp(probe, "watch") && argc == 4 && atoi(argv[3]) > 0) {
        prepare();
        probe_watch(root, atoi(argv[3]));
        leave();
    }
    if (!strcmp(probe, "devices")) {
        prepare();
        probe_devices(root, argument(argc, argv, 3), argument(argc, argv, 4));
        leave();
    }
    fprintf(stderr, "mien-probe: a part of `mien doctor`; usage: mien-probe "
                    "cuda|nvml|vulkan|egl|devices|watch\n");
    return 2;
}
