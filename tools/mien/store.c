/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu/sha256.h"
#include "message.h"

char *cli_join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder,
                 *folder && folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return path;
}

static void add_folder(CliStore *store, const char *folder, const char *below)
{
    if (!folder || !*folder || store->n_folders == CLI_STORE_MAX_FOLDERS)
        return;
    char *path = *below ? cli_join(folder, below) : strdup(folder);
    for (int i = 0; path && i < store->n_folders; i++) {
        if (!strcmp(store->folders[i], path)) {
            free(path);
            return;
        }
    }
    if (path)
        store->folders[store->n_folders++] = path;
}

/* A folder of the XDG base directory specification: a variable with an absolute path, or a place
 * below the home folder. */
static void add_xdg_folder(CliStore *store, const char *variable, const char *below_home)
{
    const char *folder = getenv(variable);
    if (folder && *folder == '/') {
        add_folder(store, folder, "mien/models");
        return;
    }
    const char *home = getenv("HOME");
    char *path = home && *home ? cli_join(home, below_home) : NULL;
    add_folder(store, path, "mien/models");
    free(path);
}

static void add_system_folders(CliStore *store)
{
    const char *folders = getenv("XDG_DATA_DIRS");
    if (!folders || !*folders)
        folders = "/usr/local/share:/usr/share";
    while (*folders) {
        size_t length = strcspn(folders, ":");
        char *folder = strndup(folders, length);
        if (folder && *folder == '/')
            add_folder(store, folder, "mien/models");
        free(folder);
        folders += length + (folders[length] == ':');
    }
    add_folder(store, MIEN_DATA_DIR, "models");
}

CliExit cli_store_open(CliStore *store, const char *model_dir)
{
    *store = (CliStore){0};
    if (!model_dir)
        model_dir = getenv("MIEN_MODEL_DIR");
    add_folder(store, model_dir, "");
    add_xdg_folder(store, "XDG_DATA_HOME", ".local/share");
    if (store->n_folders)
        store->fetch_folder = strdup(store->folders[0]);
    add_xdg_folder(store, "XDG_CACHE_HOME", ".cache");
    add_system_folders(store);
    if (store->n_folders && !store->fetch_folder)
        store->fetch_folder = strdup(store->folders[0]);
    return store->n_folders ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
}

void cli_store_close(CliStore *store)
{
    for (int i = 0; i < store->n_folders; i++)
        free(store->folders[i]);
    free(store->fetch_folder);
    *store = (CliStore){0};
}

char *cli_store_find(const CliStore *store, const MienCatalogEntry *entry)
{
    for (int i = 0; i < store->n_folders; i++) {
        char *path = cli_join(store->folders[i], entry->file);
        struct stat status;
        if (path && stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
            return path;
        free(path);
    }
    return NULL;
}

CliModelState cli_store_edition(const MienCatalogEntry *entry, const char *sha256)
{
    if (!strcmp(sha256, entry->sha256))
        return CLI_MODEL_GOOD;
    if (entry->wheel_sha256 && !strcmp(sha256, entry->wheel_sha256))
        return CLI_MODEL_WHEEL;
    return CLI_MODEL_WRONG;
}

CliModelState cli_store_check(const char *path, const MienCatalogEntry *entry, char *sha256)
{
    char buffer[65];
    if (!sha256)
        sha256 = buffer;
    *sha256 = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0)
        return CLI_MODEL_UNREADABLE;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return CLI_MODEL_UNREADABLE;
    }
    size_t size = (size_t)status.st_size;
    if (size == 0) {
        mieni_sha256_hex("", 0, sha256);
        close(fd);
        return cli_store_edition(entry, sha256);
    }
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return CLI_MODEL_UNREADABLE;
    mieni_sha256_hex(data, size, sha256);
    munmap(data, size);
    return cli_store_edition(entry, sha256);
}

const char *cli_model_state_name(CliModelState state)
{
    switch (state) {
    case CLI_MODEL_MISSING:
        return "missing";
    case CLI_MODEL_GOOD:
    case CLI_MODEL_WHEEL:
        return "ok";
    case CLI_MODEL_WRONG:
        return "wrong hash";
    case CLI_MODEL_UNREADABLE:
        return "unreadable";
    }
    return "?";
}

CliExit cli_store_load(const CliStore *store, const MienCatalogEntry *entry, MienModel **model,
                       char **path)
{
    *path = cli_store_find(store, entry);
    if (!*path)
        return cli_fail(CLI_MODEL,
                        "model %s (%s) is not on this machine; get it with: mien models fetch %s",
                        entry->name, entry->file, entry->name);
    MienError error = {0};
    if (mien_model_load_file(*path, model, &error) != MIEN_OK)
        return cli_fail(CLI_MODEL, "%s; remove the file and run: mien models fetch %s", error.text,
                        entry->name);
    if (cli_store_edition(entry, mien_model_sha256(*model)) == CLI_MODEL_WRONG) {
        mien_model_destroy(*model);
        *model = NULL;
        return cli_fail(CLI_MODEL,
                        "%s is not the %s that mien knows (its SHA-256 differs); remove it and "
                        "run: mien models fetch %s",
                        *path, entry->name, entry->name);
    }
    return CLI_OK;
}
