/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan's operations to dispatches: which shader, with which numbers, over which grid. The
 * order of push words is that of the shader's #defines. */
#include <math.h>

#include "backend/vulkan/vulkan.h"
#include "base/half.h"
#include "base/trig.h"

enum { THREADS = 64, COLUMNS_A_THREAD = 4 };

/* Rows a thread makes of a product. A driver that computes on the CPU reads shared memory one lane
 * after the other: there fewer reads a product are worth more than many small workgroups. The most
 * rows of a tile are what 32 KiB of shared memory hold with the columns. */
enum { ROWS_A_THREAD = 4, ROWS_A_THREAD_SOFTWARE = 16, MAX_TILE_ROWS = 256 };

/* Appends to the tables; returns where it begins. */
static uint32_t put(VulkanTables *tables, const void *data, size_t n)
{
    size_t at = tables->n;
    if (tables->words && n > 0)
        memcpy(tables->words + at, data, n * sizeof(uint32_t));
    tables->n += n;
    return (uint32_t)at;
}

/* The same for what shaders read by fours. */
static uint32_t put_fours(VulkanTables *tables, const void *data, size_t n)
{
    tables->n = mieni_round_up(tables->n, 4);
    return put(tables, data, n);
}

/* [n][k] as [k][n], as floats or as halves, to be read by fours. */
static uint32_t put_transposed(VulkanTables *tables, const MieniConvWeights *weights, size_t n,
                               size_t k, bool as_halves)
{
    size_t at = tables->n = mieni_round_up(tables->n, 4);
    uint32_t *words = tables->words ? tables->words + at : NULL;
    for (size_t i = 0; words && i < n * k; i++) {
        float value = mieni_weight(weights, i % n * k + i / n);
        if (as_halves)
            words[i / 2] |= (uint32_t)mieni_half_from_float(value) << (i % 2 * 16);
        else
            memcpy(&words[i], &value, sizeof(value));
    }
    tables->n += as_halves ? (n * k + 1) / 2 : n * k;
    return (uint32_t)at;
}

static uint32_t bits(float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof(word));
    return word;
}

static const MieniTensor *tensor(const VulkanBuild *build, int32_t index)
{
    return &build->from->tensors[index];
}

static uint32_t offset(const VulkanBuild *build, int32_t index)
{
    return index < 0 ? 0 : (uint32_t)build->offsets[index];
}

static uint32_t elements(const MieniTensor *of)
{
    return (uint32_t)of->height * (uint32_t)of->width * (uint32_t)of->channels;
}

/* Groups of THREADS for so many values; shaders take more than one turn beyond the limit. */
static uint32_t groups_for(const VulkanBuild *build, uint32_t n)
{
    uint32_t limit = build->plan->device->limits.maxComputeWorkGroupCount[0];
    return MIENI_MIN((n + THREADS - 1) / THREADS, limit);
}

static VulkanSpan span_of(const VulkanBuild *build, int32_t index)
{
    uint32_t begin = offset(build, index), n = index < 0 ? 0 : elements(tensor(build, index));
    return (VulkanSpan){begin, begin + (index >= 0 && build->is_half[index] ? (n + 1) / 2 : n)};
}

/* What the operation reads and writes; what a step said already of points between two steps stays.
 */
static void set_spans(const VulkanBuild *build, VulkanStep *step)
{
    const MieniOp *op = build->op;
    for (int32_t i = 0; i < op->n_inputs; i++)
        step->reads[step->n_reads++] = span_of(build, op->inputs[i]);
    if (op->residual >= 0)
        step->reads[step->n_reads++] = span_of(build, op->residual);
    if (op->output >= 0)
        step->written = span_of(build, op->output);
    step->waits = mieni_vulkan_must_wait(build->plan, step);
}

/* Adds a step, if this is not the round that only counts. */
static MienStatus add(VulkanBuild *build, VulkanShader shader, const uint32_t *constants,
                      VulkanStep step, MienError *error)
{
    static const uint32_t none[VULKAN_CONSTANTS];
    if (!build->tables.words)
        return MIEN_OK;
    MienStatus status = mieni_vulkan_pipeline(build->plan->device, shader,
                                              constants ? constants : none, &step.pipeline, error);
    step.push[0] = (uint32_t)build->plan->job_floats;
    set_spans(build, &step);
    if (status == MIEN_OK)
        build->plan->steps[build->plan->n_steps++] = step;
    return status;
}

/* Threads across channels: wide tiles for wide layers, so that few lanes are idle. */
static uint32_t threads_across(uint32_t channels)
{
    return channels <= 8 ? 2 : channels <= 16 ? 4 : channels <= 32 ? 8 : channels <= 64 ? 16 : 32;
}

/* What shaders call INPUT, ADDED, OUTPUT and DENSE. */
enum { HALF_INPUT = 1, HALF_ADDED = 2, HALF_OUTPUT = 4, HALF_DENSE = 8 };

static uint32_t half_if(const VulkanBuild *build, int32_t index, uint32_t bit)
{
    return index >= 0 && build->is_half[index] ? bit : 0;
}

/* The variant of a shader for what of its operands are halves. */
static VulkanShader variant_for(VulkanShader shader, uint32_t halves)
{
    if (!halves)
        return shader;
    switch (shader) {
    case VULKAN_SHADER_conv:
        return VULKAN_SHADER_conv_half;
    case VULKAN_SHADER_pointwise:
        return VULKAN_SHADER_pointwise_half;
    case VULKAN_SHADER_depthwise:
        return VULKAN_SHADER_depthwise_half;
    case VULKAN_SHADER_depthwise_pointwise:
        return VULKAN_SHADER_depthwise_pointwise_half;
    case VULKAN_SHADER_fully_connected:
        return VULKAN_SHADER_fully_connected_half;
    case VULKAN_SHADER_resize_add:
        return VULKAN_SHADER_resize_add_half;
    case VULKAN_SHADER_depth_to_space:
        return VULKAN_SHADER_depth_to_space_half;
    case VULKAN_SHADER_sample_bilinear:
        return VULKAN_SHADER_sample_bilinear_half;
    default:
        return shader;
    }
}

/* A step whose operands may be halves and that has no constants of its own. */
static MienStatus add_with_halves(VulkanBuild *build, VulkanShader shader, uint32_t halves,
                                  VulkanStep step, MienError *error)
{
    const uint32_t constants[VULKAN_CONSTANTS] = {[9] = halves};
    return add(build, variant_for(shader, halves), constants, step, error);
}

static void put_weights(VulkanBuild *build, const MieniOp *op, bool as_halves,
                        uint32_t push[VULKAN_PUSH_WORDS])
{
    const MieniConvShape *shape = &op->shape;
    const MieniConvWeights *weights = &op->weights;
    const MieniConvWeights depthwise = {.weights = weights->depthwise};
    VulkanTables *tables = &build->tables;
    size_t n = (size_t)shape->out_channels, channels = (size_t)shape->in_channels;
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width, k = channels;
    if (op->kind == MIENI_OP_CONV || op->kind == MIENI_OP_FULLY_CONNECTED)
        k = taps * channels;
    if (weights->weights || weights->halves)
        push[9] = put_transposed(tables, weights, n, k, as_halves);
    push[10] = put_fours(tables, weights->bias, n);
    if (weights->slope)
        push[11] = put_fours(tables, weights->slope, n);
    if (weights->depthwise)
        push[12] = put_transposed(tables, &depthwise, taps * channels, 1, as_halves);
    if (weights->depthwise_bias)
        push[13] = put_fours(tables, weights->depthwise_bias, channels);
}

static VulkanShader conv_shader(MieniOpKind kind)
{
    switch (kind) {
    case MIENI_OP_CONV:
        return VULKAN_SHADER_conv;
    case MIENI_OP_DEPTHWISE:
        return VULKAN_SHADER_depthwise;
    case MIENI_OP_DEPTHWISE_POINTWISE:
        return VULKAN_SHADER_depthwise_pointwise;
    case MIENI_OP_FULLY_CONNECTED:
        return VULKAN_SHADER_fully_connected;
    default:
        return VULKAN_SHADER_pointwise;
    }
}

/* What shaders call so. */
enum { FOURS_IN = 1, FOURS_WEIGHTS = 2, FOURS_OUT = 4, STRIPS = 8 };

static uint32_t fours_of(const VulkanBuild *build, const MieniOp *op)
{
    const MieniConvShape *shape = &op->shape;
    bool weights = shape->out_channels % 4 == 0;
    bool in = shape->in_channels % 4 == 0 && offset(build, op->inputs[0]) % 4 == 0;
    bool out = weights && offset(build, op->output) % 4 == 0 && shape->residual_channels % 4 == 0 &&
               offset(build, op->residual) % 4 == 0;
    bool strips = in && op->kind == MIENI_OP_DEPTHWISE_POINTWISE && shape->out_height % 4 == 0;
    return (in ? FOURS_IN : 0) | (weights ? FOURS_WEIGHTS : 0) | (out ? FOURS_OUT : 0) |
           (strips ? STRIPS : 0);
}

static uint32_t rows_a_thread(const VulkanBuild *build, uint32_t across)
{
    const MieniDevice *device = build->plan->device;
    if (!device->is_software || device->limits.maxComputeSharedMemorySize < 32768 ||
        mieni_vulkan_debug.gpu_tiles)
        return ROWS_A_THREAD;
    return MIENI_MIN(ROWS_A_THREAD_SOFTWARE, MAX_TILE_ROWS / (THREADS / across));
}

static void set_grid(const VulkanBuild *build, const MieniOp *op, uint32_t across, uint32_t fours,
                     VulkanStep *step)
{
    uint32_t n = (uint32_t)op->shape.out_channels;
    uint32_t pixels = (uint32_t)op->shape.out_height * (uint32_t)op->shape.out_width;
    step->groups_y = 1;
    if (op->kind == MIENI_OP_DEPTHWISE) {
        step->groups_x = groups_for(build, fours & FOURS_IN ? pixels * n / 4 : pixels * n);
    } else if (op->kind == MIENI_OP_FULLY_CONNECTED) {
        step->grid = VULKAN_GRID_QUARTER;
        step->groups_x = MIENI_MIN((n + across - 1) / across,
                                   build->plan->device->limits.maxComputeWorkGroupCount[0]);
    } else {
        step->grid = VULKAN_GRID_ROWS;
        step->rows = pixels;
        step->tile = rows_a_thread(build, across) * (THREADS / across);
        step->groups_y = (n + COLUMNS_A_THREAD * across - 1) / (COLUMNS_A_THREAD * across);
    }
}

static MienStatus add_conv(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniConvShape *shape = &op->shape;
    uint32_t across = threads_across((uint32_t)shape->out_channels);
    bool half = build->plan->device->precision == MIEN_PRECISION_FP16 &&
                !mieni_vulkan_is_head(build->from, op);
    uint32_t halves = half_if(build, op->inputs[0], HALF_INPUT) |
                      half_if(build, op->residual, HALF_ADDED) |
                      half_if(build, op->output, HALF_OUTPUT) | (half ? HALF_DENSE : 0);
    uint32_t fours = fours_of(build, op);
    const uint32_t constants[VULKAN_CONSTANTS] = {(uint32_t)shape->in_channels,
                                                  (uint32_t)shape->out_channels,
                                                  (uint32_t)shape->kernel_height,
                                                  (uint32_t)shape->kernel_width,
                                                  (uint32_t)shape->stride,
                                                  (uint32_t)shape->activation,
                                                  (uint32_t)shape->residual,
                                                  (uint32_t)shape->residual_channels,
                                                  across,
                                                  halves,
                                                  fours,
                                                  rows_a_thread(build, across)};
    VulkanStep step = {.results_word = -1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->output),
                                offset(build, op->residual),
                                (uint32_t)shape->in_height,
                                (uint32_t)shape->in_width,
                                (uint32_t)shape->out_height,
                                (uint32_t)shape->out_width,
                                [14] = (uint32_t)shape->pad_top,
                                (uint32_t)shape->pad_left}};
    if (op->residual >= 0) {
        step.push[16] = (uint32_t)tensor(build, op->residual)->height;
        step.push[17] = (uint32_t)tensor(build, op->residual)->width;
    }
    put_weights(build, op, half, step.push);
    set_grid(build, op, across, fours, &step);
    return add(build, variant_for(conv_shader(op->kind), halves), constants, step, error);
}

static MienStatus add_resize_add(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniTensor *in = tensor(build, op->inputs[0]), *out = tensor(build, op->output);
    VulkanStep step = {.results_word = -1,
                       .groups_x = groups_for(build, elements(out)),
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->inputs[1]),
                                offset(build, op->output),
                                (uint32_t)in->height,
                                (uint32_t)in->width,
                                (uint32_t)out->height,
                                (uint32_t)out->width,
                                (uint32_t)out->channels}};
    uint32_t halves = half_if(build, op->inputs[0], HALF_INPUT) |
                      half_if(build, op->inputs[1], HALF_ADDED) |
                      half_if(build, op->output, HALF_OUTPUT);
    return add_with_halves(build, VULKAN_SHADER_resize_add, halves, step, error);
}

static MienStatus add_depth_to_space(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniTensor *in = tensor(build, op->inputs[0]), *out = tensor(build, op->output);
    VulkanStep step = {.results_word = -1,
                       .groups_x = groups_for(build, elements(out)),
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->output),
                                (uint32_t)in->width,
                                (uint32_t)in->channels,
                                (uint32_t)out->height,
                                (uint32_t)out->width,
                                (uint32_t)out->channels,
                                (uint32_t)(out->height / in->height)}};
    uint32_t halves =
        half_if(build, op->inputs[0], HALF_INPUT) | half_if(build, op->output, HALF_OUTPUT);
    return add_with_halves(build, VULKAN_SHADER_depth_to_space, halves, step, error);
}

static MienStatus add_landmarks_to_matrix(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniMatrixSpec *spec = &op->matrix;
    double sine, cosine;
    mieni_sincos((double)spec->target_radians, &sine, &cosine);
    VulkanStep step = {.results_word = -1,
                       .groups_x = 1,
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->output),
                                (uint32_t)spec->left,
                                (uint32_t)spec->right,
                                (uint32_t)spec->n_subset,
                                put(&build->tables, spec->subset, (size_t)spec->n_subset),
                                bits((float)sine),
                                bits((float)cosine),
                                bits(spec->input_scale),
                                bits(spec->scale_x),
                                bits(spec->scale_y),
                                bits((float)spec->out_width),
                                bits((float)spec->out_height)}};
    return add(build,
               build->plan->device->features.subgroups ? VULKAN_SHADER_landmarks_to_matrix_subgroups
                                                       : VULKAN_SHADER_landmarks_to_matrix,
               NULL, step, error);
}

static MienStatus add_sample_bilinear(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniTensor *in = tensor(build, op->inputs[0]), *out = tensor(build, op->output);
    VulkanStep step = {.results_word = -1,
                       .groups_x = groups_for(build, elements(out)),
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->inputs[1]),
                                offset(build, op->output),
                                (uint32_t)in->height,
                                (uint32_t)in->width,
                                (uint32_t)out->height,
                                (uint32_t)out->width,
                                (uint32_t)out->channels}};
    uint32_t halves =
        half_if(build, op->inputs[0], HALF_INPUT) | half_if(build, op->output, HALF_OUTPUT);
    return add_with_halves(build, VULKAN_SHADER_sample_bilinear, halves, step, error);
}

static MienStatus add_transform_landmarks(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    uint32_t n = (uint32_t)tensor(build, op->output)->width;
    VulkanStep step = {.results_word = -1,
                       .groups_x = groups_for(build, n),
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->inputs[1]),
                                offset(build, op->output),
                                n,
                                bits(op->scale)}};
    return add(build, VULKAN_SHADER_transform_landmarks, NULL, step, error);
}

static MienStatus add_constant(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    uint32_t n = elements(tensor(build, op->output));
    VulkanStep step = {
        .results_word = -1,
        .groups_x = groups_for(build, n),
        .groups_y = 1,
        .push = {[2] = put(&build->tables, op->constant, n), offset(build, op->output), n}};
    return add(build, VULKAN_SHADER_constant, NULL, step, error);
}

static MienStatus add_center_points(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    VulkanStep step = {.results_word = -1,
                       .groups_x = 1,
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->output),
                                (uint32_t)tensor(build, op->inputs[0])->width}};
    return add(build,
               build->plan->device->features.subgroups ? VULKAN_SHADER_center_points_subgroups
                                                       : VULKAN_SHADER_center_points,
               NULL, step, error);
}

static MienStatus add_layer_norm(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniTensor *in = tensor(build, op->inputs[0]);
    uint32_t pixels = (uint32_t)in->height * (uint32_t)in->width;
    uint32_t limit = build->plan->device->limits.maxComputeWorkGroupCount[0];
    VulkanStep step = {.results_word = -1,
                       .groups_x = MIENI_MIN(pixels, limit),
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->output),
                                pixels,
                                (uint32_t)in->channels,
                                put(&build->tables, op->norm.gain, (size_t)in->channels),
                                bits(op->norm.epsilon),
                                op->norm.transposed}};
    return add(build,
               build->plan->device->features.subgroups ? VULKAN_SHADER_layer_norm_subgroups
                                                       : VULKAN_SHADER_layer_norm,
               NULL, step, error);
}

static MienStatus add_transpose(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniTensor *in = tensor(build, op->inputs[0]);
    VulkanStep step = {.results_word = -1,
                       .groups_x = groups_for(build, elements(in)),
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                offset(build, op->residual),
                                offset(build, op->output),
                                (uint32_t)in->width,
                                (uint32_t)in->channels,
                                bits(op->scale),
                                op->residual >= 0}};
    return add(build, VULKAN_SHADER_transpose, NULL, step, error);
}

static MienStatus add_crop(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    const MieniTensor *out = tensor(build, op->output);
    VulkanStep step = {
        .results_word = -1,
        .reads_pictures = true,
        .groups_x = ((uint32_t)out->width + 7) / 8,
        .groups_y = ((uint32_t)out->height + 7) / 8,
        .push = {[2] = offset(build, op->output), (uint32_t)out->width, (uint32_t)out->height}};
    return add(build,
               build->plan->device->features.import ? VULKAN_SHADER_crop_imports
                                                    : VULKAN_SHADER_crop,
               NULL, step, error);
}

static MienStatus add_decode_boxes(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    VulkanStep step = {
        .results_word = 8,
        .groups_x = 1,
        .groups_y = 1,
        .push = {[2] = offset(build, op->inputs[0]),
                 offset(build, op->inputs[1]),
                 put(&build->tables, op->boxes.anchors, 2 * (size_t)op->boxes.n_anchors),
                 (uint32_t)op->boxes.n_anchors,
                 bits(op->boxes.side),
                 bits(op->boxes.min_score),
                 [9] = (uint32_t)build->plan->result_words}};
    return add(build, VULKAN_SHADER_decode_boxes, NULL, step, error);
}

static void put_points(VulkanTables *tables, const uint16_t *points, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        put(tables, &(uint32_t){points[i]}, 1);
}

static VulkanSpan refined_span(const VulkanBuild *build)
{
    uint32_t begin = (uint32_t)build->refined_offset;
    return (VulkanSpan){begin, begin + VULKAN_REFINED_FLOATS};
}

static MienStatus add_refinement(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    VulkanStep step = {.results_word = -1,
                       .written = refined_span(build),
                       .groups_x = 1,
                       .groups_y = 1,
                       .push = {[2] = offset(build, op->inputs[0]),
                                (uint32_t)build->refined_offset,
                                (uint32_t)op->landmarks.n_refinements,
                                (uint32_t)build->tables.n}};
    for (int32_t i = 0; i < op->landmarks.n_refinements; i++) {
        const MieniRefinement *refinement = &op->landmarks.refinements[i];
        const uint32_t counts[2] = {(uint32_t)refinement->n_points,
                                    (uint32_t)refinement->n_z_average};
        put(&build->tables, counts, 2);
        put_points(&build->tables, refinement->targets, refinement->n_points);
        put_points(&build->tables, refinement->z_average, refinement->n_z_average);
        step.push[6 + i] = offset(build, op->inputs[1 + i]);
    }
    return add(build, VULKAN_SHADER_refine_landmarks, NULL, step, error);
}

static MienStatus add_decode_landmarks(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    uint32_t points = offset(build, op->inputs[0]), n = (uint32_t)op->landmarks.n_landmarks;
    if (op->landmarks.n_refinements > 0) {
        MienStatus status = add_refinement(build, op, error);
        if (status != MIEN_OK)
            return status;
        points = (uint32_t)build->refined_offset;
    }
    VulkanStep step = {.results_word = 6,
                       .groups_x = groups_for(build, n),
                       .groups_y = 1,
                       .push = {[2] = points,
                                offset(build, op->inputs[op->n_inputs - 1]),
                                n,
                                bits(op->landmarks.side),
                                [7] = (uint32_t)build->plan->result_words}};
    if (op->landmarks.n_refinements > 0)
        step.reads[step.n_reads++] = refined_span(build);
    return add(build, VULKAN_SHADER_decode_landmarks, NULL, step, error);
}

MienStatus mieni_vulkan_add_steps(VulkanBuild *build, const MieniOp *op, MienError *error)
{
    build->op = op;
    switch (op->kind) {
    case MIENI_OP_CONV:
    case MIENI_OP_POINTWISE:
    case MIENI_OP_DEPTHWISE:
    case MIENI_OP_DEPTHWISE_POINTWISE:
    case MIENI_OP_FULLY_CONNECTED:
        return add_conv(build, op, error);
    case MIENI_OP_RESIZE_ADD:
        return add_resize_add(build, op, error);
    case MIENI_OP_DEPTH_TO_SPACE:
        return add_depth_to_space(build, op, error);
    case MIENI_OP_LANDMARKS_TO_MATRIX:
        return add_landmarks_to_matrix(build, op, error);
    case MIENI_OP_SAMPLE_BILINEAR:
        return add_sample_bilinear(build, op, error);
    case MIENI_OP_TRANSFORM_LANDMARKS:
        return add_transform_landmarks(build, op, error);
    case MIENI_OP_CONSTANT:
        return add_constant(build, op, error);
    case MIENI_OP_CENTER_POINTS:
        return add_center_points(build, op, error);
    case MIENI_OP_LAYER_NORM:
        return add_layer_norm(build, op, error);
    case MIENI_OP_TRANSPOSE:
        return add_transpose(build, op, error);
    case MIENI_OP_CROP:
        return add_crop(build, op, error);
    case MIENI_OP_DECODE_BOXES:
        return add_decode_boxes(build, op, error);
    case MIENI_OP_DECODE_LANDMARKS:
        return add_decode_landmarks(build, op, error);
    }
    return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                      "the Vulkan back end does not know the operation %s",
                      mieni_op_kind_name(op->kind));
}
