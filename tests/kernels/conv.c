/* SPDX-License-Identifier: Apache-2.0 */
#include "conv.h"

#include <math.h>

#define RANDOM_CASES 160
#define MAX_ROWS_IN_CHANNELS 97

const MieniConvKernel *conv_kernel(const MieniKernels *kernels, ConvKind kind)
{
    switch (kind) {
#define CONV_CASE(name)                                                                            \
    case KIND_##name:                                                                              \
        return &kernels->name;
        MIENI_CONV_KERNEL_LIST(CONV_CASE)
#undef CONV_CASE
    case N_CONV_KINDS:
        break;
    }
    return NULL;
}

#define DECLARE(name) extern const MieniConvKernel mieni_##name##_fused;
MIENI_CONV_KERNEL_LIST(DECLARE)
#undef DECLARE

const MieniConvKernel *conv_fused_kernel(ConvKind kind)
{
    switch (kind) {
#define CASE(name)                                                                                 \
    case KIND_##name:                                                                              \
        return &mieni_##name##_fused;
        MIENI_CONV_KERNEL_LIST(CASE)
#undef CASE
    case N_CONV_KINDS:
        break;
    }
    return NULL;
}

const char *conv_kind_name(ConvKind kind)
{
#define CONV_NAME(name) #name,
    static const char *const names[] = {MIENI_CONV_KERNEL_LIST(CONV_NAME)};
#undef CONV_NAME
    return names[kind];
}

int32_t conv_rows(ConvKind kind, const MieniConvShape *shape)
{
    return kind == KIND_fully_connected ? shape->out_channels : shape->out_height;
}

size_t conv_depth(ConvKind kind, const MieniConvShape *shape)
{
    size_t channels = (size_t)shape->in_channels;
    switch (kind) {
    case KIND_conv:
        return (size_t)shape->kernel_height * (size_t)shape->kernel_width * channels;
    case KIND_fully_connected:
        return (size_t)shape->in_height * (size_t)shape->in_width * channels;
    case KIND_pointwise:
    case KIND_depthwise_pointwise:
        return channels;
    case KIND_depthwise:
    case N_CONV_KINDS:
        break;
    }
    return 0;
}

int32_t conv_border(const MieniConvShape *shape)
{
    int32_t below = (shape->out_height - 1) * shape->stride + shape->kernel_height -
                    shape->pad_top - shape->in_height;
    int32_t behind = (shape->out_width - 1) * shape->stride + shape->kernel_width -
                     shape->pad_left - shape->in_width;
    return MIENI_MAX(MIENI_MAX(shape->pad_top, shape->pad_left),
                     MIENI_MAX(MIENI_MAX(below, behind), 0));
}

static float *random_array(Test *test, size_t n, float scale, bool halves, bool positive)
{
    float *values = test_alloc(test, n * sizeof(float), sizeof(float));
    for (size_t i = 0; i < n; i++) {
        float value = random_float(test, positive ? 0.0f : -scale, scale);
        values[i] = halves ? roundf(value * 1024.0f) / 1024.0f : value;
    }
    return values;
}

MieniConvWeights conv_weights(Test *test, ConvKind kind, const MieniConvShape *shape, bool halves,
                              bool positive)
{
    size_t n = (size_t)shape->out_channels, k = conv_depth(kind, shape);
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    MieniConvWeights weights = {.bias = random_array(test, n, 1.0f, false, positive)};

    if (k > 0)
        weights.weights = random_array(test, n * k, 2.0f / sqrtf((float)k), halves, positive);
    if (kind == KIND_depthwise || kind == KIND_depthwise_pointwise)
        weights.depthwise =
            random_array(test, taps * (size_t)shape->in_channels, 1.0f, halves, positive);
    if (kind == KIND_depthwise_pointwise)
        weights.depthwise_bias =
            random_array(test, (size_t)shape->in_channels, 1.0f, false, positive);
    if (shape->activation == MIENI_ACTIVATION_PRELU)
        weights.slope = random_array(test, n, 1.0f, false, false);
    return weights;
}

const float *conv_thinned(Test *test, ConvKind kind, const MieniConvShape *shape,
                          const MieniConvWeights *weights)
{
    size_t n = (size_t)shape->out_channels * conv_depth(kind, shape);
    float *thinned = test_alloc(test, n * sizeof(float), sizeof(float));
    for (size_t i = 0; i < n; i++) {
        int32_t fate = random_below(test, 20);
        thinned[i] = fate < 6 ? weights->weights[i] : fate < 10 ? -0.0f : 0.0f;
    }
    return thinned;
}

/* The same weights as a file has them that stores halves. */
static MieniConvWeights stored_as_halves(Test *test, ConvKind kind, const MieniConvShape *shape,
                                         MieniConvWeights weights)
{
    size_t n = (size_t)shape->out_channels * conv_depth(kind, shape);
    uint16_t *halves = test_alloc(test, n * sizeof(*halves), sizeof(*halves));
    for (size_t i = 0; i < n; i++)
        halves[i] = mieni_half_from_float(weights.weights[i]);
    weights.halves = halves;
    weights.weights = NULL;
    return weights;
}

/* What a case varies beside the shape. */
typedef struct ConvCase {
    MieniConvShape shape;
    Layout in, out, residual;
    Fill fill;
    bool halves;                /* each weight is one */
    bool stored;                /* and comes as one, as in a file */
    bool sparse;                /* most weights are zero */
    int32_t begin, middle, end; /* two calls: rows begin .. middle - 1 and middle .. end - 1 */
} ConvCase;

static void describe(Test *test, const ConvCase *c)
{
    const MieniConvShape *s = &c->shape;
    case_begin(
        test,
        "in %dx%dx%d (stride %d, border %d) out %dx%dx%d (stride %d) kernel %dx%d/%d pad "
        "%d,%d activation %d residual %d:%d fill %d halves %d stored %d sparse %d rows %d-%d-%d",
        s->in_height, s->in_width, s->in_channels, c->in.pixel_stride, c->in.border, s->out_height,
        s->out_width, s->out_channels, c->out.pixel_stride, s->kernel_height, s->kernel_width,
        s->stride, s->pad_top, s->pad_left, (int)s->activation, (int)s->residual,
        s->residual_channels, (int)c->fill, c->halves, c->stored, c->sparse, c->begin, c->middle,
        c->end);
}

static TestPlane residual_plane(Test *test, const ConvCase *c)
{
    const MieniConvShape *s = &c->shape;
    int32_t height = s->out_height, width = s->out_width;
    if (s->residual == MIENI_RESIDUAL_NONE)
        return (TestPlane){.n_floats = 0};
    if (s->residual == MIENI_RESIDUAL_MAXPOOL) {
        height = 2 * height - random_below(test, 2);
        width = 2 * width - random_below(test, 2);
    }
    return plane_make(test, height, width, s->residual_channels, c->residual, c->fill);
}

static void run_kernel(Test *test, const MieniConvKernel *kernel, const ConvCase *c,
                       const MieniConvWeights *weights, const TestPlane *in,
                       const TestPlane *residual, const TestPlane *out)
{
    const MieniConvShape *s = &c->shape;
    size_t n_packed = kernel->packed_floats(s), n_scratch = kernel->scratch_floats(s);
    float *packed = test_alloc(test, n_packed * sizeof(float), MIENI_ALIGNMENT);
    float *scratch = test_alloc(test, n_scratch * sizeof(float), MIENI_ALIGNMENT);
    MieniConvArgs args = {s, packed, in->plane, out->plane, residual->plane, scratch};

    kernel->pack(s, weights, packed);
    if (c->middle > c->begin)
        kernel->run(&args, c->begin, c->middle);
    if (c->end > c->middle)
        kernel->run(&args, c->middle, c->end);
}

/* Heads (no activation, no residual) and depthwise parts are never computed in halves. */
static Class class_of(const Test *test, ConvKind kind, const MieniConvShape *shape)
{
    bool is_dense = kind != KIND_depthwise && kind != KIND_fully_connected;
    bool is_head =
        shape->activation == MIENI_ACTIVATION_NONE && shape->residual == MIENI_RESIDUAL_NONE;
    if (test->is_ref)
        return FLOAT;
    return test->is_half && is_dense && !is_head ? HALF : EQUAL;
}

/* The residual in a plane laid out like the output. */
static TestPlane place_of(Test *test, const ConvCase *c, const TestPlane *residual)
{
    const MieniConvShape *s = &c->shape;
    TestPlane place =
        plane_make(test, s->out_height, s->out_width, s->out_channels, c->out, FILL_ORDINARY);
    for (int32_t y = 0; y < s->out_height; y++)
        for (int32_t x = 0; x < s->out_width; x++)
            memcpy(mieni_plane_at(&place.plane, y, x), mieni_plane_at(&residual->plane, y, x),
                   (size_t)s->out_channels * sizeof(float));
    memcpy(place.before, place.block, place.n_floats * sizeof(float));
    return place;
}

static void run_case(Test *test, ConvKind kind, const ConvCase *c)
{
    const MieniConvShape *s = &c->shape;
    describe(test, c);

    MieniConvWeights weights = conv_weights(test, kind, s, c->halves, c->fill == FILL_SPECIAL);
    if (c->sparse && weights.weights)
        weights.weights = conv_thinned(test, kind, s, &weights);
    TestPlane in = plane_make(test, s->in_height, s->in_width, s->in_channels, c->in, c->fill);
    TestPlane residual = residual_plane(test, c);
    TestPlane out =
        plane_make(test, s->out_height, s->out_width, s->out_channels, c->out, FILL_POISON);
    TestPlane want = plane_make(test, s->out_height, s->out_width, s->out_channels,
                                layout_tight(s->out_channels), FILL_POISON);
    Written written = {c->begin, c->end, 0, s->out_channels};
    ConvCase whole = *c;

    if (kind == KIND_fully_connected)
        written = (Written){0, 1, c->begin, c->end};
    if (test->is_ref) {
        conv_oracle(kind, s, &weights, &in.plane, &residual.plane, want.block);
    } else {
        whole.begin = whole.middle = 0;
        whole.end = conv_rows(kind, s);
        run_kernel(test, conv_fused_kernel(kind), &whole, &weights, &in, &residual, &want);
    }
    if (c->stored && weights.weights)
        weights = stored_as_halves(test, kind, s, weights);
    run_kernel(test, conv_kernel(test->tested, kind), c, &weights, &in, &residual, &out);

    plane_check(test, &out, written, want.block, class_of(test, kind, s));
    plane_check_untouched(test, &in, "input");
    if (s->residual != MIENI_RESIDUAL_NONE)
        plane_check_untouched(test, &residual, "residual");
    if (s->residual == MIENI_RESIDUAL_ADD && s->residual_channels == s->out_channels) {
        TestPlane place = place_of(test, c, &residual);
        run_kernel(test, conv_kernel(test->tested, kind), c, &weights, &in, &place, &place);
        plane_check(test, &place, written, want.block, class_of(test, kind, s));
    }
    case_end(test);
}

/* Sizes at which tiles begin, end and go on. */
static int32_t random_channels(Test *test)
{
    static const int32_t sizes[] = {1,
                                    2,
                                    3,
                                    4,
                                    6,
                                    7,
                                    8,
                                    9,
                                    13,
                                    15,
                                    16,
                                    17,
                                    19,
                                    23,
                                    24,
                                    25,
                                    28,
                                    31,
                                    32,
                                    33,
                                    36,
                                    39,
                                    40,
                                    41,
                                    42,
                                    47,
                                    48,
                                    49,
                                    56,
                                    63,
                                    64,
                                    65,
                                    72,
                                    80,
                                    88,
                                    96,
                                    MAX_ROWS_IN_CHANNELS};
    return sizes[random_below(test, (int32_t)MIENI_COUNT_OF(sizes))];
}

static int32_t random_side(Test *test)
{
    static const int32_t sides[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 23, 25};
    return sides[random_below(test, (int32_t)MIENI_COUNT_OF(sides))];
}

static int32_t out_side(Test *test, int32_t in, int32_t kernel, int32_t stride, int32_t *pad)
{
    *pad = random_below(test, kernel);
    int32_t behind = random_below(test, kernel);
    int32_t missing = kernel - (in + *pad + behind);
    behind += MIENI_MAX(missing, 0);
    return (in + *pad + behind - kernel) / stride + 1;
}

static MieniConvShape random_shape(Test *test, ConvKind kind)
{
    MieniConvShape s = {.in_height = random_side(test),
                        .in_width = random_side(test),
                        .in_channels = random_channels(test),
                        .out_channels = random_channels(test),
                        .kernel_height = 1,
                        .kernel_width = 1,
                        .stride = 1,
                        .activation = (MieniActivation)random_below(test, 4),
                        .residual = (MieniResidual)random_below(test, 3)};

    if (random_below(test, 8) == 0) { /* products of few factors, rows of many pixels */
        s.in_channels = random_bool(test) ? 8 : 16;
        s.in_width = random_between(test, 24, 50);
    }
    if (kind == KIND_depthwise_pointwise && random_below(test, 4) == 0) { /* kept as halves */
        s.in_height = random_between(test, 1, 4);
        s.in_width = random_between(test, 1, 3);
        s.in_channels = random_between(test, 64, 96);
        s.out_channels = random_between(test, 64, 96);
    }
    if (kind == KIND_depthwise)
        s.out_channels = s.in_channels;
    if (kind == KIND_fully_connected) {
        s.in_height = s.kernel_height = random_between(test, 1, 3);
        s.in_width = s.kernel_width = random_between(test, 1, 3);
        s.out_height = s.out_width = 1;
    } else if (kind == KIND_pointwise) {
        s.out_height = s.in_height;
        s.out_width = s.in_width;
    } else {
        bool usual = random_bool(test);
        s.kernel_height = usual ? 3 : random_between(test, 1, 5);
        s.kernel_width = usual ? 3 : random_between(test, 1, 5);
        s.stride = random_between(test, 1, usual ? 2 : 3);
        s.out_height = out_side(test, s.in_height, s.kernel_height, s.stride, &s.pad_top);
        s.out_width = out_side(test, s.in_width, s.kernel_width, s.stride, &s.pad_left);
    }
    if (s.residual != MIENI_RESIDUAL_NONE)
        s.residual_channels =
            random_bool(test) ? s.out_channels : random_between(test, 1, s.out_channels);
    return s;
}

/* Padded with enough border, padded without, tight, or with one lane more than channels. */
static Layout random_in_layout(Test *test, const MieniConvShape *s)
{
    int32_t border = conv_border(s);
    switch (random_below(test, 8)) {
    case 0:
        return layout_padded(test, s->in_channels, 0);
    case 1:
        return layout_tight(s->in_channels);
    case 2:
        return (Layout){s->in_channels, border, 0};
    case 3:
        return (Layout){s->in_channels + 1, border, 5};
    default:
        return layout_padded(test, s->in_channels, border + random_below(test, 2));
    }
}

static void random_case(Test *test, ConvKind kind)
{
    ConvCase c = {.shape = random_shape(test, kind)};
    const MieniConvShape *s = &c.shape;
    int32_t rows = conv_rows(kind, s);

    c.in = random_in_layout(test, s);
    c.out = random_bool(test) ? layout_tight(s->out_channels)
                              : layout_padded(test, s->out_channels, random_below(test, 3));
    c.residual = random_below(test, 4) == 0
                     ? layout_tight(s->residual_channels)
                     : layout_padded(test, s->residual_channels, random_below(test, 2));
    /* Halves cannot hold 1e30. */
    c.fill = !test->is_half && random_below(test, 5) == 0 ? FILL_SPECIAL : FILL_ORDINARY;
    c.halves = random_bool(test);
    c.stored = c.halves && random_bool(test);
    /* A zero times what is no number is none, unless it is left out. */
    c.sparse = c.fill == FILL_ORDINARY && random_below(test, 3) == 0;
    c.end = rows;
    if (random_bool(test)) {
        c.begin = random_below(test, rows);
        c.middle = random_between(test, c.begin, rows);
        c.end = random_between(test, c.middle, rows);
    }
    if (kind == KIND_fully_connected) { /* pieces begin at multiples of MIENI_LANES */
        c.begin = c.begin / MIENI_LANES * MIENI_LANES;
        c.middle = c.middle / MIENI_LANES * MIENI_LANES;
        c.end = c.end == rows ? rows : c.end / MIENI_LANES * MIENI_LANES;
    }
    if (c.begin < c.end)
        run_case(test, kind, &c);
}

static void layer_case(Test *test, const Layer *layer)
{
    ConvCase c = {.shape = layer_shape(layer),
                  .fill = FILL_ORDINARY,
                  .halves = true,
                  .stored = random_bool(test)};
    c.sparse = strstr(layer->network, "sparse") != NULL;
    const MieniConvShape *s = &c.shape;

    c.in = s->in_channels == 3 ? (Layout){3, conv_border(s), 0}
                               : layout_padded(test, s->in_channels, conv_border(s));
    c.out = layer->kind == KIND_fully_connected || s->out_channels < MIENI_LANES
                ? layout_tight(s->out_channels)
                : layout_padded(test, s->out_channels, 1);
    c.residual = layout_padded(test, s->residual_channels, 1);
    c.end = conv_rows(layer->kind, s);
    run_case(test, layer->kind, &c);
}

void test_conv_kind(Test *test, ConvKind kind)
{
    for (int i = 0; i < (test->spoil ? 10 : RANDOM_CASES); i++)
        random_case(test, kind);
    for (int i = 0; i < test_n_layers && !test->spoil; i++)
        if (test_layers[i].kind == kind)
            layer_case(test, &test_layers[i]);
}
