/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/rules.h"

#define CUDA MIENI_STACK_CUDA
#define VULKAN MIENI_STACK_VULKAN
#define EGL MIENI_STACK_EGL
#define ALL (CUDA | VULKAN | EGL)

/* Parts of conditions that occur often. */
#define NO_GPU "-H01.gpus>0 -H12.gpu -P04.soc -P08.wsl -D04./dev/dxg.open=ok -P01.release~linuxkit "
#define NO_MODULE "H01.nvidia>0 !H04.nvidia -P08.wsl "
#define NOT_CONFINED "-P07.sandbox=snap|flatpak -P11.user_namespace "
#define BAD_FILE "-L07.*/libcuda.so.1*=empty|dangling -@wrong_architecture "
#define INJECTED_VOID "-E02.NVIDIA_VISIBLE_DEVICES=|void|none "
#define NO_VULKAN_GPU "-V02.hardware>0 V01.instance "

/*
 * Numbers are those of the catalogue of causes; letters tell conditions of one rule apart. Within a
 * stage the order is that of asking: what is special stands before what is general. Causes of
 * mien's own (catalogue_mien.inc) have numbers that the catalogue does not use; its build is blamed
 * behind the machine.
 */
/* clang-format off */
static const MieniRule rules[] = {
    /* Is there hardware? */
    {"R100", 1, ALL, "vm-without-passthrough", NO_GPU "P09.hypervisor ?H01.gpus ?P09.product_name ?H01.other.*.vendor"},
    {"R101", 1, ALL, "no-gpu-hardware", NO_GPU "-P09.hypervisor ?H01.gpus"},
    {"R102", 1, ALL, "gpu-bound-to-vfio", "H01.nvidia>0 H02.*.driver=vfio-pci -H02.*.driver=nvidia"},
    {"R103", 1, CUDA, "not-an-nvidia-gpu", "H01.gpus>0 H01.nvidia=0 ?H01.*.vendor -P04.soc -P08.wsl"},
    {"R104", 1, ALL, "gpu-excluded-by-module-option", "H06.*.excluded=Yes"},
    {"R105", 1, ALL, "jetson-jetpack-dropped-board", "@jetson_board_dropped ?P04.model"},
    /* Is the kernel's driver there? */
    {"R200", 2, CUDA, "nouveau-bound", "H02.*.driver=nouveau|nova|nova_core -H02.*.driver=nvidia ?H04.nouveau"},
    {"R201", 2, ALL, "legacy-gpu-ignored", "!H04.nvidia H11.legacy"},
    {"R201b", 2, ALL, "legacy-gpu-ignored", "H04.nvidia H06.count=0 @driver_dropped_gpu"},
    {"R202", 2, ALL, "secure-boot-rejects-module", NO_MODULE "H08.this.nvidia H10.secure_boot=on -H14.nvidia ?H11.rejected"},
    {"R203", 2, ALL, "dkms-not-built-for-kernel", NO_MODULE "!H08.this.nvidia H08.other.nvidia ?P01.release !P06.container"},
    {"R204", 2, ALL, "module-blacklisted", NO_MODULE "H14.nvidia"},
    {"R204b", 2, ALL, "module-blacklisted", NO_MODULE "H14.prime_discrete=off|intel"},
    {"R204c", 2, ALL, "module-blacklisted", NO_MODULE "H13.*blacklist*"},
    {"R205", 2, ALL, "driver-not-installed", NO_MODULE "!H08.this.nvidia !H08.other.nvidia -H02.*.driver=nouveau|nova|nova_core|vfio-pci -H11.legacy !P06.container"},
    {"R206", 2, ALL, "open-module-required", "H04.nvidia H06.count=0 H05.flavour=proprietary @blackwell"},
    {"R206b", 2, ALL, "open-module-required", "H04.nvidia H06.count=0 H05.flavour=open @before_turing"},
    {"R207", 2, ALL, "gsp-or-adapter-init-failed", "H04.nvidia D01./dev/nvidia*.open#EIO ?H06.count ?H11.adapter"},
    {"R208", 2, ALL, "nvgpu-module-missing", "P04.soc=tegra210|tegra186|tegra194|tegra234 !H04.nvgpu !H12.gpu ?H11.symbols ?P01.release"},
    {"R209", 2, ALL, "gpu-lost", "H11.lost"},
    {"R209b", 2, ALL, "gpu-lost", "N01.init=15"},
    {"R209c", 2, ALL, "gpu-lost", "N02.*.status=15"},
    /* Is the user's part of the driver there, and of the same version? */
    {"R300", 3, CUDA, "wsl-linux-driver-installed", "P08.wsl L01.path -L01.path~/usr/lib/wsl/"},
    {"R301", 3, CUDA, "wsl-driver-not-exported", "P08.wsl D04./dev/dxg.open=ok !P08./usr/lib/wsl/lib/libcuda.so.1"},
    {"R302", 3, CUDA, "container-no-gpu-injected", "P06.container !L01.path H05.version !D01./dev/nvidiactl.open -P04.soc " BAD_FILE INJECTED_VOID},
    {"R303", 3, ALL, "jetson-container-no-runtime", "P06.container P04.soc !L01.path !D02./dev/nvmap.open " BAD_FILE},
    {"R304", 3, CUDA, "no-libcuda", "!P06.container -P07.sandbox H04.nvidia !L01.path -P08.wsl -P04.soc ?H05.version " BAD_FILE},
    {"R305", 3, CUDA, "stub-libcuda-loaded", "L01.path~/stubs/ ?E03.LD_LIBRARY_PATH ?C01.cuInit"},
    {"R305b", 3, CUDA, "stub-libcuda-loaded", "C01.cuInit=34 ?L01.path"},
    {"R306", 3, CUDA, "placeholder-driver-library", "!L01.path L07.*/libcuda.so.1*=empty|dangling"},
    {"R307", 3, CUDA | EGL | VULKAN, "driver-library-version-mismatch", "N01.init=18 ?H05.version ?L01.path"},
    {"R307b", 3, CUDA, "driver-library-version-mismatch", "@driver_versions_differ"},
    {"R309", 3, CUDA, "jetson-wrong-libcuda-variant", "P04.soc=tegra234 L01.path~l4t-gpu-libs/openrm ?P03.l4t"},
    {"R309b", 3, CUDA, "jetson-wrong-libcuda-variant", "P04.soc=tegra264 L01.path~l4t-gpu-libs/nvgpu ?P03.l4t"},
    {"R310", 3, CUDA, "wrong-architecture-library", "!L01.path @wrong_architecture"},
    {"R311", 3, CUDA, "jetson-cuda-upgrade-incompatible", "P04.soc L01.path~/compat @jetson_upgrade_not_allowed ?C01.cuInit"},
    /* May this process open the devices? */
    {"R400", 4, ALL, "flatpak-no-device-or-extension", "P07.sandbox=flatpak H05.version !D01./dev/nvidia-uvm.open"},
    {"R400b", 4, ALL, "flatpak-no-device-or-extension", "P07.sandbox=flatpak H05.version !L01.path"},
    {"R401", 4, ALL, "snap-confinement", "P07.sandbox=snap D0*./dev/*.open#EACCES|EPERM"},
    {"R402", 4, ALL, "systemd-private-devices", "P13.private_devices P13.unit H04.nvidia !P06.container"},
    {"R402b", 4, ALL, "systemd-private-devices", "P13.unit D01./dev/nvidia*.open#EPERM !P06.container " NOT_CONFINED "?H07.nvidia"},
    {"R403", 4, ALL, "jetson-video-group", "P04.soc D0*./dev/nv*.open#EACCES ?P10.gids ?P10.group.video"},
    {"R404", 4, ALL, "device-node-permission", "-P04.soc D01./dev/nvidia*.open#EACCES ?P10.gids " NOT_CONFINED},
    {"R405", 4, ALL, "cgroup-device-denied", "P06.container D01./dev/nvidia*.open#EPERM ?D05.links " NOT_CONFINED},
    {"R405b", 4, ALL, "cgroup-device-denied", "!P06.container !P13.unit D01./dev/nvidia*.open#EPERM ?D05.links " NOT_CONFINED},
    {"R406", 4, ALL, "container-no-gpu-injected", "P06.container L01.path !D01./dev/nvidiactl.open H05.version -P04.soc -P08.wsl " INJECTED_VOID},
    {"R407", 4, CUDA, "nvidia-uvm-missing", "D01./dev/nvidiactl.open=ok !D01./dev/nvidia-uvm.open C01.cuInit!=0|100|999 -P04.soc=tegra210|tegra186|tegra194|tegra234"},
    {"R408", 4, ALL, "rootless-container-permission", "P11.user_namespace D01./dev/nvidia*.open#EPERM|EACCES -P07.sandbox=snap|flatpak"},
    {"R409", 4, CUDA, "container-capability-no-compute", "P06.container E02.NVIDIA_DRIVER_CAPABILITIES -E02.NVIDIA_DRIVER_CAPABILITIES~compute|all !L01.path"},
    {"R410", 4, ALL, "nvidia-visible-devices-void", "P06.container E02.NVIDIA_VISIBLE_DEVICES=|void|none !D01./dev/nvidiactl.open"},
    {"R411", 4, ALL, "docker-desktop-vm", "P01.release~linuxkit"},
    {"R413", 4, ALL, "docker-toolkit-missing", "P14.asked P14.docker !P14.toolkit"},
    {"R413b", 4, ALL, "docker-toolkit-missing", "P14.asked P14.docker P14.toolkit !P14.runtime"},
    {"R414", 4, ALL, "docker-host-driver-missing", "P14.asked P14.toolkit !L02.path"},
    {"R414b", 4, ALL, "docker-host-driver-missing", "P14.asked P14.toolkit P04.soc !L01.path"},
    {"R412", 4, ALL, "jetson-container-l4t-mismatch", "P06.container P04.soc @l4t_image_mismatch"},
    /* Does the driver initialise? */
    {"R500", 5, CUDA, "compat-libcuda-shadows-driver", "C01.cuInit=803 L01.path~/compat ?H05.version"},
    {"R501", 5, CUDA, "forward-compat-on-consumer-gpu", "C01.cuInit=804 ?L01.path ?H05.version"},
    {"R502", 5, CUDA, "driver-library-version-mismatch", "C01.cuInit=803 -L01.path~/compat ?H05.version ?L01.path"},
    {"R503", 5, CUDA, "fabric-manager-not-running", "C01.cuInit=802 H01.nvswitches>0 ?N02.*.fabric"},
    {"R503b", 5, CUDA, "fabric-manager-not-running", "C01.cuInit=802 N02.*.fabric=1|2"},
    {"R504", 5, CUDA, "kaslr-hmm-kernel-bug", "C01.cuInit=802|999 H11.hmm"},
    {"R505", 5, CUDA, "mps-daemon-problem", "C01.cuInit=805|806|807|808|809|810 ?E01.CUDA_MPS_PIPE_DIRECTORY"},
    {"R505b", 5, CUDA, "mps-daemon-problem", "C01.probe=hung E01.CUDA_MPS_PIPE_DIRECTORY"},
    {"R506", 5, CUDA, "nvidia-uvm-missing", "C01.cuInit=999 D01./dev/nvidiactl.open=ok !D01./dev/nvidia-uvm.open ?H04.nvidia_uvm -P04.soc=tegra210|tegra186|tegra194|tegra234"},
    {"R506b", 5, CUDA, "nvidia-uvm-missing", "C01.cuInit=999 H04.nvidia !H04.nvidia_uvm D01./dev/nvidia-uvm.mode -P04.soc=tegra210|tegra186|tegra194|tegra234"},
    {"R507", 5, CUDA, "broken-after-suspend", "C01.cuInit=999 H11.suspends>0 D01./dev/nvidia-uvm.open -H11.hmm"},
    {"R507b", 5, CUDA, "broken-after-suspend", "C01.cuInit=999 H11.suspend -H11.suspends>0 -H11.hmm D01./dev/nvidia-uvm.open"},
    {"R509", 5, CUDA, "driver-too-old-for-toolkit", "C01.cuInit=36 ?C01.driver_version ?H05.version"},
    {"R509b", 5, CUDA, "driver-too-old-for-toolkit", "L01.missing_symbol ?L01.path"},
    {"R509c", 5, CUDA, "driver-too-old-for-toolkit", "C01.driver_version>0 C01.driver_version<10020"},
    {"R590", 5, CUDA, "driver-hangs", "C01.probe=hung"},
    {"R591", 5, CUDA, "driver-crashes", "C01.probe=crashed|failed"},
    {"R592", 5, CUDA, "driver-error", "C01.cuInit!=0"},
    {"R592b", 5, CUDA, "driver-error", "!L01.path L01.error H01.nvidia>0"},
    /* Is a device visible and usable? */
    {"R600", 6, CUDA, "cuda-visible-devices-hides", "E01.CUDA_VISIBLE_DEVICES C01.cuInit=100"},
    {"R600b", 6, CUDA, "cuda-visible-devices-hides", "E01.CUDA_VISIBLE_DEVICES=|-1 -C01.cuInit=100"},
    {"R601", 6, CUDA, "mig-without-instance", "N02.*.mig=1 C01.cuInit=100|101"},
    {"R601b", 6, CUDA, "mig-without-instance", "N02.*.mig=1 C03.*.context=101"},
    {"R602", 6, CUDA, "exclusive-compute-mode", "C02.*.mode=2|3 C03.*.context=46 ?N02.*.processes"},
    {"R602b", 6, CUDA, "exclusive-compute-mode", "N02.*.mode=2 C01.cuInit=100"},
    {"R603", 6, CUDA, "compute-capability-too-old", "@capability_too_old"},
    {"R604", 6, CUDA, "vgpu-unlicensed", "C03.*.context=102 ?N02.*.virtualization"},
    {"R607", 6, CUDA, "driver-error", "C03.*.context!=0"},
    {"R605", 6, CUDA, "device-order-differs", "@orders_differ ?E01.CUDA_DEVICE_ORDER"},
    {"R606", 6, CUDA, "no-such-device", "S04.cuda.missing"},
    /* Does our code load? */
    {"R700", 7, CUDA, "ptx-newer-than-driver", "C04.*.load=222 ?C01.driver_version"},
    {"R701", 7, CUDA, "no-kernel-image", "C04.*.load=209 ?C02.*.capability"},
    {"R702", 7, CUDA, "jit-compiler-missing", "C04.*.load=221"},
    {"R703", 7, CUDA, "ptx-jit-disabled", "C04.*.load=223 ?E01.CUDA_DISABLE_PTX_JIT"},
    {"R707", 7, CUDA, "driver-error", "C04.*.load!=0 ?C04.*.log"},
    /* Does it run? */
    {"R800", 8, CUDA, "out-of-memory", "@out_of_memory @memory_full ?N02.*.processes"},
    {"R801", 8, CUDA, "address-space-limit", "@out_of_memory -@memory_full P12.rlimit_as!=unlimited"},
    {"R802", 8, CUDA, "jetson-nvmap-regression", "@out_of_memory -@memory_full @nvmap_regression"},
    {"R803", 8, CUDA, "watchdog-timeout", "C05.*.run=702 ?C02.*.watchdog"},
    {"R804", 8, CUDA, "ecc-or-reset-required", "C05.*.run=214"},
    {"R804b", 8, CUDA, "ecc-or-reset-required", "N02.*.status=16 ?H11.ecc"},
    {"R805", 8, CUDA, "device-computes-garbage", "S03.cuda*.test=device-computes-garbage ?S03.cuda*.text"},
    {"R805b", 8, CUDA, "device-computes-garbage", "C05.*.wrong"},
    {"R808", 8, CUDA, "driver-error", "C05.*.run!=0"},
    {"R806", 8, CUDA, "device-refused", "S03.cuda*.test!=ok|begun|device-computes-garbage ?S03.cuda*.text"},
    {"R806b", 8, CUDA, "device-refused", "S03.cuda*.test=begun S01.probe=crashed|failed"},
    {"R807", 8, CUDA, "backend-not-built", "S04.cuda.not_built"},
    /* Vulkan. */
    {"R900", 9, VULKAN, "vulkan-loader-missing", "!L03.path"},
    {"R901", 9, VULKAN, "vulkan-env-hides-driver", "E04.missing_file ?E04.VK_ICD_FILENAMES ?E04.VK_DRIVER_FILES"},
    {"R901b", 9, VULKAN, "vulkan-env-hides-driver", "E04.VK_LOADER_DRIVERS_DISABLE=*|~all~"},
    {"R902", 9, VULKAN | EGL, "container-capability-no-graphics", NO_VULKAN_GPU "P06.container E02.NVIDIA_DRIVER_CAPABILITIES -E02.NVIDIA_DRIVER_CAPABILITIES~graphics|all !V04.nvidia"},
    {"R902b", 9, VULKAN | EGL, "container-capability-no-graphics", NO_VULKAN_GPU "P06.container !E02.NVIDIA_DRIVER_CAPABILITIES D01./dev/nvidiactl.open=ok !V04.nvidia -P04.soc"},
    {"R903", 9, VULKAN, "vulkan-icd-needs-x11-libs", NO_VULKAN_GPU "V04.nvidia L04.libGLX_nvidia.so.0.error~libX|libxcb"},
    {"R904", 9, VULKAN, "wsl-no-vulkan-driver", NO_VULKAN_GPU "P08.wsl"},
    {"R905", 9, VULKAN, "vulkan-no-icd", "V01.instance=-9 V04.count=0 -P08.wsl -P06.container"},
    {"R906", 9, VULKAN | EGL, "render-node-permission", "V02.count>0 V02.hardware=0 D03./dev/dri/renderD*.open#EACCES ?P10.gids ?P10.group.render"},
    {"R907", 9, VULKAN, "vulkan-software-only", "V02.count>0 V02.hardware=0 -D03./dev/dri/renderD*.open#EACCES -P08.wsl ?V02.0.name ?V04.nvidia"},
    {"R908", 9, VULKAN, "wsl-dozen-translation", "V02.*.driver_id=23 ?V02.*.name"},
    {"R909", 9, VULKAN, "vulkan-feature-missing", "V03.*.missing"},
    {"R909b", 9, VULKAN, "vulkan-feature-missing", "V01.instance=-8"},
    {"R910", 9, VULKAN, "vulkan-portability-flag", "V01.instance=-9 V04.portability"},
    {"R920", 9, VULKAN, "driver-hangs", "V01.probe=hung"},
    {"R921", 9, VULKAN, "driver-crashes", "V01.probe=crashed|failed"},
    {"R922", 9, VULKAN, "driver-error", "V01.instance<0 ?L03.path"},
    {"R922b", 9, VULKAN, "driver-error", "V02.status<0"},
    {"R911", 9, VULKAN, "no-such-device", "S04.vulkan.missing"},
    {"R912", 9, VULKAN, "device-computes-garbage", "S03.vulkan*.test=device-computes-garbage ?S03.vulkan*.text"},
    {"R913", 9, VULKAN, "device-refused", "S03.vulkan*.test!=ok|begun|device-computes-garbage ?S03.vulkan*.text"},
    {"R913b", 9, VULKAN, "device-refused", "S03.vulkan*.test=begun S01.probe=crashed|failed"},
    {"R914", 9, VULKAN, "backend-not-built", "S04.vulkan.not_built"},
    /* EGL. */
    {"R1000", 10, EGL, "egl-default-display-headless", "G01.initialize!=ok G02.nvidia ?E05.DISPLAY"},
    {"R1001", 10, EGL, "egl-vendor-json-missing", "G01.initialize!=ok !G02.nvidia !G03.nvidia H04.nvidia"},
    {"R1002", 10, EGL, "egl-software-renderer", "G01.renderer~llvmpipe|softpipe|swrast|Software|SwiftShader ?E05.LIBGL_ALWAYS_SOFTWARE ?G03.nvidia"},
    {"R1003", 10, EGL, "egl-wrong-gpu", "G01.renderer -G01.renderer~NVIDIA|llvmpipe|softpipe|swrast|Software|SwiftShader|D3D12 H01.nvidia>0 H04.nvidia"},
    {"R1004", 10, EGL, "egl-no-config", "G01.configs=0 ?G01.initialize"},
    {"R1005", 10, EGL, "gles-below-3-1", "@gles_below_3_1"},
    {"R1010", 10, EGL, "driver-hangs", "G01.probe=hung"},
    {"R1011", 10, EGL, "driver-crashes", "G01.probe=crashed|failed"},
    {"R1012", 10, EGL, "driver-error", "G01.display=none"},
    {"R1012b", 10, EGL, "driver-error", "G01.initialize!=ok"},
    {"R1012c", 10, EGL, "driver-error", "G01.context!=ok"},
    /* Speed. */
    {"R1200", 12, ALL, "jetson-power-mode", "@jetson_slow ?H12.governor ?H12.power_mode"},
    {"R1201", 12, ALL, "thermal-or-power-throttle", "@throttled"},
    {"R1207", 12, CUDA, "device-self-test-late", "S03.cuda*.test=begun S01.probe=hung"},
    {"R1207b", 12, VULKAN, "device-self-test-late", "S03.vulkan*.test=begun S01.probe=hung"},
    {"R1203", 12, CUDA, "jit-or-engine-first-run", "S03.cuda*.first_us>2000000 @cache_unusable ?E01.CUDA_CACHE_PATH"},
    {"R1204", 12, ALL, "gpu-shared-with-others", "N02.*.utilization>49 ?N02.*.processes"},
    {"R1205", 12, ALL, "pcie-link-degraded", "@pcie_narrow"},
    {"R1206", 12, CUDA, "jetson-nvml-limited", "P04.soc !L02.path P03.l4t<36"},
    {"R1206b", 12, CUDA, "jetson-nvml-limited", "P04.soc N01.init=3"},
    {"R1208", 12, CUDA, "nvml-error", "N01.init!=0|3"},
    {"R1208b", 12, CUDA, "nvml-error", "N01.probe=hung|crashed|failed"},
    {"R1208c", 12, CUDA, "nvml-error", "N02.*.status!=0|3"},
    {"R1208d", 12, CUDA, "nvml-error", "N01.init=3 -P04.soc"},
};
/* clang-format on */

const MieniRule *mieni_rules(size_t *n)
{
    *n = MIENI_COUNT_OF(rules);
    return rules;
}
