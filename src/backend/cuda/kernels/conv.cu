/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv and pointwise of kernels.h, and for many faces fully_connected, which is a convolution with
 * one pixel of output. Equals ref/conv.c and ref/pointwise.c with fused multiply-adds, bit for bit.
 * Grid: x = rows / rows_a_thread * n4 / 4 over MIENI_CUDA_THREADS.
 */
#include "backend/cuda/kernels/conv_rows.h"

KERNEL(conv, CudaConvArgs)
{
    const float *bias = conv_bias(&args);
    conv_thread(&args, args.weights, bias, bias + round_up4(args.out.channels), 0);
}
