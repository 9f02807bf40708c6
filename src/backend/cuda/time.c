/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring: the device's own time for kernels, and what it can do at best. */
#include "backend/cuda/cuda.h"

#define LOOP_BLOCKS 16 /* of each multiprocessor: as many threads as it holds */
#define LOOP_MS 1.0    /* a turn is at least so long, or of so many iterations */
#define LOOP_MAX_ITERATIONS (1 << 20)
#define LOOP_TURNS 4

static MienStatus create_events(MieniDevice *device, MienError *error)
{
    for (int i = 0; i < 2; i++)
        if (!device->events[i]) {
            CuResult code = device->cuda->event_create(&device->events[i], 0);
            if (code)
                return mieni_cuda_fail(device, code, "making events", error);
        }
    return MIEN_OK;
}

MienStatus mieni_cuda_time(MieniDevice *device, int32_t repeats, MienError *error)
{
    device->repeats = 0;
    device->cuda->context_push(device->context);
    MienStatus status = repeats > 0 ? create_events(device, error) : MIEN_OK;
    device->cuda->context_pop(NULL);
    if (status == MIEN_OK)
        device->repeats = repeats;
    return status;
}

CuResult mieni_cuda_mark(const MieniDevice *device, int which)
{
    if (device->repeats == 0)
        return 0;
    return device->cuda->event_record(device->events[which], device->stream);
}

CuResult mieni_cuda_note_time(MieniDevice *device)
{
    float ms = 0;
    if (device->repeats == 0)
        return 0;
    CuResult code = device->cuda->event_elapsed(&ms, device->events[0], device->events[1]);
    device->counts.busy_ms += ms / (float)device->repeats;
    return code;
}

void mieni_cuda_time_finish(MieniDevice *device)
{
    for (int i = 0; i < 2; i++)
        if (device->events[i] && !device->is_lost)
            device->cuda->event_destroy(device->events[i]);
}

/* One turn of the loop. */
static CuResult turn(MieniDevice *device, CuPointer out, int32_t iterations, float *ms)
{
    const CudaDriver *cuda = device->cuda;
    CudaLoopArgs args = {.out = out, .iterations = iterations, .factor = 0.999f, .term = 0.5f};
    void *parameters[] = {&args};
    CuResult code = cuda->event_record(device->events[0], device->stream);
    if (code == 0)
        code = cuda->launch(device->kernels[CUDA_KERNEL_multiply_adds],
                            (unsigned)(LOOP_BLOCKS * device->n_multiprocessors), 1, 1,
                            MIENI_CUDA_THREADS, 1, 1, 0, device->stream, parameters, NULL);
    if (code == 0)
        code = cuda->event_record(device->events[1], device->stream);
    if (code == 0)
        code = cuda->stream_synchronize(device->stream);
    return code ? code : cuda->event_elapsed(ms, device->events[0], device->events[1]);
}

static CuResult find_peak(MieniDevice *device, CuPointer out, double *macs_a_ms)
{
    double threads = (double)LOOP_BLOCKS * device->n_multiprocessors * MIENI_CUDA_THREADS;
    int32_t iterations = 64;
    CuResult code = 0;
    *macs_a_ms = 0;
    for (int i = 0; i < LOOP_TURNS && code == 0;) {
        float ms = 0;
        code = turn(device, out, iterations, &ms);
        if (code == 0 && ms > 0)
            *macs_a_ms =
                MIENI_MAX(*macs_a_ms, threads * iterations * CUDA_LOOP_CHAINS / (double)ms);
        if (ms < LOOP_MS && iterations < LOOP_MAX_ITERATIONS)
            iterations *= 4;
        else
            i++;
    }
    return code;
}

MienStatus mieni_cuda_peak(MieniDevice *device, double *macs_a_ms, MienError *error)
{
    CuPointer out = 0;
    size_t n = (size_t)LOOP_BLOCKS * (size_t)device->n_multiprocessors * MIENI_CUDA_THREADS;
    device->cuda->context_push(device->context);
    MienStatus status = create_events(device, error);
    if (status == MIEN_OK)
        status = mieni_cuda_alloc(device, n * sizeof(float), &out, error);
    if (status == MIEN_OK) {
        CuResult code = find_peak(device, out, macs_a_ms);
        if (code)
            status = mieni_cuda_fail(device, code, "measuring multiply-adds", error);
    }
    mieni_cuda_free(device, out);
    device->cuda->context_pop(NULL);
    return status;
}
