/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of each framework tell: how it was built and what it needs. */
#include "doctor/install_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "doctor/elf.h"

/* Calls `fn` with each site folder until it returns true. */
static bool in_sites(MieniInstall *install, bool (*fn)(MieniInstall *install, const char *site))
{
    for (size_t i = 0; i < install->n_sites; i++) {
        if (fn(install, install->sites[i]))
            return true;
    }
    return false;
}

/* --- MediaPipe (M02, M03) */

static void note_mediapipe_library(MieniInstall *install, const char *path)
{
    MieniElfText texts[] = {{.text = "GPU processing is disabled in build flags"}};
    MieniElf elf;
    char other[24];
    mieni_install_note(install, path, "M02.library");
    int error = mieni_elf_read(path, &elf);
    if (!error)
        error = mieni_elf_find(path, texts, MIENI_COUNT_OF(texts));
    if (error) {
        mieni_install_note_error(install, error, "M02.gpu_build");
        return;
    }
    bool needs = mieni_elf_needs(&elf, "libEGL") && mieni_elf_needs(&elf, "libGLESv2");
    mieni_install_note(install, mieni_elf_machine_name(&elf, other), "M02.machine");
    mieni_install_note_answer(install, needs, "M02.needs_egl");
    mieni_install_note_answer(install, texts[0].found, "M02.disabled_text");
    mieni_install_note(install,
                       !needs           ? "no"
                       : texts[0].found ? "unclear"
                                        : "yes",
                       "M02.gpu_build");
}

static bool find_mediapipe_library(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH], folder[MIENI_INSTALL_PATH], name[256];
    if (mieni_install_path(path, "%s/mediapipe/tasks/c/libmediapipe.so", site) &&
        mieni_install_is_file(path)) {
        note_mediapipe_library(install, path);
        return true;
    }
    if (!mieni_install_path(folder, "%s/mediapipe/python", site) ||
        !mieni_install_find(folder, "_framework_bindings", ".so", name) ||
        !mieni_install_path(path, "%s/%s", folder, name))
        return false;
    note_mediapipe_library(install, path);
    return true;
}

static bool has_mediapipe(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH];
    (void)install;
    return mieni_install_path(path, "%s/mediapipe", site) && mieni_install_is_folder(path);
}

static bool has_legacy(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH];
    (void)install;
    return mieni_install_path(path, "%s/mediapipe/python/solutions/face_mesh.py", site) &&
           mieni_install_is_file(path);
}

/* Official wheels have graphs for the CPU only. */
static bool has_gpu_graph(MieniInstall *install, const char *site)
{
    static const char *const modules[] = {"face_landmark", "face_detection", "hand_landmark",
                                          "pose_landmark", "holistic_landmark"};
    char folder[MIENI_INSTALL_PATH], name[256];
    (void)install;
    for (size_t i = 0; i < MIENI_COUNT_OF(modules); i++) {
        if (mieni_install_path(folder, "%s/mediapipe/modules/%s", site, modules[i]) &&
            mieni_install_find(folder, "", "_gpu.binarypb", name))
            return true;
    }
    return false;
}

static void look_at_mediapipe(MieniInstall *install)
{
    if (!in_sites(install, find_mediapipe_library))
        mieni_install_note_absent(install, "M02.library");
    if (in_sites(install, has_mediapipe)) {
        mieni_install_note_answer(install, in_sites(install, has_legacy), "M03.legacy");
        mieni_install_note_answer(install, in_sites(install, has_gpu_graph), "M03.gpu_graph");
    }
}

/* --- Libraries of CUDA that others need */

static bool is_in(const char *folder, const char *library)
{
    char path[MIENI_INSTALL_PATH];
    return mieni_install_path(path, "%s/%s", folder, library) && mieni_install_is_file(path);
}

typedef struct NvidiaUser {
    const char *folder, *library;
    bool found;
} NvidiaUser;

static bool look_into_nvidia(void *user, const char *name)
{
    NvidiaUser *nvidia = user;
    char path[MIENI_INSTALL_PATH];
    nvidia->found |=
        mieni_install_path(path, "%s/%s/lib", nvidia->folder, name) && is_in(path, nvidia->library);
    return !nvidia->found;
}

/* Where the loader, or the framework itself, would find it: pip's nvidia packages, a Conda prefix,
 * the toolkit, the system, LD_LIBRARY_PATH. */
static bool can_find_library(const MieniInstall *install, const char *library)
{
    static const char *const folders[] = {
        "/usr/local/cuda/lib64",           "/usr/lib64", "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",      "/usr/lib",   "/usr/lib/aarch64-linux-gnu/nvidia",
        "/usr/lib/aarch64-linux-gnu/tegra"};
    char path[MIENI_INSTALL_PATH];
    for (size_t i = 0; i < install->n_sites; i++) {
        NvidiaUser nvidia = {path, library, false};
        if (mieni_install_path(path, "%s/nvidia", install->sites[i]))
            mieni_install_list(path, look_into_nvidia, &nvidia);
        if (nvidia.found ||
            (mieni_install_path(path, "%s/../..", install->sites[i]) && is_in(path, library)))
            return true;
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(folders); i++) {
        if (is_in(folders[i], library))
            return true;
    }
    const char *list = getenv("LD_LIBRARY_PATH");
    while (list && *list) {
        size_t n = strcspn(list, ":");
        if (n > 0 && mieni_install_path(path, "%.*s", (int)MIENI_MIN(n, (size_t)4095), list) &&
            is_in(path, library))
            return true;
        list += n + (list[n] == ':');
    }
    return false;
}

/* --- TensorFlow (M05) */

/* The library of a major version, such as libcudart.so.12 for "12.5.1". */
static void note_if_missing(MieniInstall *install, const char *stem, const char *version)
{
    char library[48], fact[64];
    int n = (int)strcspn(version, ".");
    if (n == 0 || n > 4)
        return;
    snprintf(library, sizeof(library), "%s.so.%.*s", stem, n, version);
    snprintf(fact, sizeof(fact), "M05.missing.%s", library);
    if (!can_find_library(install, library))
        mieni_install_note_absent(install, fact);
}

static bool look_at_tensorflow(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH], cuda[32], cudnn[32], value[32];
    if (!mieni_install_path(path, "%s/tensorflow/python/platform/build_info.py", site) ||
        mieni_install_text(install, path) != 0)
        return false;
    bool has_cuda = mieni_python_value(install->text, "cuda_version", cuda, sizeof(cuda));
    bool has_cudnn = mieni_python_value(install->text, "cudnn_version", cudnn, sizeof(cudnn));
    if (!mieni_python_value(install->text, "is_cuda_build", value, sizeof(value)))
        return true;
    bool is_cuda = strcmp(value, "True") == 0;
    mieni_install_note_answer(install, is_cuda, "M05.is_cuda_build");
    if (has_cuda)
        mieni_install_note(install, cuda, "M05.cuda_version");
    if (has_cudnn)
        mieni_install_note(install, cudnn, "M05.cudnn_version");
    if (is_cuda && has_cuda)
        note_if_missing(install, "libcudart", cuda);
    if (is_cuda && has_cudnn)
        note_if_missing(install, "libcudnn", cudnn);
    return true;
}

/* --- OpenCV (M06) */

static bool find_opencv_library(const char *site, char path[MIENI_INSTALL_PATH])
{
    char folder[MIENI_INSTALL_PATH], name[256], version[256];
    if (!mieni_install_path(folder, "%s/cv2", site))
        return false;
    if (mieni_install_find(folder, "cv2", ".so", name))
        return mieni_install_path(path, "%s/%s", folder, name);
    /* A build of one's own: cv2/python-3.11/cv2.*.so */
    return mieni_install_find(folder, "python-3", "", version) &&
           mieni_install_path(path, "%s/%s", folder, version) &&
           mieni_install_find(path, "cv2", ".so", name) &&
           mieni_install_path(path, "%s/%s/%s", folder, version, name);
}

static bool look_at_opencv(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH];
    if (!find_opencv_library(site, path))
        return false;
    mieni_install_note(install, path, "M06.library");
    /* The build's own report is in the library as a text; the line is left out if CUDA was never
     * asked for. */
    MieniElfText texts[] = {{.text = "NVIDIA CUDA:"}, {.text = "General configuration for OpenCV"}};
    int error = mieni_elf_find(path, texts, MIENI_COUNT_OF(texts));
    if (error)
        mieni_install_note_error(install, error, "M06.cuda");
    else if (texts[0].found)
        mieni_install_note_answer(install, strstr(texts[0].after, "YES") != NULL, "M06.cuda");
    else if (texts[1].found)
        mieni_install_note_answer(install, false, "M06.cuda");
    return true;
}

/* --- ONNX Runtime (M07) */

static bool look_at_onnxruntime(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH], folder[MIENI_INSTALL_PATH];
    MieniElf elf;
    if (!mieni_install_path(folder, "%s/onnxruntime/capi", site) ||
        !mieni_install_path(path, "%s/libonnxruntime_providers_cuda.so", folder) ||
        !mieni_install_is_folder(folder))
        return false;
    int error = mieni_elf_read(path, &elf);
    if (error) {
        mieni_install_note_error(install, error, "M07.provider_cuda");
        return true;
    }
    mieni_install_note(install, path, "M07.provider_cuda");
    for (uint32_t i = 0; i < elf.n_needed; i++) {
        const char *name = elf.needed[i];
        /* libcudart, libcublas, libcudnn ... and not the driver's own libcuda. */
        if (mieni_begins(name, "libcu") && !mieni_begins(name, "libcuda.so") &&
            !is_in(folder, name) && !can_find_library(install, name)) {
            char fact[16 + MIENI_ELF_MAX_NAME];
            snprintf(fact, sizeof(fact), "M07.missing.%s", name);
            mieni_install_note_absent(install, fact);
        }
    }
    return true;
}

/* --- PyTorch (M08) */

typedef struct Sms {
    bool has[1000];
} Sms;

static void note_sm(void *user, int32_t sm)
{
    if (sm >= 0 && sm < 1000)
        ((Sms *)user)->has[sm] = true;
}

static bool look_at_torch(MieniInstall *install, const char *site)
{
    char path[MIENI_INSTALL_PATH], value[64], text[512] = "";
    if (!mieni_install_path(path, "%s/torch/version.py", site) ||
        mieni_install_text(install, path) != 0)
        return false;
    if (mieni_python_value(install->text, "cuda", value, sizeof(value)))
        mieni_install_note(install, value, "M08.cuda");
    Sms sms = {{false}};
    if (mieni_install_path(path, "%s/torch/lib/libtorch_cuda.so", site) &&
        mieni_elf_find_sm(path, note_sm, &sms) == 0) {
        size_t used = 0;
        for (int sm = 20; sm < 1000 && used < sizeof(text) - 5; sm++) {
            if (sms.has[sm])
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d",
                                         used > 0 ? " " : "", sm);
        }
        mieni_install_note(install, text, "M08.sm");
    }
    return true;
}

/* --- TFLite and TensorRT (M09, M10) */

static bool has_tflite_delegate(MieniInstall *install, const char *site)
{
    static const char *const folders[] = {"tflite_runtime", "ai_edge_litert", "."};
    char folder[MIENI_INSTALL_PATH], name[256];
    (void)install;
    for (size_t i = 0; i < MIENI_COUNT_OF(folders); i++) {
        if (mieni_install_path(folder, "%s/%s", site, folders[i]) &&
            (mieni_install_find(folder, "libtensorflowlite_gpu_delegate", ".so", name) ||
             mieni_install_find(folder, "libLiteRt", "GpuAccelerator.so", name)))
            return true;
    }
    return false;
}

static void look_at_tensorrt(MieniInstall *install)
{
    char folder[MIENI_INSTALL_PATH], name[256];
    for (size_t i = 0; i < install->n_sites; i++) {
        if (mieni_install_path(folder, "%s/tensorrt_libs", install->sites[i]) &&
            mieni_install_find(folder, "libnvinfer.so.", "", name))
            mieni_install_note(install, name, "M10.libnvinfer.%zu", i);
    }
}

void mieni_install_frameworks(MieniInstall *install)
{
    look_at_mediapipe(install);
    in_sites(install, look_at_tensorflow);
    in_sites(install, look_at_opencv);
    in_sites(install, look_at_onnxruntime);
    in_sites(install, look_at_torch);
    if (mieni_facts_has(install->facts, "M09.tflite_runtime.version") ||
        mieni_facts_has(install->facts, "M09.ai_edge_litert.version"))
        mieni_install_note_answer(install, in_sites(install, has_tflite_delegate), "M09.delegate");
    look_at_tensorrt(install);
}
