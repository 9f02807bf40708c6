/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: what there is, opening and closing, memory. */
#include <stdio.h>

#include "backend/cuda/cuda.h"
#include "backend/cuda/images.h"

/* Below 5.3 there is no code, whatever the driver. */
#define OLDEST_CAPABILITY 53

/* Code for devices from this one on has matrix instructions (kernels/half.h). */
#define PRODUCTS_CAPABILITY 75

/* And from this one on it has clusters; so many blocks are one on every device. */
#define CLUSTER_CAPABILITY 90
#define CLUSTER_BLOCKS 8

/* Its launches may overlap; a driver from this CUDA version on records that in a graph. Source:
 * NVIDIA, CUDA C++ Programming Guide, programmatic dependent launch. */
#define OVERLAP_DRIVER 12030

static int attribute(const CudaDriver *cuda, CuDevice device, int which)
{
    int value = 0;
    return cuda->device_attribute(&value, which, device) == 0 ? value : 0;
}

static int32_t capability_of(const CudaDriver *cuda, CuDevice device)
{
    return 10 * attribute(cuda, device, CU_CAPABILITY_MAJOR) +
           attribute(cuda, device, CU_CAPABILITY_MINOR);
}

static int32_t device_count(void)
{
    size_t n_images;
    int n = 0;
    mieni_cuda_images(&n_images);
    const CudaDriver *cuda = n_images ? mieni_cuda_driver(NULL) : NULL;
    return cuda && cuda->device_count(&n) == 0 ? n : 0;
}

static void refuse(MienDeviceInfo *info, const char *reason, const char *text)
{
    info->usable = false;
    snprintf(info->reason, sizeof(info->reason), "%s", reason);
    snprintf(info->reason_text, sizeof(info->reason_text), "%.255s", text);
}

/* Why there is no device at all. */
static void describe_none(MienDeviceInfo *info, size_t n_images)
{
    MienError error = {.reason = ""};
    if (n_images == 0)
        refuse(info, "backend-not-built",
               "this build of mien has no CUDA kernels, as no compiler for them was there; use "
               "--device cpu");
    else if (!mieni_cuda_driver(&error))
        refuse(info, error.reason, error.text);
    else
        refuse(info, "no-gpu-hardware", "the CUDA driver has no device; run: mien doctor");
}

static void describe_uuid(const CudaDriver *cuda, CuDevice device, MienDeviceInfo *info)
{
    unsigned char u[16];
    if (!cuda->device_uuid || cuda->device_uuid(u, device) != 0)
        return;
    snprintf(info->uuid, sizeof(info->uuid),
             "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
             u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
             u[15]);
}

static void describe_kernels(MienDeviceInfo *info)
{
    size_t n, length = 0;
    const MieniCudaImages *images = mieni_cuda_images(&n);
    for (size_t i = 0; i < n && length < sizeof(info->kernels); i++)
        length += (size_t)snprintf(info->kernels + length, sizeof(info->kernels) - length,
                                   "%sptx_%d", length ? " " : "", (int)images[i].capability);
    images = mieni_cuda_native(&n);
    for (size_t i = 0; i < n && length < sizeof(info->kernels); i++)
        length += (size_t)snprintf(info->kernels + length, sizeof(info->kernels) - length, " sm_%d",
                                   (int)images[i].capability);
}

/* Sets whether the device can be used. */
static void judge(const CudaDriver *cuda, CuDevice device, MienDeviceInfo *info)
{
    char text[sizeof(info->reason_text)];
    int32_t capability = capability_of(cuda, device);
    info->usable = true;
    if (capability < OLDEST_CAPABILITY) {
        snprintf(text, sizeof(text),
                 "its compute capability is %d.%d, and mien needs 5.3; use --device vulkan or cpu",
                 (int)capability / 10, (int)capability % 10);
        refuse(info, "compute-capability-too-old", text);
    } else if (!mieni_cuda_images_for(capability, cuda->version) &&
               !mieni_cuda_native_for(capability)) {
        snprintf(text, sizeof(text), "the driver speaks CUDA %d.%d, too old for mien's kernels",
                 cuda->version / 1000, cuda->version % 1000 / 10);
        refuse(info, "ptx-newer-than-driver", text);
    } else if (attribute(cuda, device, CU_COMPUTE_MODE) == CU_COMPUTE_PROHIBITED) {
        refuse(info, "exclusive-compute-mode",
               "its compute mode forbids computing; set it with: nvidia-smi -c DEFAULT");
    }
}

static void device_describe(int32_t index, MienDeviceInfo *info)
{
    size_t n_images;
    mieni_cuda_images(&n_images);
    info->built = n_images > 0;
    describe_kernels(info);
    const CudaDriver *cuda = n_images ? mieni_cuda_driver(NULL) : NULL;
    CuDevice device;
    if (!cuda || index >= device_count() || cuda->device_get(&device, index) != 0) {
        describe_none(info, n_images);
        return;
    }
    size_t bytes = 0;
    cuda->device_name(info->name, sizeof(info->name) - 1, device);
    if (cuda->device_memory(&bytes, device) == 0)
        info->memory_total_bytes = bytes;
    describe_uuid(cuda, device, info);
    snprintf(info->pci, sizeof(info->pci), "%04x:%02x:%02x.0",
             (unsigned)attribute(cuda, device, CU_PCI_DOMAIN) & 0xffffu,
             (unsigned)attribute(cuda, device, CU_PCI_BUS) & 0xffu,
             (unsigned)attribute(cuda, device, CU_PCI_DEVICE) & 0xffu);
    snprintf(info->driver, sizeof(info->driver), "CUDA %d.%d", cuda->version / 1000,
             cuda->version % 1000 / 10);
    snprintf(info->api, sizeof(info->api), "%d.%d", (int)capability_of(cuda, device) / 10,
             (int)capability_of(cuda, device) % 10);
    info->integrated = attribute(cuda, device, CU_INTEGRATED) != 0;
    judge(cuda, device, info);
}

MienStatus mieni_cuda_fail(MieniDevice *device, CuResult code, const char *what, MienError *error)
{
    /* Short of memory, a device still works. Everything else has no second try. */
    if (code != CU_OUT_OF_MEMORY)
        device->is_lost = true;
    return mieni_fail(error, MIEN_E_DEVICE, mieni_cuda_code_reason(code),
                      "device cuda:%d: %s: %s (%d); run: mien doctor --explain %s",
                      (int)device->index, what, mieni_cuda_code_name(code), code,
                      mieni_cuda_code_reason(code));
}

MienStatus mieni_cuda_alloc(MieniDevice *device, size_t bytes, CuPointer *pointer, MienError *error)
{
    *pointer = 0;
    if (bytes == 0)
        return MIEN_OK;
    CuResult code = device->cuda->memory_alloc(pointer, bytes);
    return code ? mieni_cuda_fail(device, code, "no memory on the device", error) : MIEN_OK;
}

/* A lost device has nothing to free: that goes with its context. */
void mieni_cuda_free(MieniDevice *device, CuPointer pointer)
{
    if (pointer && !device->is_lost)
        device->cuda->memory_free(pointer);
}

MienStatus mieni_cuda_buffer_create(MieniDevice *device, size_t bytes, CudaBuffer *buffer,
                                    MienError *error)
{
    *buffer = (CudaBuffer){.bytes = bytes, .mapped = device->is_integrated};
    if (bytes == 0)
        return MIEN_OK;
    void *host = NULL;
    CuResult code =
        device->cuda->host_alloc(&host, bytes, device->is_integrated ? CU_HOST_MAPPED : 0);
    if (code)
        return mieni_cuda_fail(device, code, "no pinned memory", error);
    buffer->host = host;
    MienStatus status = MIEN_OK;
    if (buffer->mapped) {
        code = device->cuda->host_pointer(&buffer->device, host, 0);
        if (code)
            status = mieni_cuda_fail(device, code, "host memory cannot be shared", error);
    } else {
        status = mieni_cuda_alloc(device, bytes, &buffer->device, error);
    }
    if (status != MIEN_OK)
        mieni_cuda_buffer_destroy(device, buffer);
    return status;
}

void mieni_cuda_buffer_destroy(MieniDevice *device, CudaBuffer *buffer)
{
    if (!buffer->mapped)
        mieni_cuda_free(device, buffer->device);
    if (buffer->host && !device->is_lost)
        device->cuda->host_free(buffer->host);
    if (buffer->spare && !device->is_lost)
        device->cuda->host_free(buffer->spare);
    *buffer = (CudaBuffer){.bytes = 0};
}

MienStatus mieni_cuda_buffer_double(MieniDevice *device, CudaBuffer *buffer, MienError *error)
{
    if (buffer->spare || buffer->bytes == 0)
        return MIEN_OK;
    void *host = NULL;
    CuResult code = device->cuda->host_alloc(&host, buffer->bytes, 0);
    if (code)
        return mieni_cuda_fail(device, code, "no pinned memory", error);
    buffer->spare = host;
    return MIEN_OK;
}

MienStatus mieni_cuda_upload(MieniDevice *device, const CudaBuffer *buffer, size_t bytes,
                             MienError *error)
{
    if (buffer->mapped)
        return MIEN_OK;
    CuResult code =
        device->cuda->copy_up_async(buffer->device, buffer->host, bytes, device->stream);
    device->counts.copies_up++;
    device->counts.bytes_up += bytes;
    return code ? mieni_cuda_fail(device, code, "copying to the device", error) : MIEN_OK;
}

MienStatus mieni_cuda_download(MieniDevice *device, const CudaBuffer *buffer, size_t bytes,
                               MienError *error)
{
    if (buffer->mapped)
        return MIEN_OK;
    CuResult code =
        device->cuda->copy_down_async(buffer->host, buffer->device, bytes, device->stream);
    device->counts.copies_down++;
    device->counts.bytes_down += bytes;
    return code ? mieni_cuda_fail(device, code, "copying from the device", error) : MIEN_OK;
}

static void unload_kernels(MieniDevice *device)
{
    for (int32_t i = 0; i < CUDA_N_KERNELS; i++) {
        if (device->modules[i] && !device->is_lost)
            device->cuda->module_unload(device->modules[i]);
        device->modules[i] = NULL;
        device->kernels[i] = NULL;
    }
}

/* `missing`: a kernel that is not there, if that is what is wrong. */
static CuResult load_images(MieniDevice *device, const MieniCudaImages *images,
                            const char **missing)
{
    static const char *const names[] = {
#define NAME(name) "mien_" #name,
        MIENI_CUDA_KERNEL_LIST(NAME)
#undef NAME
    };
    const CudaDriver *cuda = device->cuda;
    for (const MieniCudaModule *module = images->modules; module->kernel; module++) {
        int32_t which = 0;
        while (which < CUDA_N_KERNELS && strcmp(names[which] + 5, module->kernel) != 0)
            which++;
        if (which == CUDA_N_KERNELS)
            continue;
        CuResult code = cuda->module_load(&device->modules[which], module->image, 0, NULL, NULL);
        if (code) {
            device->modules[which] = NULL;
            return code;
        }
        code = cuda->module_function(&device->kernels[which], device->modules[which], names[which]);
        if (code)
            return code;
    }
    for (int32_t i = 0; i < CUDA_N_KERNELS; i++)
        if (!device->kernels[i]) {
            *missing = names[i];
            return CU_NO_BINARY;
        }
    return 0;
}

/* Codes of a driver that does not read an image, and is well. */
static bool is_refusal(CuResult code)
{
    return code == CU_INVALID_IMAGE || code == CU_NO_BINARY || code == CU_UNSUPPORTED_PTX;
}

/* What kernels that were made for this capability may do. */
static void set_abilities(MieniDevice *device, int32_t capability)
{
    const CudaDriver *cuda = device->cuda;
    device->has_products = capability >= PRODUCTS_CAPABILITY;
    device->cluster_blocks = 1;
    bool extended = capability >= CLUSTER_CAPABILITY && cuda->launch_extended;
    if (extended && attribute(cuda, device->ordinal, CU_CLUSTER_LAUNCH))
        device->cluster_blocks = CLUSTER_BLOCKS;
    device->can_overlap = extended && cuda->version >= OVERLAP_DRIVER;
}

/* Native code where there is some for this very device and its driver reads it, else PTX. */
static MienStatus load_kernels(MieniDevice *device, MienError *error)
{
    int32_t capability = capability_of(device->cuda, device->ordinal);
    const MieniCudaImages *native = mieni_cuda_native_for(capability);
    const MieniCudaImages *images = mieni_cuda_images_for(capability, device->cuda->version);
    const char *missing = "loading kernels";
    CuResult code = CU_NO_BINARY;
    set_abilities(device, capability);
    if (native) {
        code = load_images(device, native, &missing);
        snprintf(device->isa, sizeof(device->isa), "sm_%d", (int)capability);
    }
    if (is_refusal(code) && images) {
        unload_kernels(device);
        code = load_images(device, images, &missing);
        snprintf(device->isa, sizeof(device->isa), "ptx_%d", (int)images->capability);
        set_abilities(device, images->capability);
    }
    return code ? mieni_cuda_fail(device, code, missing, error) : MIEN_OK;
}

/* Whether half precision pays: not on devices that do little of it (6.1) or that have it in no
 * instruction of two numbers. Source: NVIDIA, CUDA C++ Programming Guide, arithmetic throughput. */
static bool is_faster_in_half(int32_t capability)
{
    return capability == 53 || capability == 60 || capability == 62 || capability >= 70;
}

static MienStatus prepare(MieniDevice *device, MienError *error)
{
    const CudaDriver *cuda = device->cuda;
    CuResult code = cuda->stream_create(&device->stream, CU_STREAM_NON_BLOCKING);
    if (code)
        return mieni_cuda_fail(device, code, "making a stream", error);
    return load_kernels(device, error);
}

static void device_close(MieniDevice *device)
{
    if (!device)
        return;
    const CudaDriver *cuda = device->cuda;
    if (device->context) {
        cuda->context_push(device->context);
        mieni_cuda_buffer_destroy(device, &device->frames.buffer);
        mieni_cuda_time_finish(device);
        if (device->arrived && !device->is_lost)
            cuda->event_destroy(device->arrived);
        unload_kernels(device);
        if (device->stream && !device->is_lost)
            cuda->stream_destroy(device->stream);
        cuda->context_pop(NULL);
        cuda->context_release(device->ordinal);
    }
    mieni_free(device);
}

static MienStatus device_open(int32_t index, const MieniDeviceOptions *options, MieniDevice **out,
                              MienError *error)
{
    *out = NULL;
    const CudaDriver *cuda = mieni_cuda_driver(error);
    if (!cuda)
        return MIEN_E_DEVICE;
    MieniDevice *device = mieni_alloc(1, sizeof(*device));
    if (!device)
        return mieni_fail_nomem(error);
    device->cuda = cuda;
    device->log = options->log;
    device->index = index;
    CuResult code = cuda->device_get(&device->ordinal, index);
    if (code == 0)
        code = cuda->context_retain(&device->context, device->ordinal);
    if (code) {
        device->context = NULL;
        MienStatus status = mieni_cuda_fail(device, code, "opening", error);
        device_close(device);
        return status;
    }
    device->n_multiprocessors = attribute(cuda, device->ordinal, CU_MULTIPROCESSORS);
    device->cache_bytes = (size_t)attribute(cuda, device->ordinal, CU_L2_BYTES);
    device->is_half = options->precision == MIEN_PRECISION_FP16 ||
                      (options->precision == MIEN_PRECISION_AUTO &&
                       is_faster_in_half(capability_of(cuda, device->ordinal)));
    device->is_integrated = attribute(cuda, device->ordinal, CU_INTEGRATED) &&
                            attribute(cuda, device->ordinal, CU_CAN_MAP_HOST_MEMORY);
    cuda->context_push(device->context);
    MienStatus status = prepare(device, error);
    cuda->context_pop(NULL);
    if (status != MIEN_OK) {
        device_close(device);
        return status;
    }
    mieni_log(device->log, MIEN_LOG_INFO, "cuda", "device %d: kernels: %s, %s", (int)index,
              device->isa, device->is_half ? "fp16" : "fp32");
    *out = device;
    return MIEN_OK;
}

static const char *device_isa(const MieniDevice *device)
{
    return device->isa;
}

static MienPrecision device_precision(const MieniDevice *device)
{
    return device->is_half ? MIEN_PRECISION_FP16 : MIEN_PRECISION_FP32;
}

static const MieniDeviceCounts *device_counts(const MieniDevice *device)
{
    return &device->counts;
}

const MieniBackend mieni_backend_cuda = {
    .name = "cuda",
    .numbered = true,
    .batch = 64,
    .count = device_count,
    .describe = device_describe,
    .open = device_open,
    .isa = device_isa,
    .precision = device_precision,
    .plan_create = mieni_cuda_plan_create,
    .plan_run = mieni_cuda_plan_run,
    .plan_destroy = mieni_cuda_plan_destroy,
    .close = device_close,
    .counts = device_counts,
    .time = mieni_cuda_time,
    .peak = mieni_cuda_peak,
};
