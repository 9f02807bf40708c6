/* SPDX-License-Identifier: Apache-2.0 */
/* C01 to C05 of the catalogue: initialise, ask, make a context, load and run a tiny kernel. */
#include "cuda.h"

#include <stdio.h>
#include <string.h>

#include "codes.h"
#include "fact.h"
#include "library.h"

#define MAX_DEVICES 16
#define MARK 0x6d69656eu /* what the kernel writes */

#define FUNCTION(name, field)                                                                      \
    {                                                                                              \
        name, offsetof(CudaDriver, field), 0                                                       \
    }

static const LibraryFunction functions[] = {
    FUNCTION("cuInit", init),
    FUNCTION("cuDriverGetVersion", driver_version),
    FUNCTION("cuDeviceGetCount", device_count),
    FUNCTION("cuDeviceGet", device_get),
    FUNCTION("cuDeviceGetName", device_name),
    FUNCTION("cuDeviceGetAttribute", device_attribute),
    FUNCTION("cuDeviceTotalMem_v2", device_memory),
    {"cuDeviceGetUuid_v2", offsetof(CudaDriver, device_uuid), 1},
    FUNCTION("cuDevicePrimaryCtxRetain", context_retain),
    FUNCTION("cuDevicePrimaryCtxRelease", context_release),
    FUNCTION("cuCtxSetCurrent", context_set),
    FUNCTION("cuMemGetInfo_v2", memory_info),
    FUNCTION("cuModuleLoadDataEx", module_load),
    FUNCTION("cuModuleGetFunction", module_function),
    FUNCTION("cuMemAlloc_v2", memory_alloc),
    FUNCTION("cuMemFree_v2", memory_free),
    FUNCTION("cuMemcpyDtoH_v2", copy_to_host),
    FUNCTION("cuLaunchKernel", launch),
    FUNCTION("cuCtxSynchronize", synchronize),
};

/* The lowest ISA that the engine's own kernels use: what this needs, they need. */
static const char ptx[] = ".version 6.5\n"
                          ".target sm_50\n"
                          ".address_size 64\n"
                          ".visible .entry mien_probe(.param .u64 out)\n"
                          "{\n"
                          "    .reg .u64 %rd<3>;\n"
                          "    .reg .u32 %r<2>;\n"
                          "    ld.param.u64 %rd1, [out];\n"
                          "    cvta.to.global.u64 %rd2, %rd1;\n"
                          "    mov.u32 %r1, 0x6d69656e;\n"
                          "    st.global.u32 [%rd2], %r1;\n"
                          "    ret;\n"
                          "}\n";

static int attribute(const CudaDriver *cuda, CuDevice device, int which)
{
    int value = 0;
    return cuda->device_attribute(&value, which, device) == 0 ? value : 0;
}

static void note_uuid(const CudaDriver *cuda, int i, CuDevice device)
{
    unsigned char u[16];
    if (!cuda->device_uuid || cuda->device_uuid(u, device) != 0)
        return;
    fact("C02.%d.uuid", i,
         "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
         u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

/* Returns the compute capability, ten times the major number and the minor one. */
static int note_device(const CudaDriver *cuda, int i, CuDevice device)
{
    char name[256] = "";
    size_t bytes = 0;
    if (cuda->device_name(name, sizeof(name) - 1, device) == 0)
        fact("C02.%d.name", i, "%s", name);
    int major = attribute(cuda, device, CU_CAPABILITY_MAJOR);
    int minor = attribute(cuda, device, CU_CAPABILITY_MINOR);
    fact("C02.%d.capability", i, "%d.%d", major, minor);
    fact("C02.%d.integrated", i, "%d", attribute(cuda, device, CU_INTEGRATED));
    fact("C02.%d.mode", i, "%d", attribute(cuda, device, CU_COMPUTE_MODE));
    fact("C02.%d.watchdog", i, "%d", attribute(cuda, device, CU_KERNEL_TIMEOUT));
    fact("C02.%d.multiprocessors", i, "%d", attribute(cuda, device, CU_MULTIPROCESSORS));
    fact("C02.%d.pci", i, "%04x:%02x:%02x.0", (unsigned)attribute(cuda, device, CU_PCI_DOMAIN),
         (unsigned)attribute(cuda, device, CU_PCI_BUS),
         (unsigned)attribute(cuda, device, CU_PCI_DEVICE));
    if (cuda->device_memory(&bytes, device) == 0)
        fact("C02.%d.memory", i, "%zu", bytes);
    note_uuid(cuda, i, device);
    return 10 * major + minor;
}

/* C05: runs the kernel and looks at what it wrote. */
static CuResult run_kernel(const CudaDriver *cuda, CuFunction function, uint32_t *mark)
{
    CuPointer memory = 0;
    CuResult result = cuda->memory_alloc(&memory, sizeof(*mark));
    if (result != 0)
        return result;
    void *parameters[] = {&memory};
    result = cuda->launch(function, 1, 1, 1, 1, 1, 1, 0, NULL, parameters, NULL);
    if (result == 0)
        result = cuda->synchronize();
    if (result == 0)
        result = cuda->copy_to_host(mark, memory, sizeof(*mark));
    cuda->memory_free(memory);
    return result;
}

/* Whether our code loads and runs. */
static int try_code(const CudaDriver *cuda, int i)
{
    char log[1024] = "";
    int options[] = {CU_JIT_ERROR_LOG, CU_JIT_ERROR_LOG_SIZE};
    void *values[] = {log, (void *)(uintptr_t)(sizeof(log) - 1)};
    CuModule module = NULL;
    CuFunction function = NULL;
    uint32_t mark = 0;
    CuResult result = cuda->module_load(&module, ptx, 2, options, values);
    if (result == 0)
        result = cuda->module_function(&function, module, "mien_probe");
    fact_cuda_code("C04.%d.load", i, result);
    if (*log)
        fact("C04.%d.log", i, "%s", log);
    if (result != 0)
        return 0;
    result = run_kernel(cuda, function, &mark);
    fact_cuda_code("C05.%d.run", i, result);
    if (result == 0 && mark != MARK)
        fact("C05.%d.wrong", i, "wrote 0x%08x instead of 0x%08x", mark, MARK);
    return result == 0 && mark == MARK;
}

static void probe_device(const CudaDriver *cuda, int i)
{
    CuDevice device;
    CuContext context;
    if (cuda->device_get(&device, i) != 0)
        return;
    int capability = note_device(cuda, i, device);
    CuResult result = cuda->context_retain(&context, device);
    if (result == 0)
        result = cuda->context_set(context);
    fact_cuda_code("C03.%d.context", i, result);
    size_t free_bytes, total_bytes;
    if (result == 0 && cuda->memory_info(&free_bytes, &total_bytes) == 0) {
        fact("C03.%d.free", i, "%zu", free_bytes);
        fact("C03.%d.total", i, "%zu", total_bytes);
    }
    int ok = result == 0 && capability >= 50 && try_code(cuda, i);
    fact("C02.%d.ok", i, ok ? "yes" : "no");
    if (result == 0)
        cuda->context_release(device);
}

void probe_cuda(const char *root)
{
    CudaDriver cuda;
    const char *missing = NULL;
    void *jit =
        library_open(root, "L05.libnvidia-ptxjitcompiler.so.1", "libnvidia-ptxjitcompiler.so.1");
    (void)jit;
    void *library = library_open(root, "L01", "libcuda.so.1");
    if (!library)
        return;
    if (!library_functions(library, functions, sizeof(functions) / sizeof(functions[0]), &cuda,
                           &missing)) {
        fact("L01.missing_symbol", 0, "%s", missing);
        return;
    }
    int version = 0, n = 0;
    if (cuda.driver_version(&version) == 0)
        fact("C01.driver_version", 0, "%d", version);
    CuResult result = cuda.init(0);
    fact_cuda_code("C01.cuInit", 0, result);
    if (result != 0)
        return;
    result = cuda.device_count(&n);
    fact("C01.count", 0, "%d", result == 0 ? n : 0);
    for (int i = 0; result == 0 && i < n && i < MAX_DEVICES; i++)
        probe_device(&cuda, i);
}
