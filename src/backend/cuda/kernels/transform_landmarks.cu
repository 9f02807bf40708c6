/* SPDX-License-Identifier: Apache-2.0 */
/* transform_landmarks of kernels.h; equals ref/transform_landmarks.c. in is [1][n][2], second the
 * matrix. A thread moves a point. Grid: x = points over MIENI_CUDA_THREADS, y = face. */
#include "backend/cuda/kernels/device.h"

BRANCH_KERNEL(transform_landmarks, CudaPlanesArgs)
{
    int32_t index = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    const float *m = pixel_of(&args.second, face, 0);
    const float *from = args.in.data + face * args.in.face + 2 * (int64_t)index;
    float *to = args.out.data + face * args.out.face + 2 * (int64_t)index;
    if (index >= args.out.width)
        return;
    to[0] = m[0] * from[0] + m[1] * from[1] + m[3] * args.scale;
    to[1] = m[4] * from[0] + m[5] * from[1] + m[7] * args.scale;
}
