/* SPDX-License-Identifier: Apache-2.0 */
/* From operations of a plan to launches of kernels. */
#include "backend/cuda/cuda.h"

_Static_assert(CUDA_BOX_FLOATS * sizeof(float) == sizeof(MieniDetection), "boxes are floats");
_Static_assert(3 * sizeof(float) == sizeof(MienLandmark), "landmarks are floats");
_Static_assert((int)CUDA_RELU == (int)MIENI_ACTIVATION_RELU &&
                   (int)CUDA_PRELU == (int)MIENI_ACTIVATION_PRELU &&
                   (int)CUDA_SIGMOID == (int)MIENI_ACTIVATION_SIGMOID &&
                   (int)CUDA_RESIDUAL_ADD == (int)MIENI_RESIDUAL_ADD &&
                   (int)CUDA_RESIDUAL_MAXPOOL == (int)MIENI_RESIDUAL_MAXPOOL,
               "kernels know the numbers of kernels.h");
_Static_assert(MIENI_OP_MAX_INPUTS - 2 <= CUDA_MAX_REFINEMENTS, "all groups of points fit");

static CuPointer constants_of(const MieniDevicePlan *plan, const CudaStep *step)
{
    return plan->constants + step->constants * sizeof(float);
}

static CudaConvArgs conv_args(const MieniDevicePlan *plan, const CudaStep *step, const MieniOp *op)
{
    CudaConvArgs args = {.in = plan->tensors[op->inputs[0]],
                         .out = plan->tensors[op->output],
                         .weights = constants_of(plan, step),
                         .kernel_height = op->shape.kernel_height,
                         .kernel_width = op->shape.kernel_width,
                         .stride = op->shape.stride,
                         .pad_top = op->shape.pad_top,
                         .pad_left = op->shape.pad_left,
                         .activation = (int32_t)op->shape.activation,
                         .residual_kind = (int32_t)op->shape.residual};
    if (op->residual >= 0) {
        args.residual = plan->tensors[op->residual];
        args.residual.channels = op->shape.residual_channels;
    }
    return args;
}

static CudaMatrixArgs matrix_args(const MieniDevicePlan *plan, const CudaStep *step,
                                  const MieniOp *op)
{
    const MieniMatrixSpec *spec = &op->matrix;
    return (CudaMatrixArgs){.in = plan->tensors[op->inputs[0]],
                            .out = plan->tensors[op->output],
                            .subset = constants_of(plan, step),
                            .n_subset = spec->n_subset,
                            .left = spec->left,
                            .right = spec->right,
                            .out_height = spec->out_height,
                            .out_width = spec->out_width,
                            .scale_x = spec->scale_x,
                            .scale_y = spec->scale_y,
                            .target_radians = spec->target_radians,
                            .input_scale = spec->input_scale};
}

static CudaLandmarksArgs landmarks_args(const MieniDevicePlan *plan, const CudaStep *step,
                                        const MieniOp *op)
{
    const CudaPlane *mesh = &plan->tensors[op->inputs[0]];
    CudaLandmarksArgs args = {
        .mesh = *mesh,
        .presence = plan->tensors[op->inputs[op->n_inputs - 1]],
        .results = plan->results.device,
        .scratch = plan->scratch,
        .result_floats = (int64_t)plan->result_floats,
        .scratch_floats = (int64_t)plan->scratch_floats,
        .n_landmarks = op->landmarks.n_landmarks,
        .n_mesh = mesh->height * mesh->width * mesh->channels / 3,
        .n_refinements = op->landmarks.n_refinements,
        .side = op->landmarks.side,
    };
    CuPointer table = constants_of(plan, step);
    for (int32_t i = 0; i < op->landmarks.n_refinements; i++) {
        const MieniRefinement *from = &op->landmarks.refinements[i];
        const CudaPlane *points = &plan->tensors[op->inputs[1 + i]];
        CuPointer targets = table, z_average = targets + 4 * (CuPointer)from->n_points;
        table = z_average + 4 * (CuPointer)from->n_z_average;
        args.refinements[i] = (CudaRefinement){.points = points->data,
                                               .targets = targets,
                                               .z_average = z_average,
                                               .face = points->face,
                                               .n_points = from->n_points,
                                               .n_z_average = from->n_z_average};
    }
    return args;
}

/* Kernels of one or two inputs whose threads have a float of the output each. */
static void init_planes(const MieniDevicePlan *plan, CudaStep *step, CudaKernel kernel,
                        const MieniOp *op)
{
    CudaPlane out = plan->tensors[op->output];
    step->kernel = kernel;
    step->items = out.height * out.width * out.pixel;
    step->args.planes = (CudaPlanesArgs){.out = out, .scale = op->scale};
    if (op->n_inputs > 0)
        step->args.planes.in = plan->tensors[op->inputs[0]];
    if (op->n_inputs > 1)
        step->args.planes.second = plan->tensors[op->inputs[1]];
}

static CudaKernel conv_kernel(MieniOpKind kind, bool is_half)
{
    switch (kind) {
    case MIENI_OP_DEPTHWISE:
        return is_half ? CUDA_KERNEL_depthwise_half : CUDA_KERNEL_depthwise;
    case MIENI_OP_DEPTHWISE_POINTWISE:
        return is_half ? CUDA_KERNEL_depthwise_pointwise_half : CUDA_KERNEL_depthwise_pointwise;
    case MIENI_OP_FULLY_CONNECTED:
        return is_half ? CUDA_KERNEL_conv_half : CUDA_KERNEL_fully_connected;
    default:
        return is_half ? CUDA_KERNEL_conv_half : CUDA_KERNEL_conv;
    }
}

static void init_conv(const MieniDevicePlan *plan, CudaStep *step, const MieniOp *op)
{
    step->kernel = conv_kernel(op->kind, mieni_cuda_is_half(plan, op));
    step->args.conv = conv_args(plan, step, op);
    if (op->kind == MIENI_OP_FULLY_CONNECTED) { /* a convolution with one pixel of output */
        CudaConvArgs *args = &step->args.conv;
        args->kernel_height = args->in.height;
        args->kernel_width = args->in.width;
        args->stride = 1;
        args->pad_top = args->pad_left = 0;
    }
}

static void init_norm(const MieniDevicePlan *plan, CudaStep *step, const MieniOp *op)
{
    CudaNormArgs args = {.in = plan->tensors[op->inputs[0]],
                         .out = plan->tensors[op->output],
                         .gain = constants_of(plan, step),
                         .transposed = op->norm.transposed,
                         .epsilon = op->norm.epsilon};
    step->kernel = CUDA_KERNEL_layer_norm;
    step->args.norm = args;
    step->items = MIENI_MAX(args.in.height * args.in.width, args.out.height * args.out.width);
}

static void init_boxes(const MieniDevicePlan *plan, CudaStep *step, const MieniOp *op)
{
    step->kernel = CUDA_KERNEL_decode_boxes;
    step->items = MIENI_CUDA_THREADS;
    step->shared_bytes = MIENI_CUDA_THREADS * sizeof(float);
    step->args.boxes = (CudaBoxesArgs){.regressors = plan->tensors[op->inputs[0]],
                                       .scores = plan->tensors[op->inputs[1]],
                                       .anchors = constants_of(plan, step),
                                       .results = plan->results.device,
                                       .result_floats = (int64_t)plan->result_floats,
                                       .n_anchors = op->boxes.n_anchors,
                                       .side = op->boxes.side,
                                       .min_score = op->boxes.min_score};
}

/* Operations that are made of more than planes. */
static void init_other(const MieniDevicePlan *plan, CudaStep *step, const MieniOp *op)
{
    step->items = MIENI_CUDA_THREADS;
    switch (op->kind) {
    case MIENI_OP_LAYER_NORM:
        init_norm(plan, step, op);
        break;
    case MIENI_OP_LANDMARKS_TO_MATRIX:
        step->kernel = CUDA_KERNEL_landmarks_to_matrix;
        step->args.matrix = matrix_args(plan, step, op);
        break;
    case MIENI_OP_CROP:
        step->kernel = CUDA_KERNEL_crop;
        step->args.crop.out = plan->tensors[op->output];
        step->items = step->args.crop.out.height * step->args.crop.out.width;
        break;
    case MIENI_OP_DECODE_BOXES:
        init_boxes(plan, step, op);
        break;
    default:
        step->kernel = CUDA_KERNEL_decode_landmarks;
        step->args.landmarks = landmarks_args(plan, step, op);
        step->shared_bytes = sizeof(float);
        break;
    }
}

void mieni_cuda_step_init(const MieniDevicePlan *plan, CudaStep *step, const MieniOp *op)
{
    step->kind = op->kind;
    switch (op->kind) {
    case MIENI_OP_CONV:
    case MIENI_OP_POINTWISE:
    case MIENI_OP_DEPTHWISE:
    case MIENI_OP_DEPTHWISE_POINTWISE:
    case MIENI_OP_FULLY_CONNECTED:
        init_conv(plan, step, op);
        break;
    case MIENI_OP_RESIZE_ADD:
        init_planes(plan, step, CUDA_KERNEL_resize_add, op);
        break;
    case MIENI_OP_DEPTH_TO_SPACE:
        init_planes(plan, step, CUDA_KERNEL_depth_to_space, op);
        break;
    case MIENI_OP_SAMPLE_BILINEAR:
        init_planes(plan, step, CUDA_KERNEL_sample_bilinear, op);
        break;
    case MIENI_OP_TRANSFORM_LANDMARKS:
        init_planes(plan, step, CUDA_KERNEL_transform_landmarks, op);
        step->items = step->args.planes.out.width;
        break;
    case MIENI_OP_CENTER_POINTS:
        init_planes(plan, step, CUDA_KERNEL_center_points, op);
        step->items = 1;
        break;
    case MIENI_OP_TRANSPOSE:
        init_planes(plan, step, CUDA_KERNEL_transpose, op);
        step->args.planes.has_second = op->residual >= 0;
        if (op->residual >= 0)
            step->args.planes.second = plan->tensors[op->residual];
        break;
    case MIENI_OP_CONSTANT: /* the same for every face */
        init_planes(plan, step, CUDA_KERNEL_copy, op);
        step->args.planes.in = step->args.planes.out;
        step->args.planes.in.pixel = step->args.planes.in.channels;
        step->args.planes.in.data = constants_of(plan, step);
        step->args.planes.in.face = 0;
        step->args.planes.in.is_half = 0;
        break;
    default:
        init_other(plan, step, op);
        break;
    }
}

void mieni_cuda_step_init_copy(CudaStep *step, const CudaPlane *in, const CudaPlane *out)
{
    step->kernel = CUDA_KERNEL_copy;
    step->kind = MIENI_OP_CONSTANT;
    step->items = out->height * out->width * out->pixel;
    step->args.planes = (CudaPlanesArgs){.in = *in, .out = *out};
}

/* Whether so many blocks give every multiprocessor work. */
static bool fills(const MieniDevicePlan *plan, int32_t n_blocks)
{
    return n_blocks >= 2 * plan->device->n_multiprocessors;
}

/* Shared memory that every device gives a block unasked. */
#define SHARED_BYTES (48 * 1024)

/*
 * How a convolution-like step is cut up: four rows a thread read each weight once for all of them,
 * and are right where there is work for every multiprocessor; one row a thread gives a small layer
 * four times the blocks. These return the number of blocks.
 */
static int32_t cut_rows(const MieniDevicePlan *plan, CudaConvArgs *args, int32_t n_rows)
{
    int32_t groups = mieni_cuda_groups(&args->out);
    int32_t wide = n_rows / 4 * groups / MIENI_CUDA_THREADS;
    bool is_one_product = args->out.height * args->out.width == 1 && n_rows >= 4;
    args->rows_a_thread = is_one_product || fills(plan, wide) ? 4 : 1;
    return mieni_cuda_over(mieni_cuda_over(n_rows, args->rows_a_thread) * groups,
                           MIENI_CUDA_THREADS);
}

/* Depthwise and pointwise: about one piece of work a thread. Where there is much to do a piece is 8
 * rows and 8 channels, which is twice the arithmetic for each number that is read. */
static int32_t cut_block_rows(const MieniDevicePlan *plan, CudaConvArgs *args, int32_t n_rows,
                              uint32_t *shared_bytes)
{
    int32_t row_bytes = 4 * mieni_cuda_groups(&args->in) * (int32_t)sizeof(float);
    int32_t most = SHARED_BYTES / row_bytes, groups = mieni_cuda_groups(&args->out);
    int32_t tile = MIENI_MIN(MIENI_CUDA_THREADS * 8 / mieni_cuda_over(groups, 2), most) / 8 * 8;
    if (tile >= 8 && fills(plan, n_rows / tile)) {
        args->rows_a_thread = 8;
    } else {
        cut_rows(plan, args, n_rows);
        tile = MIENI_CUDA_THREADS * args->rows_a_thread / groups;
        tile = MIENI_MAX(MIENI_MIN(MIENI_MIN(tile, MIENI_CUDA_THREADS), most) / 4 * 4, 4);
    }
    args->rows_a_block = tile;
    *shared_bytes = (uint32_t)(tile * row_bytes);
    return mieni_cuda_over(n_rows, tile);
}

/* With matrix instructions a warp has 16 columns and so many times 16 rows. */
#define N_WARPS (MIENI_CUDA_THREADS / 32)

static int32_t cut_products(const MieniDevicePlan *plan, CudaConvArgs *args, int32_t n_rows)
{
    int32_t columns = mieni_cuda_over(args->out.channels, 16);
    args->rows_a_thread = fills(plan, n_rows / 64 * columns / N_WARPS) ? 4 : 1;
    return mieni_cuda_over(mieni_cuda_over(n_rows, 16 * args->rows_a_thread) * columns, N_WARPS);
}

/* As many rows a block as leave work for all, and as many of them a warp as leave work for all of
 * its warps. */
static int32_t cut_block_products(const MieniDevicePlan *plan, CudaConvArgs *args, int32_t n_rows,
                                  uint32_t *shared_bytes)
{
    int32_t columns = mieni_cuda_over(args->out.channels, 16);
    int32_t row_bytes = mieni_cuda_product_row(&args->in);
    int32_t tile = 64;
    while (tile > 16 && (tile * row_bytes > SHARED_BYTES || !fills(plan, n_rows / tile)))
        tile /= 2;
    args->rows_a_block = tile;
    args->rows_a_thread = tile / 16;
    while (args->rows_a_thread > 1 && tile / 16 / args->rows_a_thread * columns < N_WARPS)
        args->rows_a_thread /= 2;
    *shared_bytes = (uint32_t)(tile * row_bytes);
    return mieni_cuda_over(n_rows, tile);
}

static int32_t cut_conv(const MieniDevicePlan *plan, CudaKernel kernel, int32_t n_faces,
                        CudaConvArgs *args, uint32_t *shared_bytes)
{
    bool has_products = plan->device->has_products;
    int32_t n_rows = args->out.height * args->out.width * n_faces;
    args->n_faces = n_faces;
    switch (kernel) {
    case CUDA_KERNEL_conv:
        return cut_rows(plan, args, n_rows);
    case CUDA_KERNEL_conv_half:
        return has_products ? cut_products(plan, args, n_rows) : cut_rows(plan, args, n_rows);
    case CUDA_KERNEL_depthwise_pointwise:
        return cut_block_rows(plan, args, n_rows, shared_bytes);
    case CUDA_KERNEL_depthwise_pointwise_half:
        return has_products ? cut_block_products(plan, args, n_rows, shared_bytes)
                            : cut_block_rows(plan, args, n_rows, shared_bytes);
    default: /* depthwise */
        return mieni_cuda_over(n_rows * mieni_cuda_groups(&args->out), MIENI_CUDA_THREADS);
    }
}

CuResult mieni_cuda_step_launch(const MieniDevicePlan *plan, const CudaStep *step, int32_t n_faces)
{
    const MieniDevice *device = plan->device;
    CudaLaunchArgs all = {.one = step->args}; /* as much as a kernel with branches reads */
    CudaArgs *args = &all.one;
    CudaKernel kernel = step->kernel;
    uint32_t shared_bytes = step->shared_bytes;
    int32_t grid = mieni_cuda_over(step->items, MIENI_CUDA_THREADS), grid_y = n_faces;
    /* For many faces a product of matrices, which reads its weights once for several of them. */
    if (kernel == CUDA_KERNEL_fully_connected && n_faces > MIENI_CUDA_MAX_GRAPH_FACES)
        kernel = CUDA_KERNEL_conv;
    switch (kernel) {
    case CUDA_KERNEL_conv:
    case CUDA_KERNEL_conv_half:
    case CUDA_KERNEL_depthwise:
    case CUDA_KERNEL_depthwise_half:
    case CUDA_KERNEL_depthwise_pointwise:
    case CUDA_KERNEL_depthwise_pointwise_half:
        grid = cut_conv(plan, kernel, n_faces, &args->conv, &shared_bytes);
        grid_y = 1;
        break;
    case CUDA_KERNEL_fully_connected:
        grid = mieni_cuda_over((int32_t)mieni_round_up((size_t)args->conv.out.pixel, 4),
                               MIENI_CUDA_THREADS);
        shared_bytes = MIENI_CUDA_THREADS * sizeof(float);
        break;
    case CUDA_KERNEL_crop:
        args->crop.upload = device->frames.buffer.device;
        break;
    case CUDA_KERNEL_decode_landmarks:
        args->landmarks.upload = device->frames.buffer.device;
        break;
    default:
        break;
    }
    const CudaLaunch launch = {kernel, grid, grid_y, 1, MIENI_CUDA_THREADS, 1, shared_bytes};
    return mieni_cuda_launch(device, &launch, &all);
}
