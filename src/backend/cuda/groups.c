/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps that are one launch for a few faces: small convolutions one behind the other (a chain,
 * kernels/chain.h), branches of a network beside each other, and chains that are branches. What is
 * small was reckoned, not measured: a launch takes longer than what a few multiprocessors do of it
 * in the same time.
 */
#include "backend/cuda/cuda.h"

_Static_assert(sizeof(CudaChainArgs) <= 4096, "kernels have 4 KiB of parameters");

/* Multiply-adds of a face and a step: of several blocks in fp32, with matrix instructions, and of
 * one block alone. */
#define MAX_MACS 0.8e6
#define MAX_HALF_MACS 3e6
#define MAX_BLOCK_MACS 0.2e6

/* Weights of a last layer: reading more of them wants every multiprocessor. */
#define MAX_LAST_WEIGHTS 65536

#define SHARED_BYTES (48 * 1024)

/* Multiply-adds of a face. */
static double macs_of(const CudaStep *step)
{
    const CudaConvArgs *args = &step->args.conv;
    double taps = (double)args->kernel_height * args->kernel_width, k = args->in.channels;
    double pixels = (double)args->out.height * args->out.width, n = args->out.channels;
    if (step->kernel == CUDA_KERNEL_depthwise_pointwise ||
        step->kernel == CUDA_KERNEL_depthwise_pointwise_half)
        return pixels * k * (taps + n);
    return pixels * taps * k * n;
}

static double most_macs(const MieniDevice *device, CudaKernel kernel, bool is_chain)
{
    if (is_chain && device->cluster_blocks == 1)
        return MAX_BLOCK_MACS;
    return kernel == CUDA_KERNEL_chain_half && device->has_products ? MAX_HALF_MACS : MAX_MACS;
}

/* The kernel of a group that a step may be part of; CUDA_N_KERNELS if of none. */
static CudaKernel group_kernel(const MieniDevice *device, const CudaStep *step, bool is_chain)
{
    const CudaConvArgs *args = &step->args.conv;
    CudaKernel kernel = CUDA_KERNEL_chain;
    switch (step->kernel) {
    case CUDA_KERNEL_conv:
    case CUDA_KERNEL_depthwise_pointwise:
    case CUDA_KERNEL_fully_connected:
        break;
    case CUDA_KERNEL_conv_half:
    case CUDA_KERNEL_depthwise_pointwise_half:
        kernel = CUDA_KERNEL_chain_half;
        break;
    case CUDA_KERNEL_center_points:
    case CUDA_KERNEL_copy:
    case CUDA_KERNEL_depth_to_space:
    case CUDA_KERNEL_landmarks_to_matrix:
    case CUDA_KERNEL_resize_add:
    case CUDA_KERNEL_sample_bilinear:
    case CUDA_KERNEL_transform_landmarks:
    case CUDA_KERNEL_transpose:
        return is_chain ? CUDA_N_KERNELS : step->kernel;
    default:
        return CUDA_N_KERNELS;
    }
    if ((args->out.height * args->out.width == 1 && macs_of(step) > MAX_LAST_WEIGHTS) ||
        macs_of(step) > most_macs(device, kernel, is_chain))
        return CUDA_N_KERNELS;
    return kernel;
}

/* How many steps of one rank from `first` on may be branches of a group with this kernel. Two go
 * one behind the other in a chain: a launch of their own would take longer. */
static int32_t count_branches(const MieniDevicePlan *plan, int32_t first, CudaKernel kernel,
                              bool is_chain)
{
    bool is_conv = kernel == CUDA_KERNEL_chain || kernel == CUDA_KERNEL_chain_half;
    int32_t n = 0, most = is_conv ? CUDA_MAX_CHAIN : CUDA_MAX_BRANCHES;
    most = MIENI_MIN(most, plan->n_steps - first);
    while (n < most && plan->steps[first + n].rank == plan->steps[first].rank &&
           group_kernel(plan->device, &plan->steps[first + n], is_chain) == kernel)
        n++;
    return is_chain && n == 2 ? 1 : n;
}

static CuPointer end_of(const CudaPlane *plane)
{
    CuPointer n = (CuPointer)plane->height * (CuPointer)plane->width * (CuPointer)plane->pixel;
    return plane->data + n * (plane->is_half ? 2 : sizeof(float));
}

static bool overlap(const CudaPlane *a, const CudaPlane *b)
{
    return a->data < end_of(b) && b->data < end_of(a);
}

/* Whether each step of the next row, which is behind n_rows of them, reads nothing that another
 * branch of these has written. */
static bool keep_apart(const CudaStep *steps, int32_t n_rows, int32_t n_branches)
{
    for (int32_t i = 0; i < n_branches; i++)
        for (int32_t k = 0; k < n_rows * n_branches; k++) {
            const CudaConvArgs *args = &steps[n_rows * n_branches + i].args.conv;
            const CudaPlane *out = &steps[k].args.conv.out;
            if (k % n_branches != i &&
                (overlap(&args->in, out) ||
                 (args->residual_kind != CUDA_NO_RESIDUAL && overlap(&args->residual, out))))
                return false;
        }
    return true;
}

/* How many rows of branches from `first` on are a chain. */
static int32_t count_rows(const MieniDevicePlan *plan, int32_t first, CudaKernel kernel,
                          int32_t n_branches)
{
    int32_t n = 1;
    while ((n + 1) * n_branches <= CUDA_MAX_CHAIN &&
           count_branches(plan, first + n * n_branches, kernel, true) == n_branches &&
           keep_apart(&plan->steps[first], n, n_branches))
        n++;
    return n;
}

static bool has_products(const MieniDevice *device, const CudaStep *step)
{
    return device->has_products && (step->kernel == CUDA_KERNEL_depthwise_pointwise_half ||
                                    step->kernel == CUDA_KERNEL_conv_half);
}

static bool has_depthwise(const CudaStep *step)
{
    return step->kernel == CUDA_KERNEL_depthwise_pointwise ||
           step->kernel == CUDA_KERNEL_depthwise_pointwise_half;
}

/* Blocks that give each thread, or with matrix instructions each warp, one piece of the work. */
static int32_t wanted_blocks(const MieniDevice *device, const CudaStep *step)
{
    const CudaPlane *out = &step->args.conv.out;
    int32_t n_rows = out->height * out->width, unit = 1, n = mieni_cuda_groups(out);
    int32_t workers = MIENI_CUDA_CHAIN_THREADS;
    if (has_products(device, step)) {
        unit = 16;
        n = mieni_cuda_over(out->channels, 16);
        workers /= 32;
    }
    if (!has_depthwise(step))
        return mieni_cuda_over(mieni_cuda_over(n_rows, unit) * n, workers);
    return mieni_cuda_over(n_rows, unit * MIENI_MAX(workers / n, 1));
}

/* Shares the rows of a face out over the blocks that have it; returns the shared memory. */
static uint32_t cut_step(const MieniDevice *device, const CudaStep *step, int32_t n_blocks,
                         CudaConvArgs *args)
{
    int32_t n_rows = args->out.height * args->out.width, groups = mieni_cuda_groups(&args->out);
    int32_t threads = n_blocks * MIENI_CUDA_CHAIN_THREADS;
    int32_t share = mieni_cuda_over(n_rows, n_blocks), row_bytes, unit = 4;
    bool products = has_products(device, step);
    args->rows_a_thread = !products && mieni_cuda_over(n_rows, 4) * groups >= threads ? 4 : 1;
    args->rows_a_block = 0;
    if (!has_depthwise(step))
        return 0;
    row_bytes = 4 * mieni_cuda_groups(&args->in) * (int32_t)sizeof(float);
    if (products) {
        row_bytes = mieni_cuda_product_row(&args->in);
        unit = 16;
    }
    share = MIENI_MIN(mieni_cuda_over(share, unit), SHARED_BYTES / row_bytes / unit);
    args->rows_a_block = unit * MIENI_MAX(share, 1);
    return (uint32_t)(args->rows_a_block * row_bytes);
}

static void fill_chain(const MieniDevice *device, const CudaStep *steps, int32_t n_rows,
                       CudaGroup *group)
{
    CudaChainArgs *args = &group->args.chain;
    group->n_blocks = n_rows > 1 ? device->cluster_blocks : 1;
    /* The blocks of a step alone don't wait for each other: there may be any number. */
    for (int32_t i = 0; i < group->n_branches && n_rows == 1; i++)
        group->n_blocks = MIENI_MAX(group->n_blocks, wanted_blocks(device, &steps[i]));
    args->n_steps = n_rows;
    args->n_blocks = group->n_blocks;
    for (int32_t i = 0; i < group->n_steps; i++) {
        CudaConvArgs *step = &args->steps[i % group->n_branches * n_rows + i / group->n_branches];
        *step = steps[i].args.conv;
        uint32_t bytes = cut_step(device, &steps[i], group->n_blocks, step);
        group->shared_bytes = MIENI_MAX(group->shared_bytes, bytes);
    }
}

static void fill_branches(const CudaStep *steps, CudaGroup *group)
{
    for (int32_t i = 0; i < group->n_branches; i++) {
        int32_t n_blocks = mieni_cuda_over(steps[i].items, MIENI_CUDA_THREADS);
        group->n_blocks = MIENI_MAX(group->n_blocks, n_blocks);
        if (group->kernel == CUDA_KERNEL_landmarks_to_matrix)
            group->args.matrix[i] = steps[i].args.matrix;
        else
            group->args.planes[i] = steps[i].args.planes;
    }
}

/* The group that begins at a step: a chain or branches of a step each, whichever takes more steps.
 * False if there is none. */
static bool find_group(const MieniDevicePlan *plan, int32_t first, CudaGroup *group)
{
    int32_t n_rows = 1;
    *group = (CudaGroup){.first = first, .n_steps = 1};
    for (int is_chain = 1; is_chain >= 0; is_chain--) {
        CudaKernel kernel = group_kernel(plan->device, &plan->steps[first], is_chain);
        if (kernel == CUDA_N_KERNELS)
            continue;
        int32_t n_branches = count_branches(plan, first, kernel, is_chain);
        int32_t n = is_chain ? count_rows(plan, first, kernel, n_branches) : 1;
        if (n * n_branches <= group->n_steps || (is_chain && n == 1))
            continue;
        n_rows = n;
        group->n_steps = n * n_branches;
        group->n_branches = n_branches;
        group->kernel = kernel;
    }
    if (group->n_steps == 1)
        return false;
    if (group->kernel == CUDA_KERNEL_chain || group->kernel == CUDA_KERNEL_chain_half)
        fill_chain(plan->device, &plan->steps[first], n_rows, group);
    else
        fill_branches(&plan->steps[first], group);
    return true;
}

/* Goes over the steps; writes groups, or only counts them. */
static int32_t find_groups(const MieniDevicePlan *plan, CudaGroup *groups)
{
    int32_t n_groups = 0;
    CudaGroup group;
    for (int32_t i = 0; i < plan->n_steps;) {
        bool found = find_group(plan, i, &group);
        if (found && groups)
            groups[n_groups] = group;
        n_groups += found;
        i += found ? group.n_steps : 1;
    }
    return n_groups;
}

MienStatus mieni_cuda_make_groups(MieniDevicePlan *plan, MienError *error)
{
    int32_t n = find_groups(plan, NULL);
    if (n == 0)
        return MIEN_OK;
    plan->groups = mieni_arena_alloc(plan->arena, (size_t)n, sizeof(*plan->groups));
    if (!plan->groups)
        return mieni_fail_nomem(error);
    plan->n_groups = find_groups(plan, plan->groups);
    return MIEN_OK;
}

CuResult mieni_cuda_group_launch(const MieniDevicePlan *plan, const CudaGroup *group,
                                 int32_t n_faces)
{
    CudaLaunchArgs args = group->args;
    CudaLaunch launch = {group->kernel,      group->n_blocks,    n_faces,
                         group->n_branches,  MIENI_CUDA_THREADS, 1,
                         group->shared_bytes};
    if (group->kernel == CUDA_KERNEL_chain || group->kernel == CUDA_KERNEL_chain_half) {
        launch.threads = MIENI_CUDA_CHAIN_THREADS;
        launch.cluster = args.chain.n_steps > 1 ? group->n_blocks : 1;
    }
    return mieni_cuda_launch(plan->device, &launch, &args);
}
