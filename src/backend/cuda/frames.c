/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures on their way to the device. They go up in the decoder's own format, each once, together
 * with the parameters of the jobs that look at them: one copy. A picture that a job of a later run
 * looks at again is known by its serial number and stays where it is.
 */
#include "backend/cuda/cuda.h"

#define ALIGNMENT 256

/* Jobs that there is always room for, so that few faces are few bytes to copy. */
#define MIN_JOBS 64

/* Pictures of one run that are together larger than this go up in several. */
#define MAX_FRAMES_BYTES ((size_t)64 << 20)

/* A plane of a picture: bytes of a row, and rows. */
typedef struct PlaneSize {
    size_t row_bytes, n_rows;
} PlaneSize;

static PlaneSize plane_size(const MienImage *image, int plane)
{
    size_t width = (size_t)image->width, height = (size_t)image->height;
    size_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    switch (image->format) {
    case MIEN_PIXEL_RGB24:
    case MIEN_PIXEL_BGR24:
        return plane == 0 ? (PlaneSize){3 * width, height} : (PlaneSize){0, 0};
    case MIEN_PIXEL_RGBA32:
    case MIEN_PIXEL_BGRA32:
        return plane == 0 ? (PlaneSize){4 * width, height} : (PlaneSize){0, 0};
    case MIEN_PIXEL_GRAY8:
        return plane == 0 ? (PlaneSize){width, height} : (PlaneSize){0, 0};
    case MIEN_PIXEL_NV12:
        if (plane == 0)
            return (PlaneSize){width, height};
        return plane == 1 ? (PlaneSize){2 * half_width, half_height} : (PlaneSize){0, 0};
    case MIEN_PIXEL_I420:
        return plane == 0 ? (PlaneSize){width, height} : (PlaneSize){half_width, half_height};
    }
    return (PlaneSize){0, 0};
}

static size_t plane_bytes(const MienImage *image, int plane)
{
    PlaneSize size = plane_size(image, plane);
    return mieni_round_up(size.row_bytes * size.n_rows, ALIGNMENT);
}

static size_t frame_bytes(const MienImage *image)
{
    return plane_bytes(image, 0) + plane_bytes(image, 1) + plane_bytes(image, 2);
}

/* The frame of a job's picture if it is in the buffer, or NULL. */
static CudaFrame *find_frame(CudaFrames *frames, const MieniView *view)
{
    for (int32_t i = 0; i < frames->n_frames; i++) {
        CudaFrame *frame = &frames->frames[i];
        if (frame->view == view || (view->serial && frame->serial == view->serial))
            return frame;
    }
    return NULL;
}

static void forget_frames(CudaFrames *frames, size_t n_jobs)
{
    frames->n_frames = 0;
    frames->job_room = MIENI_MAX(n_jobs, MIN_JOBS);
    frames->end = mieni_round_up(frames->job_room * sizeof(CudaJob), ALIGNMENT);
}

static bool all_there(CudaFrames *frames, const MieniJob *jobs, size_t n)
{
    if (n > frames->job_room)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!find_frame(frames, jobs[i].picture))
            return false;
    return true;
}

/* Places for the pictures of as many jobs as fit; returns their number. */
static size_t place_frames(CudaFrames *frames, const MieniJob *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const MieniView *view = jobs[i].picture;
        if (find_frame(frames, view))
            continue;
        size_t bytes = frame_bytes(&view->image);
        if (i > 0 && frames->end + bytes > MAX_FRAMES_BYTES)
            return i;
        frames->frames[frames->n_frames++] =
            (CudaFrame){.serial = view->serial, .view = view, .offset = frames->end};
        frames->end += bytes;
    }
    return n;
}

/* A buffer for `bytes`. What was in an older one is gone, when nobody is at it any more. */
static MienStatus reserve(MieniDevice *device, size_t bytes, MienError *error)
{
    CudaFrames *frames = &device->frames;
    if (bytes <= frames->buffer.bytes)
        return MIEN_OK;
    CudaBuffer larger;
    CuResult code = device->is_ahead ? device->cuda->stream_synchronize(device->stream) : 0;
    if (code)
        return mieni_cuda_fail(device, code, "computing", error);
    MienStatus status =
        mieni_cuda_buffer_create(device, mieni_round_up(bytes, 1 << 16), &larger, error);
    if (status != MIEN_OK)
        return status;
    mieni_cuda_buffer_destroy(device, &frames->buffer);
    frames->buffer = larger;
    frames->generation++;
    return MIEN_OK;
}

static void copy_frame(const CudaFrames *frames, const CudaFrame *frame)
{
    const MienImage *image = &frame->view->image;
    unsigned char *to = frames->buffer.host + frame->offset;
    for (int plane = 0; plane < 3; plane++) {
        PlaneSize size = plane_size(image, plane);
        ptrdiff_t stride = image->strides_bytes[plane];
        const uint8_t *from = image->planes[plane];
        if (size.n_rows && stride == (ptrdiff_t)size.row_bytes)
            memcpy(to, from, size.row_bytes * size.n_rows);
        else
            for (size_t y = 0; y < size.n_rows; y++)
                memcpy(to + y * size.row_bytes, from + (ptrdiff_t)y * stride, size.row_bytes);
        to += plane_bytes(image, plane);
    }
}

static void put_job(CudaFrames *frames, CudaJob *to, const MieniJob *job)
{
    const MieniView *view = job->picture;
    const MieniCrop *crop = &job->crop;
    const MieniProjection *projection = &job->projection;
    *to = (CudaJob){.width = view->image.width,
                    .height = view->image.height,
                    .format = (int32_t)view->image.format,
                    .zero_border = crop->border == MIENI_BORDER_ZERO,
                    .shift = crop->shift,
                    .y_offset = view->y_offset,
                    .y_gain = view->y_gain,
                    .r_v = view->r_v,
                    .g_u = view->g_u,
                    .g_v = view->g_v,
                    .b_u = view->b_u,
                    .scale = crop->scale,
                    .scale_rest = crop->scale_rest,
                    .offset = crop->offset,
                    .origin = projection->origin,
                    .depth = projection->depth};
    memcpy(to->to_x, projection->x, sizeof(to->to_x));
    memcpy(to->to_y, projection->y, sizeof(to->to_y));
    memcpy(to->to_scale, projection->scale, sizeof(to->to_scale));
    memcpy(to->to_offset, projection->offset, sizeof(to->to_offset));
    memcpy(to->x, crop->x, sizeof(to->x));
    memcpy(to->y, crop->y, sizeof(to->y));
    memcpy(to->column_ties, crop->column_ties, sizeof(to->column_ties));
    memcpy(to->row_ties, crop->row_ties, sizeof(to->row_ties));
    size_t offset = find_frame(frames, view)->offset;
    for (int plane = 0; plane < 3; plane++) {
        to->planes[plane] = (int64_t)offset;
        to->strides[plane] = (int64_t)plane_size(&view->image, plane).row_bytes;
        offset += plane_bytes(&view->image, plane);
    }
}

MienStatus mieni_cuda_frames_send(MieniDevice *device, const MieniJob *jobs, size_t n, size_t *end,
                                  MienError *error)
{
    CudaFrames *frames = &device->frames;
    /* A view's address says something during one call only. */
    for (int32_t i = 0; i < frames->n_frames; i++)
        frames->frames[i].view = NULL;
    size_t bytes = n * sizeof(CudaJob);
    *end = n;
    if (!all_there(frames, jobs, n)) {
        forget_frames(frames, n);
        *end = place_frames(frames, jobs, n);
        bytes = frames->end;
        MienStatus status = reserve(device, bytes, error);
        if (status != MIEN_OK) {
            forget_frames(frames, 0);
            return status;
        }
        for (int32_t i = 0; i < frames->n_frames; i++)
            copy_frame(frames, &frames->frames[i]);
    }
    for (size_t i = 0; i < *end; i++) {
        CudaJob job;
        put_job(frames, &job, &jobs[i]);
        memcpy(frames->buffer.host + i * sizeof(job), &job, sizeof(job));
    }
    MienStatus status = mieni_cuda_upload(device, &frames->buffer, bytes, error);
    if (status != MIEN_OK)
        forget_frames(frames, 0);
    return status;
}
