/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the device, pinned memory of the host, and copies between them. */
#include <stdlib.h>
#include <string.h>

#include "cuda.h"
#include "cuda_objects.h"

#define INVALID_VALUE 1
#define OUT_OF_MEMORY 2
#define INVALID_CONTEXT 201
#define MAPPED 2
#define MAX_PINNED 64

static struct {
    unsigned char *memory;
    size_t bytes;
    int mapped, device;
} pinned[MAX_PINNED];

SIM_EXPORT int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    int code = sim_enter("cuMemGetInfo");
    if (!code) {
        *total = (size_t)sim_number("MIEN_SIM_TOTAL", 8192) << 20;
        *free_bytes = ((size_t)sim_number("MIEN_SIM_FREE", 7000) << 20) - sim_memory_used();
    }
    return sim_leave(code);
}

static int too_much(size_t bytes)
{
    return sim_memory_used() + bytes > (size_t)sim_number("MIEN_SIM_FREE", 7000) << 20;
}

SIM_EXPORT int cuMemAlloc_v2(uint64_t *pointer, size_t bytes)
{
    int code = sim_enter("cuMemAlloc");
    if (!code && !sim_has_context())
        code = INVALID_CONTEXT;
    if (!code && bytes == 0)
        code = INVALID_VALUE;
    if (!code) {
        *pointer = too_much(bytes) ? 0 : sim_memory_alloc(bytes, sim_device());
        code = *pointer ? OK : OUT_OF_MEMORY;
    }
    if (!code) {
        sim_counts.allocations++;
        sim_counts.device_blocks++;
    }
    return sim_leave(code);
}

SIM_EXPORT int cuMemFree_v2(uint64_t pointer)
{
    int code = sim_enter("cuMemFree");
    if (!code) {
        sim_work_finish(); /* it waits for the device */
        code = sim_loss();
    }
    if (!code && !sim_memory_free(pointer))
        code = INVALID_VALUE;
    if (!code)
        sim_counts.device_blocks--;
    return sim_leave(code);
}

SIM_EXPORT int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags)
{
    int code = sim_enter("cuMemHostAlloc"), mapped = (flags & MAPPED) != 0, i = 0;
    while (i < MAX_PINNED && pinned[i].memory)
        i++;
    if (!code && (i == MAX_PINNED || bytes == 0))
        code = OUT_OF_MEMORY;
    if (!code && mapped) {
        /* Kernels may use it as it is; what the host writes there nobody sees. */
        uint64_t pointer = sim_memory_alloc(bytes, SIM_MAX_DEVICES); /* pinned_reset's */
        pinned[i].memory = (unsigned char *)(uintptr_t)pointer;
        if (pointer)
            sim_memory_check(pointer, bytes, 0, SIM_WRITTEN);
    } else if (!code) {
        pinned[i].memory = malloc(bytes);
    }
    if (!code && !pinned[i].memory)
        code = OUT_OF_MEMORY;
    if (!code) {
        memset(pinned[i].memory, 0xff, bytes);
        pinned[i].bytes = bytes;
        pinned[i].mapped = mapped;
        pinned[i].device = sim_device();
        *memory = pinned[i].memory;
        sim_counts.allocations++;
        sim_counts.pinned_blocks++;
    }
    return sim_leave(code);
}

static void free_pinned(int i)
{
    if (pinned[i].mapped)
        sim_memory_free((uint64_t)(uintptr_t)pinned[i].memory);
    else
        free(pinned[i].memory);
    pinned[i].memory = NULL;
    sim_counts.pinned_blocks--;
}

SIM_EXPORT int cuMemFreeHost(void *memory)
{
    int code = sim_enter("cuMemFreeHost"), i = 0;
    while (!code && i < MAX_PINNED && pinned[i].memory != memory)
        i++;
    /* What is on its way from there or to it has no place any more. */
    if (!code && (!memory || i == MAX_PINNED || sim_work_is_left()))
        code = INVALID_VALUE;
    if (!code)
        free_pinned(i);
    return sim_leave(code);
}

void sim_pinned_reset(int device)
{
    for (int i = 0; i < MAX_PINNED; i++)
        if (pinned[i].memory && pinned[i].device == device)
            free_pinned(i);
}

SIM_EXPORT int cuMemHostGetDevicePointer_v2(uint64_t *pointer, void *memory, unsigned flags)
{
    int code = sim_enter("cuMemHostGetDevicePointer");
    (void)flags;
    if (!code) {
        code = INVALID_VALUE;
        for (int i = 0; i < MAX_PINNED; i++)
            if (memory && pinned[i].memory == memory && pinned[i].mapped)
                code = OK;
        *pointer = (uint64_t)(uintptr_t)memory;
    }
    return sim_leave(code);
}

static void note_host(const void *host, size_t bytes)
{
    const unsigned char *begin = host;
    for (int i = 0; i < MAX_PINNED; i++)
        if (pinned[i].memory && begin >= pinned[i].memory &&
            begin + bytes <= pinned[i].memory + pinned[i].bytes)
            return;
    sim_counts.pageable_copies++;
}

typedef struct Copy {
    void *to;
    const void *from;
    size_t bytes;
    int up;
} Copy;

static void run_copy(void *data)
{
    const Copy *copy = data;
    if (copy->up)
        sim_memory_check((uint64_t)(uintptr_t)copy->to, copy->bytes, 0, SIM_COPIED);
    memcpy(copy->to, copy->from, copy->bytes);
}

static int copy_up(const char *name, uint64_t device, const void *host, size_t bytes,
                   SimStream *stream)
{
    int code = sim_enter(name);
    if (!code && !sim_memory_check(device, bytes, 0, 0))
        code = INVALID_VALUE;
    if (!code) {
        const Copy copy = {(void *)(uintptr_t)device, host, bytes, 1};
        sim_work_add(stream, run_copy, &copy, sizeof(copy));
        note_host(host, bytes);
        sim_counts.copies_up++;
        sim_counts.bytes_up += bytes;
    }
    return sim_leave(code);
}

static int copy_down(const char *name, void *host, uint64_t device, size_t bytes, SimStream *stream)
{
    int code = sim_enter(name);
    if (!code && !sim_memory_check(device, bytes, 0, 0))
        code = INVALID_VALUE;
    if (!code) {
        const Copy copy = {host, (const void *)(uintptr_t)device, bytes, 0};
        sim_work_add(stream, run_copy, &copy, sizeof(copy));
        note_host(host, bytes);
        sim_counts.copies_down++;
        sim_counts.bytes_down += bytes;
    }
    return sim_leave(code);
}

SIM_EXPORT int cuMemcpyHtoD_v2(uint64_t device, const void *host, size_t bytes)
{
    return copy_up("cuMemcpyHtoD", device, host, bytes, NULL);
}

SIM_EXPORT int cuMemcpyDtoH_v2(void *host, uint64_t device, size_t bytes)
{
    return copy_down("cuMemcpyDtoH", host, device, bytes, NULL);
}

SIM_EXPORT int cuMemcpyHtoDAsync_v2(uint64_t device, const void *host, size_t bytes,
                                    SimStream *stream)
{
    return copy_up("cuMemcpyHtoDAsync", device, host, bytes, stream);
}

SIM_EXPORT int cuMemcpyDtoHAsync_v2(void *host, uint64_t device, size_t bytes, SimStream *stream)
{
    return copy_down("cuMemcpyDtoHAsync", host, device, bytes, stream);
}
