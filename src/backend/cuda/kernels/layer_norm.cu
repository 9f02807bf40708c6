/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_norm of kernels.h; equals ref/layer_norm.c, whose order of sums it keeps. What comes out
 * may be halves, the rest is fp32. A thread has a pixel of the input, or a row of unused lanes of
 * the output. Grid: x = pixels of in and out, the larger number, over MIENI_CUDA_THREADS, y = face.
 */
#include "backend/cuda/kernels/half.h"

KERNEL(layer_norm, CudaNormArgs)
{
    int32_t index = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y(), c;
    float n = (float)args.in.channels, sum = 0, squares = 0, mean, scale;
    if (index < args.out.height * args.out.width)
        for (c = args.out.channels; c < args.out.pixel; c++)
            put(&args.out, face, index, c, 0);
    if (index < args.in.height * args.in.width) {
        const float *x = pixel_of(&args.in, face, index);
        for (c = 0; c < args.in.channels; c++)
            sum += x[c];
        mean = sum / n;
        for (c = 0; c < args.in.channels; c++)
            squares += (x[c] - mean) * (x[c] - mean);
        scale = 1.0f / square_root(squares / n + args.epsilon);
        for (c = 0; c < args.in.channels; c++) {
            float gain = scale * args.gain[c];
            float value = x[c] * gain + -mean * gain;
            put(&args.out, face, args.transposed ? c : index, args.transposed ? index : c, value);
        }
    }
}
