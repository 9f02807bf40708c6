/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with random numbers against the core's peak, interleaved in one run; of each time the best
 * of all rounds. Shares of a peak are good to a few percent, times only for this machine. */
#include "cases.h"
#include "conv.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS 100
#define FMA_ITERATIONS 20000

typedef struct BenchLayer {
    const Layer *layer;
    MieniConvShape shape;
    MieniConvArgs args;
    double seconds; /* of one occurrence */
} BenchLayer;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void prepare(Test *test, BenchLayer *bench)
{
    const Layer *layer = bench->layer;
    const MieniConvKernel *kernel = conv_kernel(test->tested, layer->kind);
    bench->shape = layer_shape(layer);
    bench->seconds = 1e9;

    const MieniConvShape *s = &bench->shape;
    int32_t pooled = s->residual == MIENI_RESIDUAL_MAXPOOL ? 2 : 1;
    int32_t in_stride = s->in_channels == 3 ? 3 : (s->in_channels + 7) / 8 * 8;
    int32_t out_stride = s->out_channels < 8 ? s->out_channels : (s->out_channels + 7) / 8 * 8;
    MieniConvWeights weights = conv_weights(test, layer->kind, s, true, false);
    if (weights.weights && strstr(layer->network, "sparse"))
        weights.weights = conv_thinned(test, layer->kind, s, &weights);
    float *packed = test_alloc(test, kernel->packed_floats(s) * sizeof(float), MIENI_ALIGNMENT);
    float *scratch = test_alloc(test, kernel->scratch_floats(s) * sizeof(float), MIENI_ALIGNMENT);

    kernel->pack(s, &weights, packed);
    bench->args = (MieniConvArgs){.shape = &bench->shape, .packed = packed, .scratch = scratch};
    bench->args.in = plane_make(test, s->in_height, s->in_width, s->in_channels,
                                (Layout){in_stride, conv_border(s), 0}, FILL_ORDINARY)
                         .plane;
    bench->args.out = plane_make(test, s->out_height, s->out_width, s->out_channels,
                                 (Layout){out_stride, out_stride % 8 == 0, 0}, FILL_POISON)
                          .plane;
    bool is_input =
        s->residual_channels == s->in_channels && s->in_height == pooled * s->out_height;
    if (s->residual != MIENI_RESIDUAL_NONE && is_input) /* as the networks mostly have it */
        bench->args.residual = bench->args.in;
    else if (s->residual != MIENI_RESIDUAL_NONE)
        bench->args.residual =
            plane_make(test, pooled * s->out_height, pooled * s->out_width, s->residual_channels,
                       (Layout){(s->residual_channels + 7) / 8 * 8, 1, 0}, FILL_ORDINARY)
                .plane;
}

static double time_layer(const MieniKernels *kernels, BenchLayer *bench)
{
    const Layer *layer = bench->layer;
    const MieniConvKernel *kernel = conv_kernel(kernels, layer->kind);
    int32_t rows = conv_rows(layer->kind, &bench->shape);

    double begin = now();
    for (int32_t i = 0; i < layer->count; i++)
        kernel->run(&bench->args, 0, rows);
    double seconds = now() - begin;
    bench->seconds = MIENI_MIN(bench->seconds, seconds / layer->count);
    return seconds;
}

static void bench_network(const MieniKernels *kernels, const char *name)
{
    static BenchLayer layers[64];
    int n = 0;
    Test test = {.tested = kernels, .rng = 1, .op = name};
    double best = 1e9, peak = 0.0, macs = 0.0;

    for (int i = 0; i < test_n_layers; i++) {
        if (strcmp(test_layers[i].network, name) != 0)
            continue;
        layers[n].layer = &test_layers[i];
        prepare(&test, &layers[n++]);
        macs += layer_macs(&test_layers[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now(), done = kernels->fma_loop(FMA_ITERATIONS);
        peak = MIENI_MAX(peak, done / (now() - begin));
        double seconds = 0.0;
        for (int i = 0; i < n; i++)
            seconds += time_layer(kernels, &layers[i]);
        best = MIENI_MIN(best, seconds);
    }

    printf("%s, %s: %.2f million multiply-adds in %.3f ms, %.1f%% of the peak of %.1f GMAC/s\n",
           name, kernels->isa, macs / 1e6, best * 1e3, 100.0 * macs / best / peak, peak / 1e9);
    for (int i = 0; i < n; i++) {
        const MieniConvShape *s = &layers[i].shape;
        double per_layer = layer_macs(layers[i].layer) / layers[i].layer->count;
        printf("  %2d x %-19s %3dx%-3d %3d>%-4d %dx%d/%d %8.1f us %5.1f%% of peak\n",
               layers[i].layer->count, conv_kind_name(layers[i].layer->kind), s->in_height,
               s->in_width, s->in_channels, s->out_channels, s->kernel_height, s->kernel_width,
               s->stride, layers[i].seconds * 1e6, 100.0 * per_layer / layers[i].seconds / peak);
    }
    case_begin(&test, "%s", name);
    case_end(&test);
}

static void bench_crop(const MieniKernels *kernels, MienPixelFormat format, const char *name)
{
    Test test = {.tested = kernels, .rng = 1, .op = "crop"};
    MieniView view;
    MieniCrop crop;
    MieniPlane out;
    double best = 1e9;

    prepare_crop(&test, format, &view, &crop, &out);
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now();
        kernels->crop(&view, &crop, &out, 0, crop.height);
        best = MIENI_MIN(best, now() - begin);
    }
    printf("crop %s to 192x192, %s: %.1f us\n", name, kernels->isa, best * 1e6);
    case_begin(&test, "%s", name);
    case_end(&test);
}

void bench_kernels(const MieniKernels *kernels)
{
    bench_crop(kernels, MIEN_PIXEL_RGB24, "RGB24");
    bench_crop(kernels, MIEN_PIXEL_RGBA32, "RGBA32");
    bench_crop(kernels, MIEN_PIXEL_NV12, "NV12");
    bench_crop(kernels, MIEN_PIXEL_I420, "I420");
    bench_crop(kernels, MIEN_PIXEL_GRAY8, "GRAY8");
    for (int i = 0; i < test_n_layers; i++)
        if (i == 0 || strcmp(test_layers[i].network, test_layers[i - 1].network) != 0)
            bench_network(kernels, test_layers[i].network);
}
