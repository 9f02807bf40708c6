/* SPDX-License-Identifier: Apache-2.0 */
/* depth_to_space of kernels.h; equals ref/depth_to_space.c, bit for bit. A thread copies a float.
 * Grid: x = floats of out over MIENI_CUDA_THREADS, y = face. */
#include "backend/cuda/kernels/device.h"

BRANCH_KERNEL(depth_to_space, CudaPlanesArgs)
{
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    int32_t index = item / args.out.pixel, lane = item % args.out.pixel;
    int32_t y = index / args.out.width, x = index % args.out.width;
    int32_t block = args.out.height / args.in.height;
    float value = 0;
    if (y >= args.out.height)
        return;
    if (lane < args.out.channels)
        value = pixel_of(&args.in, face, y / block * args.in.width +
                                             x / block)[(y % block * block + x % block) *
                                                            args.out.channels +
                                                        lane];
    pixel_of(&args.out, face, index)[lane] = value;
}
