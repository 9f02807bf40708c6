/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refine_landmarks and decode_landmarks of kernels.h and the presence; equals ref/. One block a
 * face, which goes through the groups of points one after the other: later ones see what earlier
 * ones wrote. Grid: y = face. Shared: one float.
 */
#include "backend/cuda/kernels/device.h"

/* The mean z of a group; one thread adds, in the table's order. */
DEVICE float mean_z(const CudaRefinement *group, const float *points)
{
    double sum = 0;
    int32_t i;
    for (i = 0; i < group->n_z_average; i++)
        sum += (double)points[3 * group->z_average[i] + 2];
    return (float)(sum / group->n_z_average);
}

DEVICE void refine(const CudaLandmarksArgs *args, int32_t face, float *points)
{
    const float *mesh = pixel_of(&args->mesh, face, 0);
    float *shared = shared_floats();
    int32_t r, i;
    for (i = thread_index(); i < 3 * args->n_landmarks; i += MIENI_CUDA_THREADS)
        points[i] = i < 3 * args->n_mesh ? mesh[i] : 0;
    for (r = 0; r < args->n_refinements; r++) {
        const CudaRefinement *group = &args->refinements[r];
        const float *from = group->points + face * group->face;
        barrier();
        if (thread_index() == 0 && group->n_z_average > 0)
            shared[0] = mean_z(group, points);
        barrier();
        for (i = thread_index(); i < group->n_points; i += MIENI_CUDA_THREADS) {
            float *to = points + 3 * group->targets[i];
            to[0] = from[2 * i];
            to[1] = from[2 * i + 1];
            if (group->n_z_average > 0)
                to[2] = shared[0];
        }
    }
    barrier();
}

KERNEL(decode_landmarks, CudaLandmarksArgs)
{
    int32_t face = block_y(), i;
    const CudaJob *job = (const CudaJob *)(const void *)args.upload + face;
    const float *points = pixel_of(&args.mesh, face, 0);
    float *results = args.results + face * args.result_floats;
    if (args.n_refinements > 0) {
        float *refined = args.scratch + face * args.scratch_floats;
        refine(&args, face, refined);
        points = refined;
    }
    if (thread_index() == 0)
        results[0] = sigmoid(pixel_of(&args.presence, face, 0)[0]);
    for (i = thread_index(); i < args.n_landmarks; i += MIENI_CUDA_THREADS) {
        float x = points[3 * i] / args.side - job->origin;
        float y = points[3 * i + 1] / args.side - job->origin;
        float z = points[3 * i + 2] / args.side;
        float *to = results + 1 + 3 * i;
        to[0] = (job->to_x[0] * x + job->to_x[1] * y) * job->to_scale[0] + job->to_offset[0];
        to[1] = (job->to_y[0] * x + job->to_y[1] * y) * job->to_scale[1] + job->to_offset[1];
        to[2] = z * job->depth;
    }
}
