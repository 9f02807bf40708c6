/* SPDX-License-Identifier: Apache-2.0 */
/* transpose of kernels.h; equals ref/transpose.c, bit for bit. A thread computes a value. Grid: x =
 * floats of out over MIENI_CUDA_THREADS, y = face. */
#include "backend/cuda/kernels/device.h"

BRANCH_KERNEL(transpose, CudaPlanesArgs)
{
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    int32_t index = item / args.out.pixel, lane = item % args.out.pixel;
    float value = 0;
    if (index >= args.out.width)
        return;
    if (lane < args.out.channels) {
        value = pixel_of(&args.in, face, lane)[index] * args.scale;
        if (args.has_second)
            value += pixel_of(&args.second, face, index)[lane];
    }
    pixel_of(&args.out, face, index)[lane] = value;
}
