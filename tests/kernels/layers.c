/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution-like layers of the real networks. Source: docs/formulas.md names the files; this
 * is what `mien models inspect` prints of them. */
#include "conv.h"

#define LAYER(network, kind, count, size, in, kernel, stride, out, activation, residual,           \
              residual_channels, pad)                                                              \
    {                                                                                              \
#network, KIND_##kind, count, size, in, kernel, stride, out,                               \
            MIENI_ACTIVATION_##activation, MIENI_RESIDUAL_##residual, residual_channels, pad       \
    }

/* clang-format off */
const Layer test_layers[] = {
    /* network, operation, times, side, channels, kernel, stride, outputs, activation, residual, its channels, pad */
    LAYER(face_mesh, conv, 1, 192, 3, 3, 2, 16, PRELU, NONE, 0, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 96, 16, 3, 1, 16, PRELU, ADD, 16, SAME),
    LAYER(face_mesh, depthwise_pointwise, 1, 96, 16, 3, 2, 32, PRELU, MAXPOOL, 16, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 48, 32, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_mesh, depthwise_pointwise, 1, 48, 32, 3, 2, 64, PRELU, MAXPOOL, 32, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 24, 64, 3, 1, 64, PRELU, ADD, 64, SAME),
    LAYER(face_mesh, depthwise_pointwise, 1, 24, 64, 3, 2, 128, PRELU, MAXPOOL, 64, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 12, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh, depthwise_pointwise, 1, 12, 128, 3, 2, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 6, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 6, 128, 3, 2, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 3, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh, pointwise, 2, 3, 128, 1, 1, 32, PRELU, NONE, 0, SAME),
    LAYER(face_mesh, depthwise_pointwise, 2, 3, 32, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_mesh, fully_connected, 1, 3, 32, 3, 1, 1, NONE, NONE, 0, SAME),
    LAYER(face_mesh, fully_connected, 1, 3, 32, 3, 1, 1404, NONE, NONE, 0, SAME),
    LAYER(face_mesh_attention, conv, 1, 192, 3, 3, 2, 16, PRELU, NONE, 0, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 2, 96, 16, 3, 1, 16, PRELU, ADD, 16, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 1, 96, 16, 3, 2, 32, PRELU, MAXPOOL, 16, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 2, 48, 32, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 1, 48, 32, 3, 2, 64, PRELU, MAXPOOL, 32, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 2, 24, 64, 3, 1, 64, PRELU, ADD, 64, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 1, 24, 64, 3, 2, 128, PRELU, MAXPOOL, 64, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 2, 12, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 1, 12, 128, 3, 2, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 2, 6, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 1, 6, 128, 3, 2, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 2, 3, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh_attention, pointwise, 1, 3, 128, 1, 1, 32, PRELU, NONE, 0, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 1, 3, 32, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_mesh_attention, fully_connected, 1, 3, 32, 3, 1, 1, NONE, NONE, 0, SAME),
    LAYER(face_mesh_attention, fully_connected, 1, 3, 32, 3, 1, 1404, NONE, NONE, 0, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 6, 16, 32, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 3, 16, 32, 3, 2, 64, PRELU, MAXPOOL, 32, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 6, 8, 64, 3, 1, 64, PRELU, ADD, 64, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 3, 8, 64, 3, 2, 128, PRELU, MAXPOOL, 64, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 10, 4, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 5, 4, 128, 3, 2, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 10, 2, 128, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_mesh_attention, pointwise, 5, 2, 128, 1, 1, 32, PRELU, NONE, 0, SAME),
    LAYER(face_mesh_attention, depthwise_pointwise, 5, 2, 32, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_mesh_attention, fully_connected, 1, 2, 32, 2, 1, 160, NONE, NONE, 0, SAME),
    LAYER(face_mesh_attention, fully_connected, 2, 2, 32, 2, 1, 142, NONE, NONE, 0, SAME),
    LAYER(face_mesh_attention, fully_connected, 2, 2, 32, 2, 1, 10, NONE, NONE, 0, SAME),
    LAYER(face_detector_short, conv, 1, 128, 3, 5, 2, 24, RELU, NONE, 0, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 64, 24, 3, 1, 24, RELU, ADD, 24, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 64, 24, 3, 1, 28, RELU, ADD, 24, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 64, 28, 3, 2, 32, RELU, MAXPOOL, 28, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 32, 32, 3, 1, 36, RELU, ADD, 32, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 32, 36, 3, 1, 42, RELU, ADD, 36, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 32, 42, 3, 2, 48, RELU, MAXPOOL, 42, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 16, 48, 3, 1, 56, RELU, ADD, 48, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 16, 56, 3, 1, 64, RELU, ADD, 56, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 16, 64, 3, 1, 72, RELU, ADD, 64, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 16, 72, 3, 1, 80, RELU, ADD, 72, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 16, 80, 3, 1, 88, RELU, ADD, 80, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 1, 16, 88, 3, 2, 96, RELU, MAXPOOL, 88, SAME),
    LAYER(face_detector_short, depthwise_pointwise, 4, 8, 96, 3, 1, 96, RELU, ADD, 96, SAME),
    LAYER(face_detector_short, pointwise, 1, 16, 88, 1, 1, 2, NONE, NONE, 0, SAME),
    LAYER(face_detector_short, pointwise, 1, 8, 96, 1, 1, 6, NONE, NONE, 0, SAME),
    LAYER(face_detector_short, pointwise, 1, 16, 88, 1, 1, 32, NONE, NONE, 0, SAME),
    LAYER(face_detector_short, pointwise, 1, 8, 96, 1, 1, 96, NONE, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, conv, 1, 192, 3, 3, 2, 32, RELU, NONE, 0, 1),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 96, 32, 3, 1, 8, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 96, 8, 3, 1, 32, RELU, ADD, 32, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 96, 32, 3, 2, 16, RELU, NONE, 0, 1),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 48, 16, 3, 1, 64, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 48, 64, 3, 1, 16, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 48, 16, 3, 1, 64, RELU, ADD, 64, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 48, 64, 3, 2, 32, RELU, NONE, 0, 1),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 24, 32, 3, 1, 128, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 24, 128, 3, 1, 32, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 24, 32, 3, 1, 128, RELU, ADD, 128, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 24, 128, 3, 2, 48, RELU, NONE, 0, 1),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 12, 48, 3, 1, 192, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 12, 192, 3, 1, 48, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 12, 48, 3, 1, 192, RELU, ADD, 192, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 12, 192, 3, 2, 96, RELU, NONE, 0, 1),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 6, 96, 3, 1, 384, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 3, 6, 384, 3, 1, 96, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 3, 6, 96, 3, 1, 384, RELU, ADD, 384, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 6, 384, 1, 1, 96, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 12, 192, 1, 1, 96, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 12, 96, 3, 1, 48, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 12, 48, 3, 1, 96, RELU, ADD, 96, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 12, 96, 1, 1, 64, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 24, 128, 1, 1, 64, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 24, 64, 3, 1, 32, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 2, 24, 32, 3, 1, 64, RELU, ADD, 64, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 24, 64, 1, 1, 48, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 48, 64, 1, 1, 48, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 48, 48, 3, 1, 24, RELU, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise_pointwise, 1, 48, 24, 3, 1, 48, RELU, ADD, 48, SAME),
    LAYER(face_detector_full_sparse, pointwise, 1, 48, 48, 1, 1, 4, NONE, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise, 1, 48, 4, 3, 2, 4, NONE, NONE, 0, 1),
    LAYER(face_detector_full_sparse, pointwise, 1, 48, 48, 1, 1, 64, NONE, NONE, 0, SAME),
    LAYER(face_detector_full_sparse, depthwise, 1, 48, 64, 3, 2, 64, NONE, NONE, 0, 1),
    LAYER(face_landmarks_v2, conv, 1, 256, 3, 3, 2, 16, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 128, 16, 1, 1, 8, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 128, 8, 3, 1, 16, PRELU, ADD, 16, SAME),
    LAYER(face_landmarks_v2, conv, 1, 128, 16, 2, 2, 16, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 1, 64, 16, 3, 1, 32, PRELU, MAXPOOL, 16, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 64, 32, 1, 1, 16, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 64, 16, 3, 1, 32, PRELU, ADD, 32, SAME),
    LAYER(face_landmarks_v2, conv, 1, 64, 32, 2, 2, 32, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 1, 32, 32, 3, 1, 64, PRELU, MAXPOOL, 32, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 32, 64, 1, 1, 32, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 32, 32, 3, 1, 64, PRELU, ADD, 64, SAME),
    LAYER(face_landmarks_v2, conv, 1, 32, 64, 2, 2, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 1, 16, 64, 3, 1, 128, PRELU, MAXPOOL, 64, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 16, 128, 1, 1, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 16, 64, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_landmarks_v2, conv, 1, 16, 128, 2, 2, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 1, 8, 64, 3, 1, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 8, 128, 1, 1, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 8, 64, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_landmarks_v2, conv, 1, 8, 128, 2, 2, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 1, 4, 64, 3, 1, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 4, 128, 1, 1, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 4, 64, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_landmarks_v2, conv, 1, 4, 128, 2, 2, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 1, 2, 64, 3, 1, 128, PRELU, MAXPOOL, 128, SAME),
    LAYER(face_landmarks_v2, pointwise, 4, 2, 128, 1, 1, 64, PRELU, NONE, 0, SAME),
    LAYER(face_landmarks_v2, depthwise_pointwise, 4, 2, 64, 3, 1, 128, PRELU, ADD, 128, SAME),
    LAYER(face_landmarks_v2, fully_connected, 1, 2, 128, 2, 1, 1, SIGMOID, NONE, 0, SAME),
    LAYER(face_landmarks_v2, fully_connected, 1, 2, 128, 2, 1, 1, NONE, NONE, 0, SAME),
    LAYER(face_landmarks_v2, fully_connected, 1, 2, 128, 2, 1, 1434, NONE, NONE, 0, SAME),
};
/* clang-format on */

const int test_n_layers = (int)MIENI_COUNT_OF(test_layers);

MieniConvShape layer_shape(const Layer *layer)
{
    int32_t side = layer->size, out = (side + layer->stride - 1) / layer->stride;
    int32_t pad = MIENI_MAX((out - 1) * layer->stride + layer->kernel - side, 0) / 2;

    if (layer->pad != SAME) {
        pad = layer->pad;
        out = (side + 2 * pad - layer->kernel) / layer->stride + 1;
    }
    if (layer->kind == KIND_fully_connected) {
        out = 1;
        pad = 0;
    }
    return (MieniConvShape){side,
                            side,
                            layer->in_channels,
                            out,
                            out,
                            layer->out_channels,
                            layer->kernel,
                            layer->kernel,
                            layer->stride,
                            pad,
                            pad,
                            layer->activation,
                            layer->residual,
                            layer->residual_channels};
}

double layer_macs(const Layer *layer)
{
    MieniConvShape s = layer_shape(layer);
    double pixels = (double)s.out_height * s.out_width;
    double macs = (double)conv_depth(layer->kind, &s) * s.out_channels;
    if (layer->kind == KIND_depthwise || layer->kind == KIND_depthwise_pointwise)
        macs += (double)s.kernel_height * s.kernel_width * s.in_channels;
    return pixels * macs * layer->count;
}
