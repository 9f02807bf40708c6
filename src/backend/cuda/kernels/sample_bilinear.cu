/* SPDX-License-Identifier: Apache-2.0 */
/* sample_bilinear of kernels.h; equals ref/sample_bilinear.c. second is the matrix. A thread
 * computes a value. Grid: x = floats of out over MIENI_CUDA_THREADS, y = face. */
#include "backend/cuda/kernels/half.h"

/* Zero beyond the last row and column, where the weight is 0 anyway. */
DEVICE float cell(const CudaPlane *in, int32_t face, int32_t y, int32_t x, int32_t channel)
{
    return y < in->height && x < in->width ? get(in, face, y * in->width + x, channel) : 0;
}

BRANCH_KERNEL(sample_bilinear, CudaPlanesArgs)
{
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    int32_t index = item / args.out.pixel, lane = item % args.out.pixel, x0, y0;
    const float *m = pixel_of(&args.second, face, 0);
    float i, j, x, y, fx, fy, value = 0;
    if (index >= args.out.height * args.out.width)
        return;
    i = (float)(index % args.out.width);
    j = (float)(index / args.out.width);
    x = m[0] * i + m[1] * j + (m[3] + (0.5f * m[0] + 0.5f * m[1] - 0.5f));
    y = m[4] * i + m[5] * j + (m[7] + (0.5f * m[4] + 0.5f * m[5] - 0.5f));
    /* Written so that NaN counts as outside. */
    if (lane < args.out.channels && x >= 0 && x <= (float)(args.in.width - 1) && y >= 0 &&
        y <= (float)(args.in.height - 1)) {
        x0 = (int32_t)x;
        y0 = (int32_t)y;
        fx = x - (float)x0;
        fy = y - (float)y0;
        value = cell(&args.in, face, y0, x0, lane) * ((1 - fx) * (1 - fy)) +
                cell(&args.in, face, y0, x0 + 1, lane) * (fx * (1 - fy)) +
                cell(&args.in, face, y0 + 1, x0, lane) * ((1 - fx) * fy) +
                cell(&args.in, face, y0 + 1, x0 + 1, lane) * (fx * fy);
    }
    put(&args.out, face, index, lane, value);
}
