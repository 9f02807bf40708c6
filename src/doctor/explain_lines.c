/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of known lines. Each pattern is a short piece of what a program prints, chosen so that
 * it survives changes of version, path and line number around it.
 */
#include "doctor/explain.h"

/* A table of texts. */
/* clang-format off */

#define LINE(key, pattern, cause, meaning, caution)                                                \
    {key, pattern, NULL, NULL, false, cause, meaning, caution},
/* The most frequent of several causes. */
#define GUESS(key, pattern, cause, meaning, caution)                                               \
    {key, pattern, NULL, NULL, true, cause, meaning, caution},
/* Another line if it contains `unless` as well. */
#define UNLESS(key, pattern, unless, cause, meaning, caution)                                      \
    {key, pattern, unless, NULL, false, cause, meaning, caution},

static const MieniKnownLine lines[] = {
    /* MediaPipe and TFLite */
    LINE("xnnpack-delegate", "Created TensorFlow Lite XNNPACK delegate for CPU", NULL,
         "One TFLite interpreter got XNNPACK, the fast CPU delegate.",
         "It does not prove that everything runs on the CPU: MediaPipe prints it in correct GPU "
         "runs as "
         "well, because small networks (blendshapes, gestures) are pinned to the CPU.")
        LINE("gpu-delegate", "Created TensorFlow Lite delegate for GPU", NULL,
             "One TFLite interpreter got the OpenGL ES delegate.",
             "It does not prove that a GPU computes: with the software renderer llvmpipe the line "
             "is the same. "
             "The line with the renderer's name tells.")
            LINE("xnnpack-for-gpu", "XNNPACK delegate for GPU", NULL,
                 "No program prints this; some guides tell people to look for it.",
                 "XNNPACK is for the CPU only. The GPU's line is 'Created TensorFlow Lite delegate "
                 "for GPU'.") LINE("software-renderer", "renderer: llvmpipe",
                                   "egl-software-renderer",
                                   "OpenGL ES is drawn by Mesa's software renderer: what is called "
                                   "GPU in this log is the CPU.",
                                   "Lines about the GPU delegate after it do not mean that a GPU "
                                   "is used.")
                LINE("software-renderer-softpipe", "renderer: softpipe", "egl-software-renderer",
                     "OpenGL ES is drawn by Mesa's slow software renderer.",
                     NULL) LINE("software-renderer-swiftshader", "renderer: *SwiftShader",
                                "egl-software-renderer",
                                "OpenGL ES is drawn by SwiftShader, a software renderer.", NULL)
                    LINE(
                        "nvidia-renderer", "(OpenGL ES*NVIDIA", NULL,
                        "OpenGL ES comes from NVIDIA's driver: this GL context is on the hardware.",
                        NULL) UNLESS("mesa-renderer", "(OpenGL ES 3.*Mesa", "llvmpipe", NULL,
                                     "OpenGL ES comes from Mesa: the GPU of Intel or AMD, or a "
                                     "software renderer.",
                                     "It is not NVIDIA's driver, even if there is an NVIDIA card. "
                                     "Which of the two it is, the "
                                     "renderer's name says.")
                        LINE("gpu-disabled-in-build", "GPU processing is disabled in build flags",
                             "mediapipe-wheel-without-gpu",
                             "This MediaPipe was compiled without its GPU code.",
                             "It says nothing about driver, CUDA or the machine."){
                            "gpu-support-missing", "GPU suport is not available", NULL,
                            "gpu-service-missing", true, "egl-default-display-headless",
                            "MediaPipe could not make an OpenGL ES context in this process (the "
                            "misspelling is MediaPipe's).",
                            "In a run that did not ask for the GPU it is harmless: versions 0.10.8 "
                            "to 0.10.26 try on every "
                            "start."},
    GUESS("gpu-service-missing", "Service \"kGpuService\", required by node",
          "egl-default-display-headless",
          "The GPU delegate was asked for, and MediaPipe has no OpenGL ES context to give it.",
          "It is not about CUDA: MediaPipe's way to the GPU is EGL. The reason stands in an "
          "earlier line.") UNLESS("egl-initialize", "Unable to initialize EGL",
                                  "GPU suport is not available", "egl-default-display-headless",
                                  "EGL's default display exists in name but cannot be used.", NULL)
        UNLESS("egl-get-display", "eglGetDisplay() returned", "GPU suport is not available",
               "egl-default-display-headless",
               "EGL has no default display, as on a machine without X or Wayland.",
               "It does not mean that the driver lacks EGL: MediaPipe asks for the default display "
               "only."){
            "egl-no-config-at-start",
            "GPU suport is not available*returned no matching EGL configuration for RGBA8888 D16",
            NULL, "gpu-service-missing", false, "egl-no-config",
            "EGL has a display, but no configuration of the kind that MediaPipe wants.",
            "In a run that did not ask for the GPU it is harmless."},
    UNLESS("egl-no-config", "returned no matching EGL configuration for RGBA8888 D16",
           "GPU suport is not available", "egl-no-config",
           "EGL has a display, but no configuration of the kind that MediaPipe wants.",
           NULL) LINE("gles-2", "Fall back on OpenGL ES 2", "gles-below-3-1",
                      "An OpenGL ES 3 context could not be made; inference on the GPU needs 3.1.",
                      NULL) LINE("delegate-prepare", "TfLiteGpuDelegate) failed to prepare",
                                 "tflite-delegate-prepare-failed",
                                 "The GPU delegate was made, but could not compile the network.",
                                 "EGL and permissions are not the reason, as it got that far.")
        LINE("glsl-array-bounds", "error C1068: array index out of bounds",
             "tflite-delegate-prepare-failed",
             "The driver's shader compiler refuses a shader of the delegate; known from the "
             "attention face "
             "mesh.",
             NULL) UNLESS("partial-delegation", "operations will run on the GPU, and the remaining",
                          "the remaining 0 operations", "tflite-partial-delegation",
                          "Some operations of the network stay on the CPU, and data is copied "
                          "between the two.",
                          NULL)
            LINE("whole-delegation",
                 "operations will run on the GPU, and the remaining 0 operations", NULL,
                 "All operations of this network went to the GPU delegate.",
                 "It does not prove that a GPU computes: with the software renderer llvmpipe the "
                 "line is the same.")
                LINE("cpu-only-ops", "contains CPU only ops", "blendshapes-cpu-only",
                     "One small network of several is pinned to the CPU, as always.",
                     "The others are not affected.") LINE("xnnpack-by-default",
                                                          "acceleration to xnnpack by default",
                                                          "blendshapes-cpu-only",
                                                          "One small network of several is pinned "
                                                          "to the CPU, as always.",
                                                          "The others are not affected.")
                    UNLESS("no-solutions", "has no attribute 'solutions'", "circular import",
                           "mediapipe-solutions-removed",
                           "MediaPipe 0.10.30 and later have no mp.solutions.",
                           "The installation is not damaged.")
                        LINE("circular-import", "has no attribute 'solutions'*circular import",
                             NULL,
                             "Python found a file or folder named mediapipe of the user's own "
                             "before the package.",
                             "The installed MediaPipe is not the reason.")
                            LINE("model-selection", "unexpected keyword argument 'model_selection'",
                                 NULL,
                                 "FaceMesh has no argument model_selection; some guides invent it.",
                                 "Where it exists (FaceDetection, SelfieSegmentation) it picks a "
                                 "model and never a device.")
                                LINE(
                                    "stream-type", "Unable to find the type for stream",
                                    "mediapipe-patched-wheel-broken",
                                    "A community build's edited graph lacks the GPU's stream type.",
                                    "It is not a sign that the machine lacks GPU support.")
                                    LINE("no-gpu-on-windows",
                                         "GPU Delegate is not yet supported for",
                                         "mediapipe-no-gpu-on-windows",
                                         "This build of MediaPipe has no GPU support for the "
                                         "operating system (Windows, or macOS before "
                                         "0.10.8).",
                                         NULL)
                                        GUESS("no-wheel",
                                              "No matching distribution found for mediapipe",
                                              "mediapipe-python-out-of-range",
                                              "There is no MediaPipe wheel for this version of "
                                              "Python, or none for this processor.",
                                              "The name is right, and the device that MediaPipe "
                                              "would use has nothing to do with it. On aarch64 "
                                              "it is mostly the processor: see "
                                              "mediapipe-no-aarch64-wheel.")

    /* Other frameworks */
    LINE("tf-dlopen", "Cannot dlopen some GPU libraries", "tensorflow-libraries-missing",
         "TensorFlow could not load CUDA's libraries and goes on with the CPU.",
         "It says nothing about MediaPipe, which does not use TensorFlow's CUDA.")
        LINE("tf-skipping", "Skipping registering GPU devices", "tensorflow-libraries-missing",
             "TensorFlow registers no GPU, because libraries are missing.",
             "It says nothing about MediaPipe, which does not use TensorFlow's CUDA.")
            LINE("tf-no-libcuda", "Could not load dynamic library 'libcuda.so.1'", "no-libcuda",
                 "TensorFlow did not find the driver's library.",
                 "In a container the driver may be in order and just not handed in: see "
                 "container-no-gpu-injected.")
                LINE("tf-num-gpus", "Num GPUs Available:", NULL,
                     "TensorFlow's own count of CUDA devices.",
                     "It tells nothing about MediaPipe in either direction: that needs OpenGL ES "
                     "and no TensorFlow.")
                    LINE("opencv-no-cuda", "not built with CUDA backend; switching to CPU",
                         "opencv-without-cuda",
                         "OpenCV's network module was built without CUDA and uses the CPU.",
                         "It says nothing about MediaPipe, which brings its own OpenCV.")
                        LINE(
                            "ort-create-cuda", "Failed to create CUDAExecutionProvider",
                            "onnxruntime-cuda-libs-missing",
                            "ONNX Runtime could not load its CUDA provider; the session goes on "
                            "with the CPU.",
                            "That the provider is listed as available does not mean that it works.")
                            LINE("ort-provider-name", "is not in available provider names",
                                 "onnxruntime-both-packages",
                                 "The ONNX Runtime that was imported has no such provider: it is "
                                 "the CPU package.",
                                 NULL) LINE("torch-no-cuda", "Torch not compiled with CUDA enabled",
                                            "pytorch-cpu-build",
                                            "This PyTorch was built without CUDA.",
                                            "Driver and toolkit are not the reason.")
                                LINE("torch-capability",
                                     "is not compatible with the current PyTorch installation",
                                     "no-kernel-image",
                                     "This PyTorch has no code for the GPU's capability.",
                                     "The driver is not the reason.")
                                    LINE("torch-fork",
                                         "Cannot re-initialize CUDA in forked subprocess",
                                         "cuda-after-fork",
                                         "A forked process uses CUDA that its parent had started.",
                                         NULL) LINE("torch-unknown-error",
                                                    "CUDA unknown error*CUDA_VISIBLE_DEVICES",
                                                    "broken-after-suspend",
                                                    "CUDA returned 999 (unknown); on a desktop or "
                                                    "laptop mostly after a suspend.",
                                                    "The remark about CUDA_VISIBLE_DEVICES is a "
                                                    "guess of the program that prints it.")

    /* CUDA */
    LINE("cuda-no-image", "no kernel image is available", "no-kernel-image",
         "The program has no code for this GPU (code 209).", "The driver is not the reason.")
        LINE("cuda-toolchain", "unsupported toolchain", "ptx-newer-than-driver",
             "The program's portable code is newer than the driver (code 222).",
             "The GPU is not too old.")
            LINE("cuda-combination", "unsupported display driver / cuda driver combination",
                 "compat-libcuda-shadows-driver",
                 "libcuda does not fit the loaded driver (code 803), mostly because a "
                 "compatibility library was "
                 "found first.",
                 "A newer driver does not mend it as long as that library is found first.")
                LINE(
                    "cuda-compat", "forward compatibility was attempted",
                    "forward-compat-on-consumer-gpu",
                    "A compatibility libcuda was loaded that this GPU does not support (code 804).",
                    NULL) LINE("cuda-not-ready", "system not yet initialized",
                               "fabric-manager-not-running",
                               "CUDA waits for Fabric Manager (code 802).",
                               "nvidia-smi works all the same.")
                    LINE("cuda-busy", "busy or unavailable", "exclusive-compute-mode",
                         "The GPU lets no further process in (code 46).",
                         "It is not a lack of memory.")
                        GUESS("cuda-insufficient",
                              "CUDA driver version is insufficient for CUDA runtime version",
                              "driver-too-old-for-toolkit",
                              "The CUDA runtime found no driver that is new enough (code 35).",
                              "In a container it mostly means that there is no driver at all "
                              "(container-no-gpu-injected, on "
                              "Jetson jetson-container-no-runtime), and no update is needed.")
                            LINE("cuda-no-device", "no CUDA-capable device is detected", NULL,
                                 "CUDA sees no device (code 100), for which there are more than a "
                                 "dozen reasons.",
                                 "It does not mean that there is no GPU: permissions, "
                                 "CUDA_VISIBLE_DEVICES and containers give the "
                                 "same. Run mien doctor there.")
                                GUESS("cuda-out-of-memory", "CUDA out of memory", "out-of-memory",
                                      "A program asked for more of the GPU's memory than was free.",
                                      NULL) GUESS("cudamalloc-out-of-memory",
                                                  "cudaMalloc failed: out of memory",
                                                  "out-of-memory",
                                                  "A program asked for more of the GPU's memory "
                                                  "than CUDA would give.",
                                                  "Where much is free it is a limit on virtual "
                                                  "memory (address-space-limit) or, on L4T 36.4.7, "
                                                  "jetson-nvmap-regression.")
                                    UNLESS("libcuda-missing",
                                           "libcuda.so.1: cannot open shared object file",
                                           "Could not load dynamic library", "no-libcuda",
                                           "The driver's library libcuda.so.1 was not found.",
                                           "In a container the driver may be in order and just not "
                                           "handed in: see container-no-gpu-injected.")
                                        LINE("libcuda-too-short", "libcuda.so*file too short",
                                             "placeholder-driver-library",
                                             "libcuda is an empty file that was left in the image.",
                                             NULL) LINE("library-class", ".so*wrong ELF class",
                                                        "wrong-architecture-library",
                                                        "A library for another processor or word "
                                                        "size was found.",
                                                        NULL)

    /* NVML, nvidia-smi and the kernel driver */
    LINE("nvml-mismatch", "Driver/library version mismatch", "driver-library-version-mismatch",
         "The driver's libraries were updated while the old kernel module stays loaded.",
         "Nothing is broken; nothing has to be installed again.")
        LINE("nvml-unknown", "Failed to initialize NVML: Unknown Error", "cgroup-device-denied",
             "A container lost its permission to open the GPU.", "The host is not affected.")
            LINE("nvml-permission", "Failed to initialize NVML: Insufficient Permissions",
                 "device-node-permission", "This user may not open the device nodes.",
                 NULL) GUESS("smi-communicate",
                             "NVIDIA-SMI has failed because it couldn't communicate",
                             "driver-not-installed", "No NVIDIA kernel driver answers.",
                             "It does not mean that the packages are missing: a module that was "
                             "not built for this kernel, "
                             "Secure Boot or a blacklist give the same.")
                LINE("smi-no-devices", "No devices were found", NULL,
                     "The driver is loaded and owns no GPU.",
                     "It does not mean that there is none: a wrong driver flavour, a card that "
                     "failed to start or one "
                     "that is reserved for a guest give the same. The kernel log tells.")
                    LINE("smi-not-found", "nvidia-smi: command not found", NULL,
                         "nvidia-smi is not installed or not in PATH.",
                         "It is no proof against the GPU: a Jetson before L4T 36 has no nvidia-smi "
                         "at all.")
                        LINE("gpu-handle", "Unable to determine the device handle", "gpu-lost",
                             "A GPU that was there does not answer any more.",
                             NULL) LINE("off-the-bus", "GPU has fallen off the bus", "gpu-lost",
                                        "The card stopped answering on PCI Express.",
                                        "The program that ran at that moment is rarely the reason.")
                            LINE(
                                "xid-79", "NVRM: Xid*: 79,", "gpu-lost",
                                "Xid 79: the card stopped answering on PCI Express.",
                                NULL) LINE("xid-48", "NVRM: Xid*: 48,", "ecc-or-reset-required",
                                           "Xid 48: a memory error that could not be corrected.",
                                           NULL) LINE("xid-63", "NVRM: Xid*: 63,",
                                                      "ecc-or-reset-required",
                                                      "Xid 63: a damaged part of the GPU's memory "
                                                      "was retired or is about to be.",
                                                      NULL)
                                LINE("xid-94", "NVRM: Xid*: 94,", "ecc-or-reset-required",
                                     "Xid 94: a memory error that was contained to one program.",
                                     NULL) LINE("legacy-branch",
                                                "supported through the NVIDIA*Legacy drivers",
                                                "legacy-gpu-ignored",
                                                "The loaded driver branch has dropped this card.",
                                                "A newer driver is the wrong direction.")
                                    LINE("will-ignore-gpu", "will ignore*this GPU",
                                         "legacy-gpu-ignored",
                                         "The loaded driver branch has dropped this card.",
                                         "A newer driver is the wrong direction.")
                                        LINE("adapter-init", "RmInitAdapter failed",
                                             "gsp-or-adapter-init-failed",
                                             "The driver found the card and could not start it.",
                                             "Permissions are not the reason.")
                                            LINE(
                                                "adapter-init-minor", "rm_init_adapter failed",
                                                "gsp-or-adapter-init-failed",
                                                "The driver found the card and could not start it.",
                                                "Permissions are not the reason.")
                                                LINE("gsp-firmware",
                                                     "Cannot initialize GSP firmware RM",
                                                     "gsp-or-adapter-init-failed",
                                                     "The card's own processor did not start with "
                                                     "its firmware.",
                                                     NULL) LINE("key-rejected",
                                                                "Key was rejected by service",
                                                                "secure-boot-rejects-module",
                                                                "Secure Boot refused a kernel "
                                                                "module.",
                                                                "The module itself is not damaged.")
                                                    LINE("key-not-available",
                                                         "Required key not available",
                                                         "secure-boot-rejects-module",
                                                         "Secure Boot refused a kernel module.",
                                                         "The module itself is not damaged.")
                                                        LINE("module-tainted",
                                                             "module verification failed", NULL,
                                                             "A module without a trusted signature "
                                                             "was loaded, and the kernel notes it.",
                                                             "Where Secure Boot is enforced the "
                                                             "module is refused instead, with 'Key "
                                                             "was rejected by service'.")
                                                            LINE("dkms-status",
                                                                 "Bad return status for module "
                                                                 "build on kernel",
                                                                 "dkms-not-built-for-kernel",
                                                                 "DKMS could not build the module "
                                                                 "for a kernel.",
                                                                 NULL)
                                                                LINE("hmm-region",
                                                                     "request_free_mem_region() "
                                                                     "err -34",
                                                                     "kaslr-hmm-kernel-bug",
                                                                     "nvidia_uvm cannot reserve "
                                                                     "the addresses that it wants "
                                                                     "on this kernel.",
                                                                     NULL)

    /* Containers */
    LINE("docker-gpu-driver", "could not select device driver*capabilities: [[gpu]]",
         "docker-toolkit-missing", "Docker has no NVIDIA runtime to hand the GPU in.",
         "The image is not the reason: it was never started.")
        LINE("toolkit-libnvidia-ml", "load library failed: libnvidia-ml.so.1",
             "docker-host-driver-missing", "The container toolkit did not find the host's driver.",
             "Adding the library to the image changes nothing.")
            LINE("toolkit-libcuda", "load library failed: libcuda.so.1",
                 "docker-host-driver-missing",
                 "The container toolkit did not find the host's driver (on Jetson).",
                 "Adding the library to the image changes nothing.")

    /* Jetson */
    LINE("nvmap-permission", "NvRmMemInitNvmap failed", "jetson-video-group",
         "This process may not open /dev/nvmap.",
         "The code 100 that follows does not mean that there is no GPU.")
        LINE("memory-manager", "Memory Manager Not supported", "jetson-video-group",
             "This process may not open /dev/nvmap.", NULL)
            LINE("nvmap-alloc", "NvMapMemAllocInternalTagged*error 12", "jetson-nvmap-regression",
                 "NvMap refused a block of memory.",
                 "It is not proof of a lack of memory: large blocks fail while gigabytes are free.")
                LINE("symbol-version", "nvgpu: disagrees about version of symbol",
                     "nvgpu-module-missing", "The module nvgpu was built for another kernel.", NULL)
                    LINE("over-current", "System throttled due to over-current",
                         "thermal-or-power-throttle",
                         "The Jetson slowed down because its supply is too weak.", NULL)

    /* Vulkan */
    GUESS("vulkan-no-drivers", "Found no drivers!", "vulkan-no-icd",
          "The Vulkan loader found no driver that works.",
          "It does not mean that none is installed: one that cannot load or may not open its "
          "device counts "
          "as none.") GUESS("vulkan-incompatible", "ERROR_INCOMPATIBLE_DRIVER", "vulkan-no-icd",
                            "Vulkan reports -9, which stands for 'no driver found' as well.",
                            "It does not mean that the driver is too old.")
        LINE("vulkan-icd-start", "Could not get 'vkCreateInstance' via 'vk_icdGetInstanceProcAddr'",
             "vulkan-icd-needs-x11-libs",
             "NVIDIA's Vulkan driver was found and could not start, mostly for want of X11 "
             "libraries.",
             NULL) LINE("libxext-missing", "libXext.so.6: cannot open shared object file",
                        "vulkan-icd-needs-x11-libs",
                        "A library of X11 is missing that NVIDIA's Vulkan driver is linked with.",
                        "No X server is needed.")
            LINE("libvulkan-missing", "libvulkan.so.1: cannot open shared object file",
                 "vulkan-loader-missing", "The Vulkan loader is not installed.",
                 "The driver may be complete.")
                LINE("render-node", "/dev/dri/renderD*Permission denied", "render-node-permission",
                     "This user may not open the render node of Mesa's drivers.",
                     "NVIDIA's own driver does not need it to compute.")
                    LINE("dozen", "dzn is not a conformant Vulkan implementation",
                         "wsl-dozen-translation", "Vulkan runs through Direct3D 12.", NULL)

    /* TensorRT */
    LINE("trt-device", "generated on an incompatible device", "tensorrt-engine-mismatch",
         "The TensorRT engine was built on another kind of GPU.", "The file is not damaged.")
        LINE("trt-version", "Version tag does not match", "tensorrt-engine-mismatch",
             "The TensorRT engine was built by another version of TensorRT.",
             "The file is not damaged.")
    /* With a capital or without. */
    LINE("trt-compute", "xpecting compute*got compute", "tensorrt-engine-mismatch",
         "The TensorRT engine was built for another compute capability.",
         "The file is not damaged.")
        LINE("trt-missing", "libnvinfer.so*cannot open shared object file", "tensorrt-missing",
             "TensorRT is not installed in the version that the program wants.", NULL)};

const MieniKnownLine *mieni_known_lines(size_t *n)
{
    *n = MIENI_COUNT_OF(lines);
    return lines;
}
