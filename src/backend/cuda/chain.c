/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains: small convolutions one behind the other, which for a few faces are one launch
 * (kernels/chain.h). What is small was reckoned, not measured: a launch takes longer than what a
 * few multiprocessors do of it in the same time.
 */
#include "backend/cuda/cuda.h"

_Static_assert(sizeof(CudaChainArgs) <= 4096, "kernels have 4 KiB of parameters");

/* Multiply-adds of a face: a cluster of blocks in fp32, one with matrix instructions, and one block
 * alone. */
#define MAX_CLUSTER_MACS 0.8e6
#define MAX_CLUSTER_HALF_MACS 3e6
#define MAX_BLOCK_MACS 0.2e6

/* Weights of a last layer: reading more of them wants every multiprocessor. */
#define MAX_LAST_WEIGHTS 65536

#define SHARED_BYTES (48 * 1024)

static double most_macs(const MieniDevice *device, CudaKernel kernel)
{
    if (device->cluster_blocks == 1)
        return MAX_BLOCK_MACS;
    return kernel == CUDA_KERNEL_chain_half && device->has_products ? MAX_CLUSTER_HALF_MACS
                                                                    : MAX_CLUSTER_MACS;
}

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

/* The kernel of a chain that a step may be part of; false if of none. */
static bool chain_kernel(const MieniDevicePlan *plan, const CudaStep *step, CudaKernel *kernel)
{
    const CudaConvArgs *args = &step->args.conv;
    switch (step->kernel) {
    case CUDA_KERNEL_conv:
    case CUDA_KERNEL_depthwise_pointwise:
    case CUDA_KERNEL_fully_connected:
        *kernel = CUDA_KERNEL_chain;
        break;
    case CUDA_KERNEL_conv_half:
    case CUDA_KERNEL_depthwise_pointwise_half:
        *kernel = CUDA_KERNEL_chain_half;
        break;
    default:
        return false;
    }
    if (args->out.height * args->out.width == 1 && macs_of(step) > MAX_LAST_WEIGHTS)
        return false;
    return macs_of(step) <= most_macs(plan->device, *kernel);
}

/* How many steps from `first` on are a chain. */
static int32_t chain_length(const MieniDevicePlan *plan, int32_t first, CudaKernel *kernel)
{
    int32_t n = 0;
    CudaKernel next;
    while (n < CUDA_MAX_CHAIN && first + n < plan->n_steps &&
           chain_kernel(plan, &plan->steps[first + n], &next) && (n == 0 || next == *kernel)) {
        *kernel = next;
        n++;
    }
    return n;
}

/* Shares the rows of a face out over the blocks of a cluster; returns the shared memory. */
static uint32_t cut_step(const MieniDevice *device, const CudaStep *step, CudaConvArgs *args)
{
    int32_t n_rows = args->out.height * args->out.width, groups = mieni_cuda_groups(&args->out);
    int32_t threads = device->cluster_blocks * MIENI_CUDA_CHAIN_THREADS;
    int32_t share = mieni_cuda_over(n_rows, device->cluster_blocks), row_bytes, unit = 4;
    bool has_products = step->kernel == CUDA_KERNEL_depthwise_pointwise_half ||
                        step->kernel == CUDA_KERNEL_conv_half;
    has_products = has_products && device->has_products;
    args->rows_a_thread = !has_products && mieni_cuda_over(n_rows, 4) * groups >= threads ? 4 : 1;
    args->rows_a_block = 0;
    if (step->kernel != CUDA_KERNEL_depthwise_pointwise &&
        step->kernel != CUDA_KERNEL_depthwise_pointwise_half)
        return 0;
    row_bytes = 4 * mieni_cuda_groups(&args->in) * (int32_t)sizeof(float);
    if (has_products) {
        row_bytes = mieni_cuda_product_row(&args->in);
        unit = 16;
    }
    share = MIENI_MIN(mieni_cuda_over(share, unit), SHARED_BYTES / row_bytes / unit);
    args->rows_a_block = unit * MIENI_MAX(share, 1);
    return (uint32_t)(args->rows_a_block * row_bytes);
}

static void fill_chain(const MieniDevicePlan *plan, CudaChain *chain, int32_t first, int32_t n)
{
    chain->first = first;
    chain->args.n_steps = n;
    chain->args.n_blocks = plan->device->cluster_blocks;
    for (int32_t i = 0; i < n; i++) {
        const CudaStep *step = &plan->steps[first + i];
        chain->args.steps[i] = step->args.conv;
        uint32_t bytes = cut_step(plan->device, step, &chain->args.steps[i]);
        chain->shared_bytes = MIENI_MAX(chain->shared_bytes, bytes);
    }
}

/* Goes over the steps; writes chains, or only counts them. */
static int32_t find_chains(const MieniDevicePlan *plan, CudaChain *chains)
{
    int32_t n_chains = 0;
    for (int32_t i = 0; i < plan->n_steps;) {
        CudaKernel kernel = CUDA_KERNEL_chain;
        int32_t n = chain_length(plan, i, &kernel);
        if (n >= 2 && chains) {
            chains[n_chains].kernel = kernel;
            fill_chain(plan, &chains[n_chains], i, n);
        }
        n_chains += n >= 2;
        i += MIENI_MAX(n, 1);
    }
    return n_chains;
}

MienStatus mieni_cuda_make_chains(MieniDevicePlan *plan, MienError *error)
{
    int32_t n = find_chains(plan, NULL);
    if (n == 0)
        return MIEN_OK;
    plan->chains = mieni_arena_alloc(plan->arena, (size_t)n, sizeof(*plan->chains));
    if (!plan->chains)
        return mieni_fail_nomem(error);
    memset(plan->chains, 0, (size_t)n * sizeof(*plan->chains));
    plan->n_chains = find_chains(plan, plan->chains);
    return MIEN_OK;
}

CuResult mieni_cuda_chain_launch(const MieniDevicePlan *plan, const CudaChain *chain,
                                 int32_t n_faces)
{
    CudaChainArgs args = chain->args;
    const CudaLaunch launch = {chain->kernel, args.n_blocks,      n_faces, MIENI_CUDA_CHAIN_THREADS,
                               args.n_blocks, chain->shared_bytes};
    return mieni_cuda_launch(plan->device, &launch, &args);
}
