/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fact.h"

#define PATH_BYTES 4096

/* Where a loader looks without being told, and where drivers add themselves to its list. */
static const char *const folders[] = {
    "/usr/lib/wsl/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu/tegra",
    "/usr/lib/aarch64-linux-gnu/nvidia",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/nvidia/lib64",
};

#define N_FOLDERS (sizeof(folders) / sizeof(folders[0]))

/* The file behind an address, from the kernel's list of mappings. */
static int file_of(uintptr_t address, char *path)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        return 0;
    char line[PATH_BYTES + 128];
    int found = 0;
    while (!found && fgets(line, sizeof(line), maps)) {
        unsigned long long low, high;
        const char *slash = strchr(line, '/');
        found = sscanf(line, "%llx-%llx", &low, &high) == 2 && address >= low && address < high &&
                slash;
        if (found)
            snprintf(path, PATH_BYTES, "%.*s", (int)strcspn(slash, "\n"), slash);
    }
    fclose(maps);
    return found;
}

/* Some exported symbol of each library, to find the file by. */
static uintptr_t known_address(void *library)
{
    static const char *const names[] = {"cuInit",        "nvmlInit_v2", "vkGetInstanceProcAddr",
                                        "eglGetDisplay", "glGetString", "mien_device_list"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        void *symbol = dlsym(library, names[i]);
        if (symbol)
            return (uintptr_t)symbol;
    }
    return 0;
}

static void note_path(const char *id, const char *name, void *library)
{
    char path[PATH_BYTES], fact_name[256];
    snprintf(fact_name, sizeof(fact_name), "%s.path", id);
    uintptr_t address = known_address(library);
    fact(fact_name, 0, "%s", address && file_of(address, path) ? path : name);
}

static void note_failure(const char *id, const char *error)
{
    char fact_name[256];
    snprintf(fact_name, sizeof(fact_name), "%s.path", id);
    fact_absent(fact_name);
    snprintf(fact_name, sizeof(fact_name), "%s.error", id);
    fact(fact_name, 0, "%s", error ? error : "unknown error");
}

static void *open_real(const char *id, const char *name)
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library)
        note_path(id, name, library);
    else
        note_failure(id, dlerror());
    return library;
}

/* Loads ROOT/FOLDER/NAME if it is there. `error` gets the first failure. */
static void *try_folder(const char *root, const char *folder, const char *name, const char *id,
                        char *error, size_t size)
{
    char path[PATH_BYTES], fact_name[256];
    if (snprintf(path, sizeof(path), "%s%s/%s", root, folder, name) >= (int)sizeof(path) ||
        access(path, F_OK) != 0)
        return NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        if (!*error)
            snprintf(error, size, "%s", dlerror());
        return NULL;
    }
    char *real = realpath(path, NULL), *real_root = realpath(root, NULL);
    size_t n = real_root ? strlen(real_root) : 0;
    snprintf(fact_name, sizeof(fact_name), "%s.path", id);
    fact(fact_name, 0, "%s", real && n && !strncmp(real, real_root, n) ? real + n : path);
    free(real);
    free(real_root);
    return library;
}

static void *open_below(const char *root, const char *id, const char *name)
{
    char error[1024] = "";
    const char *list = getenv("LD_LIBRARY_PATH");
    void *library = NULL;
    while (!library && list && *list) {
        char folder[1024];
        size_t n = strcspn(list, ":");
        snprintf(folder, sizeof(folder), "%.*s", (int)(n < 1023 ? n : 1023), list);
        if (n > 0)
            library = try_folder(root, folder, name, id, error, sizeof(error));
        list += n + (list[n] == ':');
    }
    for (size_t i = 0; !library && i < N_FOLDERS; i++)
        library = try_folder(root, folders[i], name, id, error, sizeof(error));
    if (!library && !*error)
        snprintf(error, sizeof(error),
                 "%s: cannot open shared object file: No such file or directory", name);
    if (!library)
        note_failure(id, error);
    return library;
}

void *library_open(const char *root, const char *id, const char *name)
{
    return root ? open_below(root, id, name) : open_real(id, name);
}

void *library_open_file(const char *id, const char *path)
{
    return open_real(id, path);
}

void library_function(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof(symbol));
}

int library_functions(void *library, const LibraryFunction *functions, size_t n, void *table,
                      const char **missing)
{
    for (size_t i = 0; i < n; i++) {
        void *symbol = dlsym(library, functions[i].name);
        memcpy((char *)table + functions[i].offset, &symbol, sizeof(symbol));
        if (!symbol && !functions[i].optional) {
            *missing = functions[i].name;
            return 0;
        }
    }
    return 1;
}
