/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode_boxes of kernels.h; equals ref/decode_boxes.c, in the same order. One block a face: each
 * thread has neighbouring anchors; it counts its candidates, learns how many come before them, and
 * writes them there. Grid: y = face. Shared: MIENI_CUDA_THREADS floats.
 */
#include "backend/cuda/kernels/device.h"

DEVICE float score_of(const CudaBoxesArgs *args, int32_t face, int32_t anchor)
{
    float logit = args->scores.data[face * args->scores.face + anchor];
    logit = logit < -100.0f ? -100.0f : logit > 100.0f ? 100.0f : logit;
    return sigmoid(logit);
}

DEVICE int32_t is_finite(float x)
{
    return x - x == 0;
}

/* Value `i` of an anchor's box, in the order of MieniDetection behind the score. */
DEVICE float value_of(const CudaBoxesArgs *args, const float *raw, int32_t anchor, int32_t i)
{
    float x = args->anchors[2 * anchor], y = args->anchors[2 * anchor + 1], low;
    if (i >= 4)
        return raw[i] / args->side + (i % 2 ? y : x);
    if (i % 2)
        low = raw[1] / args->side + y - raw[3] / args->side / 2.0f;
    else
        low = raw[0] / args->side + x - raw[2] / args->side / 2.0f;
    if (i < 2)
        return low;
    /* As corner and size: what that rounds is rounded here too. */
    return low + ((i % 2 ? raw[1] / args->side + y + raw[3] / args->side / 2.0f
                         : raw[0] / args->side + x + raw[2] / args->side / 2.0f) -
                  low);
}

DEVICE int32_t is_candidate(const CudaBoxesArgs *args, const float *raw, int32_t face,
                            int32_t anchor)
{
    int32_t i;
    if (!(score_of(args, face, anchor) >= args->min_score)) /* NaN goes, too */
        return 0;
    for (i = 0; i < CUDA_BOX_FLOATS - 1; i++)
        if (!is_finite(value_of(args, raw, anchor, i)))
            return 0;
    return value_of(args, raw, anchor, 2) - value_of(args, raw, anchor, 0) >= 0 &&
           value_of(args, raw, anchor, 3) - value_of(args, raw, anchor, 1) >= 0;
}

KERNEL(decode_boxes, CudaBoxesArgs)
{
    int32_t face = block_y(), mine = thread_index(), n = 0, i, k;
    int32_t a_thread = (args.n_anchors + MIENI_CUDA_THREADS - 1) / MIENI_CUDA_THREADS;
    int32_t begin = mine * a_thread, end = begin + a_thread;
    const float *raw = args.regressors.data + face * args.regressors.face;
    float *results = args.results + face * args.result_floats;
    float *counts = shared_floats(), *to;
    end = end < args.n_anchors ? end : args.n_anchors;
    for (i = begin; i < end; i++)
        n += is_candidate(&args, raw + (int64_t)i * (CUDA_BOX_FLOATS - 1), face, i);
    counts[mine] = (float)n;
    barrier();
    for (n = 0, i = 0; i < mine; i++)
        n += (int32_t)counts[i];
    if (mine == MIENI_CUDA_THREADS - 1)
        results[0] = (float)n + counts[mine];
    to = results + 1 + (int64_t)n * CUDA_BOX_FLOATS;
    for (i = begin; i < end; i++) {
        const float *from = raw + (int64_t)i * (CUDA_BOX_FLOATS - 1);
        if (!is_candidate(&args, from, face, i))
            continue;
        to[0] = score_of(&args, face, i);
        for (k = 0; k < CUDA_BOX_FLOATS - 1; k++)
            to[1 + k] = value_of(&args, from, i, k);
        to += CUDA_BOX_FLOATS;
    }
}
