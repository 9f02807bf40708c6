/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on the files and folders that are named: the corpus as an ordinary test, in
 * every build and with every compiler. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        return -1;
    }
    uint8_t *data = NULL;
    size_t size = 0, room = 0;
    for (;;) {
        if (size == room) {
            room = 2 * room + 4096;
            data = realloc(data, room);
            if (!data)
                fuzz_fail("out of memory");
        }
        size_t n = fread(data + size, 1, room - size, file);
        if (n == 0)
            break;
        size += n;
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    /* Exactly as large as it is, so that a sanitizer sees what lies behind. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        fuzz_fail("out of memory");
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

/* Returns how many files were run, or -1. */
static int run_path(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return run_file(path);
    int n_files = 0;
    const struct dirent *entry;
    while (n_files >= 0 && (entry = readdir(folder))) {
        char inner[4096];
        struct stat info;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (stat(inner, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        n_files = run_file(inner) < 0 ? -1 : n_files + 1;
    }
    closedir(folder);
    return n_files;
}

int main(int argc, char **argv)
{
    int n_files = 0;
    for (int i = 1; i < argc; i++) {
        int n = run_path(argv[i]);
        if (n < 0)
            return 1;
        n_files += n;
    }
    if (n_files == 0) {
        fprintf(stderr, "nothing to run: name files or folders\n");
        return 1;
    }
    printf("%d files\n", n_files);
    return 0;
}
