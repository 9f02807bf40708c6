/* SPDX-License-Identifier: Apache-2.0 */
/* From what a user calls "my Python" to the folders where its packages are. */
#define _XOPEN_SOURCE 700

#include "doctor/install_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Once each: lib64 is often a link to lib. */
static void add_site(MieniInstall *install, const char *path)
{
    char real[PATH_MAX];
    if (install->n_sites == MIENI_INSTALL_SITES || !mieni_install_is_folder(path) ||
        !realpath(path, real))
        return;
    for (size_t i = 0; i < install->n_sites; i++) {
        if (strcmp(install->sites[i], real) == 0)
            return;
    }
    if (mieni_install_path(install->sites[install->n_sites], "%s", real))
        install->n_sites++;
}

/* Notes "3.11" from "python3.11"; the first one counts. */
static void note_version(MieniInstall *install, const char *name)
{
    unsigned minor;
    char rest;
    if (!install->python[0] && sscanf(name, "python3.%2u%c", &minor, &rest) == 1)
        snprintf(install->python, sizeof(install->python), "3.%u", minor);
}

typedef struct LibUser {
    MieniInstall *install;
    const char *lib;
} LibUser;

static bool look_into_lib(void *user, const char *name)
{
    static const char *const folders[] = {"site-packages", "dist-packages"};
    const LibUser *lib = user;
    char path[MIENI_INSTALL_PATH], own[16];
    snprintf(own, sizeof(own), "python%s", lib->install->python);
    if (!mieni_begins(name, "python3") ||
        (lib->install->python[0] && strcmp(name, own) != 0 && strcmp(name, "python3") != 0))
        return true;
    for (size_t i = 0; i < MIENI_COUNT_OF(folders); i++) {
        if (mieni_install_path(path, "%s/%s/%s", lib->lib, name, folders[i]) &&
            mieni_install_is_folder(path)) {
            note_version(lib->install, name);
            add_site(lib->install, path);
        }
    }
    return true;
}

/* The package folders below a prefix: a virtual environment, /usr, a Conda environment. */
static void look_into_prefix(MieniInstall *install, const char *prefix)
{
    static const char *const folders[] = {"lib", "lib64", "local/lib"};
    char path[MIENI_INSTALL_PATH];
    for (size_t i = 0; i < MIENI_COUNT_OF(folders); i++) {
        LibUser lib = {install, path};
        if (mieni_install_path(path, "%s/%s", prefix, folders[i]))
            mieni_install_list(path, look_into_lib, &lib);
    }
    if (mieni_install_path(path, "%s/Lib/site-packages", prefix)) /* Windows */
        add_site(install, path);
}

/* Cuts the last part of a path off; false if there is none. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    *slash = '\0';
    return true;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A virtual environment may use the packages of the Python that it was made from. */
static void look_into_base(MieniInstall *install, const char *prefix)
{
    char path[MIENI_INSTALL_PATH], value[MIENI_INSTALL_PATH];
    if (!mieni_install_path(path, "%s/pyvenv.cfg", prefix) || mieni_install_text(install, path))
        return;
    if (!mieni_python_value(install->text, "include-system-site-packages", value, sizeof(value)) ||
        strcmp(value, "true") != 0)
        return;
    if (mieni_python_value(install->text, "home", value, sizeof(value)) && to_parent(value))
        look_into_prefix(install, value);
}

static void look_from_executable(MieniInstall *install, const char *path)
{
    char prefix[MIENI_INSTALL_PATH];
    /* As it is named first: in a virtual environment it is a link to somewhere else. */
    note_version(install, last_part(path));
    if (!mieni_install_path(prefix, "%s", path) || !to_parent(prefix) || !to_parent(prefix))
        return;
    look_into_prefix(install, prefix);
    look_into_base(install, prefix);
}

MienStatus mieni_install_find_sites(MieniInstall *install, const char *path, MienError *error)
{
    char real[PATH_MAX], parent[MIENI_INSTALL_PATH];
    char *resolved = realpath(path, real);
    if (!resolved)
        return mieni_fail(error, MIEN_E_IO, "", "cannot read %s: %s", path, strerror(errno));
    if (mieni_install_is_folder(path)) {
        const char *name = last_part(real);
        if (strcmp(name, "site-packages") == 0 || strcmp(name, "dist-packages") == 0) {
            if (mieni_install_path(parent, "%s", real) && to_parent(parent))
                note_version(install, last_part(parent));
            add_site(install, real);
        } else {
            look_into_prefix(install, real);
            look_into_base(install, real);
        }
    } else {
        /* Without a folder in front, the name is one in the working folder. */
        look_from_executable(install, path);
        if (install->n_sites == 0)
            look_from_executable(install, real);
    }
    if (install->n_sites == 0)
        return mieni_fail(error, MIEN_E_FORMAT, "",
                          "%s: no Python packages found there; name a virtual environment, a "
                          "python executable or a site-packages folder",
                          path);
    return MIEN_OK;
}
