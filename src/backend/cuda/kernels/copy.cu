/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out = in, between planes of one shape and different strides or precisions: a network's input and
 * outputs, and constants (in.face = 0). A thread copies a float. Grid: x = floats of out over
 * MIENI_CUDA_THREADS, y = face.
 */
#include "backend/cuda/kernels/half.h"

BRANCH_KERNEL(copy, CudaPlanesArgs)
{
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    int32_t index = item / args.out.pixel, lane = item % args.out.pixel;
    if (index < args.out.height * args.out.width)
        put(&args.out, face, index, lane,
            lane < args.out.channels ? get(&args.in, face, index, lane) : 0);
}
