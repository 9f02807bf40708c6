/* SPDX-License-Identifier: Apache-2.0 */
/* Driver libraries and manifests as files: L07, L08, V04 and G03 of the catalogue. Nothing is
 * loaded here. */
#include "doctor/probe.h"

#include <errno.h>
#include <stdio.h>

#define MAX_MANIFEST_FOLDERS 16

static const char *const folders[] = {
    "/usr/lib/wsl/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu/tegra",
    "/usr/lib/aarch64-linux-gnu/nvidia",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/local/nvidia/lib64",
    "/usr/local/cuda/compat",
    "/usr/local/cuda/lib64/stubs",
    "/run/opengl-driver/lib",
    "/opt/nvidia/l4t-gpu-libs/nvgpu",
    "/opt/nvidia/l4t-gpu-libs/openrm",
};

/* Source: System V ABI, ELF header; machine numbers from its processor supplements. */
static const struct {
    unsigned number;
    const char *name;
} machines[] = {{0x03, "i686"}, {0x28, "arm"}, {0x3e, "x86_64"}, {0xb7, "aarch64"}};

static const char *elf_machine(const char *bytes, size_t n)
{
    if (n < 20 || memcmp(bytes, "\177ELF", 4) != 0)
        return "no ELF file";
    unsigned number = (unsigned char)bytes[18] | (unsigned)(unsigned char)bytes[19] << 8;
    for (size_t i = 0; i < MIENI_COUNT_OF(machines); i++)
        if (machines[i].number == number)
            return machines[i].name;
    return "unknown machine";
}

static void note_library(MieniProbe *probe, const char *path)
{
    char target[MIENI_PATH_MAX], real[MIENI_PATH_MAX];
    int error = mieni_machine_real_path(probe->machine, path, real);
    if (error) {
        /* No such name is the usual case and no fact; a link to nothing is one. */
        if (mieni_machine_link(probe->machine, path, target) == 0)
            mieni_note(probe, "dangling", "L07.%s", path);
        return;
    }
    size_t n;
    error = mieni_machine_read(probe->machine, path, probe->text, &n);
    if (error) {
        mieni_note_error(probe, error, "L07.%s", path);
        return;
    }
    mieni_note(probe, n == 0 ? "empty" : real, "L07.%s", path);
    if (n > 0)
        mieni_note(probe, elf_machine(probe->text, n), "L08.%s", path);
}

static void note_libraries_in(MieniProbe *probe, const char *folder)
{
    static const char *const names[] = {"libcuda.so.1",       "libcuda.so.1.1",
                                        "libnvidia-ml.so.1",  "libGLX_nvidia.so.0",
                                        "libEGL_nvidia.so.0", "libvulkan.so.1",
                                        "libEGL.so.1",        "libnvidia-ptxjitcompiler.so.1"};
    char path[MIENI_PATH_MAX];
    for (size_t i = 0; i < MIENI_COUNT_OF(names); i++)
        if (mieni_path(path, "%s/%s", folder, names[i]))
            note_library(probe, path);
}

/* CUDA upgrade packages: /usr/local/cuda-12.8/compat, compat_orin. */
static void note_compat(MieniProbe *probe)
{
    char **names, path[MIENI_PATH_MAX];
    size_t n;
    mieni_machine_list(probe->machine, "/usr/local", &names, &n);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) {
            if (strncmp(names[i], "cuda-", 5) != 0 ||
                !mieni_path(path, "/usr/local/%s/%s", names[i], k ? "compat_orin" : "compat") ||
                !mieni_probe_exists(probe, path))
                continue;
            mieni_note(probe, names[i] + 5, "L07.compat.%s", path);
            note_libraries_in(probe, path);
        }
    mieni_machine_free_list(names, n);
}

void mieni_probe_libraries(MieniProbe *probe)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(folders); i++)
        note_libraries_in(probe, folders[i]);
    note_compat(probe);
}

/* The string behind a key of a small JSON file. No parser: manifests are flat, and a wrong guess
 * only makes a poorer fact. */
static bool json_text(const char *json, const char *key, char *value, size_t size)
{
    char quoted[64];
    snprintf(quoted, sizeof(quoted), "\"%s\"", key);
    const char *at = strstr(json, quoted);
    if (!at)
        return false;
    at += strlen(quoted);
    at += strspn(at, " \t\r\n");
    if (*at++ != ':')
        return false;
    at += strspn(at, " \t\r\n");
    if (*at++ != '"')
        return false;
    size_t n = 0;
    for (; *at && *at != '"' && n + 1 < size; at++) {
        if (*at == '\\' && at[1])
            at++;
        value[n++] = *at;
    }
    value[n] = '\0';
    return *at == '"';
}

/* Where the library of a manifest lies: an absolute path, one beside the manifest, or a name that
 * is looked for like the loader does. */
static int find_library(const MieniProbe *probe, const char *manifest, const char *library,
                        char *real)
{
    char path[MIENI_PATH_MAX];
    if (*library == '/')
        return mieni_machine_real_path(probe->machine, library, real);
    if (strchr(library, '/')) {
        const char *slash = strrchr(manifest, '/');
        if (!mieni_path(path, "%.*s/%s", (int)(slash - manifest), manifest, library))
            return ENAMETOOLONG;
        return mieni_machine_real_path(probe->machine, path, real);
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(folders); i++)
        if (mieni_path(path, "%s/%s", folders[i], library) &&
            mieni_machine_real_path(probe->machine, path, real) == 0)
            return 0;
    return ENOENT;
}

static void note_manifest(MieniProbe *probe, const char *id, const char *path)
{
    char library[512], version[64], real[MIENI_PATH_MAX];
    int error = mieni_probe_read(probe, path);
    if (error) {
        mieni_note_error(probe, error, "%s.%s", id, path);
        return;
    }
    const char *portability = strstr(probe->text, "\"is_portability_driver\"");
    if (portability && strstr(portability, "true"))
        mieni_note(probe, path, "%s.portability", id);
    if (json_text(probe->text, "api_version", version, sizeof(version)))
        mieni_note(probe, version, "%s.%s.api_version", id, path);
    if (!json_text(probe->text, "library_path", library, sizeof(library))) {
        mieni_note(probe, "names no library", "%s.%s", id, path);
        return;
    }
    mieni_note(probe, library, "%s.%s", id, path);
    if (strstr(library, "nvidia") || strstr(path, "nvidia"))
        mieni_note(probe, path, "%s.nvidia", id);
    error = find_library(probe, path, library, real);
    if (error)
        mieni_note_error(probe, error, "%s.%s.library", id, path);
    else
        mieni_note(probe, real, "%s.%s.library", id, path);
}

static int64_t note_manifests_in(MieniProbe *probe, const char *id, const char *folder)
{
    char **names, path[MIENI_PATH_MAX];
    size_t n;
    int64_t n_manifests = 0;
    mieni_machine_list(probe->machine, folder, &names, &n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(names[i]);
        if (length < 5 || strcmp(names[i] + length - 5, ".json") != 0 ||
            !mieni_path(path, "%s/%s", folder, names[i]))
            continue;
        note_manifest(probe, id, path);
        n_manifests++;
    }
    mieni_machine_free_list(names, n);
    return n_manifests;
}

/* One folder below each entry of a list of folders in the environment. */
static int64_t note_manifests_by_variable(MieniProbe *probe, const char *variable,
                                          const char *otherwise, const char *below)
{
    const char *list = mieni_machine_variable(probe->machine, variable);
    if (!list || !*list)
        list = otherwise;
    int64_t n_manifests = 0;
    char path[MIENI_PATH_MAX];
    for (int i = 0; *list && i < MAX_MANIFEST_FOLDERS; i++) {
        size_t n = strcspn(list, ":");
        if (n > 0 && n < 1024 && mieni_path(path, "%.*s/%s", (int)n, list, below))
            n_manifests += note_manifests_in(probe, "V04", path);
        list += n + (list[n] == ':');
    }
    return n_manifests;
}

/* A list of driver files in the environment replaces the search; one that is missing leaves none.
 */
static void note_named_files(MieniProbe *probe, const char *variable)
{
    const char *list = mieni_machine_variable(probe->machine, variable);
    char path[MIENI_PATH_MAX];
    while (list && *list) {
        size_t n = strcspn(list, ":");
        if (n > 0 && n < 1024 && mieni_path(path, "%.*s", (int)n, list) &&
            !mieni_probe_exists(probe, path))
            mieni_note(probe, path, "E04.missing_file");
        list += n + (list[n] == ':');
    }
}

/* The user's own folder: of the variable, or below the home folder. */
static int64_t note_manifests_of_user(MieniProbe *probe, const char *variable, const char *below)
{
    const char *home = mieni_machine_variable(probe->machine, "HOME");
    char otherwise[MIENI_PATH_MAX] = "";
    if (home && *home && strlen(home) < 1024 && !mieni_path(otherwise, "%s/%s", home, below))
        *otherwise = '\0';
    return note_manifests_by_variable(probe, variable, otherwise, "vulkan/icd.d");
}

void mieni_probe_manifests(MieniProbe *probe)
{
    /* Source: Vulkan-Loader, docs/LoaderDriverInterface.md, "Driver discovery on Linux". */
    int64_t n = note_manifests_of_user(probe, "XDG_CONFIG_HOME", ".config");
    n += note_manifests_by_variable(probe, "XDG_CONFIG_DIRS", "/etc/xdg", "vulkan/icd.d");
    n += note_manifests_in(probe, "V04", "/usr/local/etc/vulkan/icd.d");
    n += note_manifests_in(probe, "V04", "/etc/vulkan/icd.d");
    n += note_manifests_by_variable(probe, "XDG_DATA_DIRS", "/usr/local/share:/usr/share",
                                    "vulkan/icd.d");
    n += note_manifests_of_user(probe, "XDG_DATA_HOME", ".local/share");
    mieni_note_number(probe, n, "V04.count");
    if (!mieni_facts_has(probe->facts, "V04.nvidia"))
        mieni_note_error(probe, ENOENT, "V04.nvidia");
    note_named_files(probe, "VK_DRIVER_FILES");
    note_named_files(probe, "VK_ICD_FILENAMES");
    n = note_manifests_in(probe, "G03", "/etc/glvnd/egl_vendor.d");
    n += note_manifests_in(probe, "G03", "/usr/share/glvnd/egl_vendor.d");
    mieni_note_number(probe, n, "G03.count");
    if (!mieni_facts_has(probe->facts, "G03.nvidia"))
        mieni_note_error(probe, ENOENT, "G03.nvidia");
}
