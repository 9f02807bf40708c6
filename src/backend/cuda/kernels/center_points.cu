/* SPDX-License-Identifier: Apache-2.0 */
/*
 * center_points of kernels.h; equals ref/center_points.c, whose order of sums it keeps: all of its
 * 146 points are one thread's, a few microseconds beside the network behind them. Grid: y = face.
 */
#include "backend/cuda/kernels/device.h"

BRANCH_KERNEL(center_points, CudaPlanesArgs)
{
    int32_t face = block_y(), i, c;
    float n = (float)args.in.width, sum_x = 0, sum_y = 0, sum = 0, mean_x, mean_y, distance;
    if (thread_index() > 0)
        return;
    for (i = 0; i < args.in.width; i++) {
        sum_x += pixel_of(&args.in, face, i)[0];
        sum_y += pixel_of(&args.in, face, i)[1];
    }
    mean_x = sum_x / n;
    mean_y = sum_y / n;
    for (i = 0; i < args.in.width; i++) {
        float x = pixel_of(&args.in, face, i)[0] - mean_x;
        float y = pixel_of(&args.in, face, i)[1] - mean_y;
        sum += square_root(x * x + y * y);
    }
    distance = sum / n;
    for (i = 0; i < args.in.width; i++) {
        float *to = pixel_of(&args.out, face, i);
        to[0] = (pixel_of(&args.in, face, i)[0] - mean_x) / distance;
        to[1] = (pixel_of(&args.in, face, i)[1] - mean_y) / distance;
        for (c = 2; c < args.out.pixel; c++)
            to[c] = 0;
    }
}
