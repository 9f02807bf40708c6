/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resize_add of kernels.h; equals ref/resize_add.c. A thread computes a value. Grid: x = floats of
 * out over MIENI_CUDA_THREADS, y = face.
 */
#include "backend/cuda/kernels/half.h"

DEVICE float place_of(int32_t position, int32_t out_size, int32_t in_size)
{
    return ((float)position + 0.5f) * ((float)in_size / (float)out_size) - 0.5f;
}

BRANCH_KERNEL(resize_add, CudaPlanesArgs)
{
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    int32_t index = item / args.out.pixel, lane = item % args.out.pixel;
    int32_t width = args.in.width, height = args.in.height, x0, x1, y0, y1;
    float x, y, fx, fy, top, bottom;
    if (index >= args.out.height * args.out.width)
        return;
    if (lane >= args.out.channels) {
        put(&args.out, face, index, lane, 0);
        return;
    }
    x = place_of(index % args.out.width, args.out.width, width);
    y = place_of(index / args.out.width, args.out.height, height);
    x0 = floor_of(x);
    y0 = floor_of(y);
    fx = x - (float)x0;
    fy = y - (float)y0;
    x1 = x0 + 1 < width ? x0 + 1 : width - 1;
    y1 = y0 + 1 < height ? y0 + 1 : height - 1;
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    top = get(&args.in, face, y0 * width + x0, lane) * (1.0f - fx) +
          get(&args.in, face, y0 * width + x1, lane) * fx;
    bottom = get(&args.in, face, y1 * width + x0, lane) * (1.0f - fx) +
             get(&args.in, face, y1 * width + x1, lane) * fx;
    put(&args.out, face, index, lane,
        get(&args.second, face, index, lane) + (top * (1.0f - fy) + bottom * fy));
}
