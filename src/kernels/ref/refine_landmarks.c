/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mesh with the finer points of the attention model put in. Source: docs/formulas.md,
 * "Refinement".
 */
#include "kernels/ref/ref.h"

#define N_MESH 468
#define N_REFINED 478

void mieni_refine_landmarks_ref(const float *mesh, int32_t n_refinements,
                                const MieniRefinement *refinements, const float *const *raw,
                                float *out)
{
    memcpy(out, mesh, sizeof(float) * 3 * N_MESH);
    memset(out + 3 * N_MESH, 0, sizeof(float) * 3 * (N_REFINED - N_MESH));
    for (int32_t r = 0; r < n_refinements; r++) {
        const MieniRefinement *refinement = &refinements[r];
        /* Later groups see what earlier ones wrote; none of them changes z of the mesh. */
        double sum = 0;
        for (int32_t i = 0; i < refinement->n_z_average; i++)
            sum += (double)out[3 * refinement->z_average[i] + 2];
        for (int32_t i = 0; i < refinement->n_points; i++) {
            float *to = out + 3 * refinement->targets[i];
            to[0] = raw[r][2 * i];
            to[1] = raw[r][2 * i + 1];
            if (refinement->n_z_average > 0)
                to[2] = (float)(sum / refinement->n_z_average);
        }
    }
}
