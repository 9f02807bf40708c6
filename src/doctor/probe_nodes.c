/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and the environment: D and E of the catalogue. */
#include "doctor/probe.h"

#include <errno.h>
#include <stdio.h>

#define MAX_GPUS 16

static const struct {
    const char *probe, *path;
} nodes[] = {
    {"D01", "/dev/nvidiactl"},        {"D01", "/dev/nvidia-uvm"},
    {"D01", "/dev/nvidia-modeset"},   {"D02", "/dev/nvmap"},
    {"D02", "/dev/nvhost-ctrl-gpu"},  {"D02", "/dev/nvhost-gpu"},
    {"D02", "/dev/nvhost-as-gpu"},    {"D02", "/dev/nvhost-ctrl"},
    {"D02", "/dev/nvgpu/igpu0/ctrl"}, {"D04", "/dev/dxg"},
};

/* ".open" is "ok", absent, or unreadable with the errno of open. */
static bool note_node(MieniProbe *probe, const char *id, const char *path)
{
    MieniNode node;
    int error = mieni_machine_node(probe->machine, path, &node);
    if (error) {
        mieni_note_error(probe, error, "%s.%s.open", id, path);
        return false;
    }
    char mode[16];
    snprintf(mode, sizeof(mode), "0%o", (unsigned)node.mode);
    mieni_note(probe, mode, "%s.%s.mode", id, path);
    mieni_note_number(probe, node.uid, "%s.%s.uid", id, path);
    mieni_note_number(probe, node.gid, "%s.%s.gid", id, path);
    /* A node without a driver behind it is there all the same: never "absent". */
    if (node.open_errno)
        mieni_note_error(probe, node.open_errno == ENOENT ? ENXIO : node.open_errno, "%s.%s.open",
                         id, path);
    else
        mieni_note(probe, "ok", "%s.%s.open", id, path);
    return true;
}

static void probe_gpu_nodes(MieniProbe *probe)
{
    char path[MIENI_PATH_MAX];
    int64_t n = 0;
    for (int i = 0; i < MAX_GPUS; i++) {
        MieniNode node;
        if (!mieni_path(path, "/dev/nvidia%d", i) ||
            (i > 0 && mieni_machine_node(probe->machine, path, &node) != 0))
            continue;
        n += note_node(probe, "D01", path);
    }
    mieni_note_number(probe, n, "D01.gpus");
}

static void probe_render_nodes(MieniProbe *probe)
{
    char path[MIENI_PATH_MAX], target[MIENI_PATH_MAX];
    int64_t n = 0;
    for (int i = 128; i < 192; i++) {
        MieniNode node;
        if (!mieni_path(path, "/dev/dri/renderD%d", i) ||
            mieni_machine_node(probe->machine, path, &node) != 0)
            continue;
        n += note_node(probe, "D03", path);
        if (!mieni_path(path, "/sys/class/drm/renderD%d/device", i) ||
            mieni_machine_link(probe->machine, path, target) != 0)
            continue;
        const char *slash = strrchr(target, '/');
        mieni_note(probe, slash ? slash + 1 : target, "D03./dev/dri/renderD%d.pci", i);
    }
    mieni_note_number(probe, n, "D03.count");
}

/* Links to the nodes by their numbers. Where there are none, a container loses its GPUs when
 * systemd reloads. Source: NVIDIA Container Toolkit, `nvidia-ctk system create-dev-char-symlinks`.
 */
static void probe_links(MieniProbe *probe)
{
    char **names;
    size_t n;
    int64_t n_links = 0;
    int error = mieni_machine_list(probe->machine, "/dev/char", &names, &n);
    for (size_t i = 0; i < n; i++)
        n_links += !strncmp(names[i], "195:", 4);
    mieni_machine_free_list(names, n);
    if (error)
        mieni_note_error(probe, error, "D05.links");
    else
        mieni_note_number(probe, n_links, "D05.links");
}

void mieni_probe_nodes(MieniProbe *probe)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(nodes); i++)
        note_node(probe, nodes[i].probe, nodes[i].path);
    probe_gpu_nodes(probe);
    probe_render_nodes(probe);
    probe_links(probe);
}

static const struct {
    const char *probe, *name;
} variables[] = {
    {"E01", "CUDA_VISIBLE_DEVICES"},
    {"E01", "CUDA_DEVICE_ORDER"},
    {"E01", "CUDA_MPS_PIPE_DIRECTORY"},
    {"E01", "CUDA_MPS_LOG_DIRECTORY"},
    {"E01", "CUDA_CACHE_PATH"},
    {"E01", "CUDA_CACHE_DISABLE"},
    {"E01", "CUDA_DISABLE_PTX_JIT"},
    {"E01", "CUDA_FORCE_PTX_JIT"},
    {"E01", "CUDA_MODULE_LOADING"},
    {"E01", "CUDA_LAUNCH_BLOCKING"},
    {"E01", "CUDA_HOME"},
    {"E01", "CUDA_PATH"},
    {"E01", "CUDA_VERSION"},
    {"E02", "NVIDIA_VISIBLE_DEVICES"},
    {"E02", "NVIDIA_DRIVER_CAPABILITIES"},
    {"E02", "NVIDIA_DISABLE_REQUIRE"},
    {"E02", "L4T_VERSION"},
    {"E02", "JETPACK"},
    {"E03", "LD_LIBRARY_PATH"},
    {"E03", "LD_PRELOAD"},
    {"E04", "VK_DRIVER_FILES"},
    {"E04", "VK_ICD_FILENAMES"},
    {"E04", "VK_ADD_DRIVER_FILES"},
    {"E04", "VK_LOADER_DRIVERS_SELECT"},
    {"E04", "VK_LOADER_DRIVERS_DISABLE"},
    {"E04", "VK_LOADER_DEVICE_ID_FILTER"},
    {"E04", "VK_LOADER_VENDOR_ID_FILTER"},
    {"E04", "VK_LOADER_DRIVER_ID_FILTER"},
    {"E04", "VK_LOADER_DEVICE_SELECT"},
    {"E04", "VK_INSTANCE_LAYERS"},
    {"E04", "MESA_VK_DEVICE_SELECT"},
    {"E05", "DISPLAY"},
    {"E05", "WAYLAND_DISPLAY"},
    {"E05", "XAUTHORITY"},
    {"E05", "XDG_RUNTIME_DIR"},
    {"E05", "EGL_PLATFORM"},
    {"E05", "__EGL_VENDOR_LIBRARY_FILENAMES"},
    {"E05", "__EGL_VENDOR_LIBRARY_DIRS"},
    {"E05", "__GLX_VENDOR_LIBRARY_NAME"},
    {"E05", "__NV_PRIME_RENDER_OFFLOAD"},
    {"E05", "DRI_PRIME"},
    {"E05", "LIBGL_ALWAYS_SOFTWARE"},
    {"E05", "GALLIUM_DRIVER"},
    {"E05", "MESA_LOADER_DRIVER_OVERRIDE"},
    {"E05", "SSH_CONNECTION"},
    {"E06", "VIRTUAL_ENV"},
    {"E06", "CONDA_PREFIX"},
    {"E06", "PYTHONPATH"},
    {"E06", "TF_CPP_MIN_LOG_LEVEL"},
    {"E06", "GLOG_minloglevel"},
};

/* Where CUDA keeps the code that it translated. Source: CUDA C++ Programming Guide, "CUDA
 * Environment Variables". */
static void probe_cuda_cache(MieniProbe *probe)
{
    const char *folder = mieni_machine_variable(probe->machine, "CUDA_CACHE_PATH");
    const char *home = mieni_machine_variable(probe->machine, "HOME");
    const char *off = mieni_machine_variable(probe->machine, "CUDA_CACHE_DISABLE");
    char path[MIENI_PATH_MAX];
    if (off && strcmp(off, "0") != 0 && *off)
        mieni_note(probe, "off by CUDA_CACHE_DISABLE", "E01.cache");
    else if ((!folder || !*folder) && (!home || !*home))
        mieni_note(probe, "nowhere: HOME is not set", "E01.cache");
    else if (!mieni_path(path, "%s%s", folder && *folder ? folder : home,
                         folder && *folder ? "" : "/.nv/ComputeCache"))
        return;
    else if (mieni_machine_may_write(probe->machine, path))
        mieni_note(probe, path, "E01.cache");
    else
        mieni_note(probe, "read-only", "E01.cache");
}

void mieni_probe_environment(MieniProbe *probe)
{
    probe_cuda_cache(probe);
    for (size_t i = 0; i < MIENI_COUNT_OF(variables); i++) {
        const char *value = mieni_machine_variable(probe->machine, variables[i].name);
        if (value)
            mieni_note(probe, value, "%s.%s", variables[i].probe, variables[i].name);
        else
            mieni_note_error(probe, ENOENT, "%s.%s", variables[i].probe, variables[i].name);
    }
    for (char *const *item = mieni_machine_environment(probe->machine); item && *item; item++) {
        const char *equals = strchr(*item, '=');
        if (equals && !strncmp(*item, "NVIDIA_REQUIRE_", 15))
            mieni_note(probe, equals + 1, "E02.%.*s", (int)MIENI_MIN(equals - *item, 200), *item);
    }
}
