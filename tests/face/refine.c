/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the attention model's outputs, and the kernel that puts them into the mesh. */
#include "face/face.h"

#include "base/rng.h"
#include "face/csv.h"
#include "kernels/ref/ref.h"

static void check_list(const char *name, const uint16_t *list, int32_t n)
{
    size_t n_numbers;
    double *numbers = csv_read(name, &n_numbers);
    assert_int_equal(n_numbers, 2 * (size_t)n);
    for (int32_t i = 0; i < n; i++) {
        assert_true(numbers[2 * i] == i);
        assert_true(numbers[2 * i + 1] == list[i]);
    }
    free(numbers);
}

static void test_tables(void **state)
{
    (void)state;
    static const char *const names[MIENI_N_REFINEMENTS] = {"lips", "left_eye", "right_eye",
                                                           "left_iris", "right_iris"};
    static const int32_t n_points[MIENI_N_REFINEMENTS] = {80, 71, 71, 5, 5};
    for (int r = 0; r < MIENI_N_REFINEMENTS; r++) {
        const MieniRefinement *refinement = &mieni_refinements[r];
        char path[128];
        assert_int_equal(refinement->n_points, n_points[r]);
        snprintf(path, sizeof(path), "reference/data/attention_refinement_%s.csv", names[r]);
        check_list(path, refinement->targets, refinement->n_points);
        assert_int_equal(refinement->n_z_average, r < 3 ? 0 : 16);
        if (refinement->n_z_average == 0)
            continue;
        snprintf(path, sizeof(path), "reference/data/attention_refinement_%s_z_average.csv",
                 names[r]);
        check_list(path, refinement->z_average, refinement->n_z_average);
    }
}

/* What the kernel relies on, without any file. */
static void test_indices_are_in_range(void **state)
{
    (void)state;
    for (int r = 0; r < MIENI_N_REFINEMENTS; r++) {
        for (int32_t i = 0; i < mieni_refinements[r].n_points; i++) {
            uint16_t target = mieni_refinements[r].targets[i];
            assert_true(r < 3 ? target < MIENI_N_MESH : target == MIENI_N_MESH + 5 * (r - 3) + i);
        }
        for (int32_t i = 0; i < mieni_refinements[r].n_z_average; i++)
            assert_true(mieni_refinements[r].z_average[i] < MIENI_N_MESH);
    }
}

/* Every point of the result comes from the last group that names it; z from the mesh or a mean. */
static void test_refine(void **state)
{
    (void)state;
    uint64_t rng = 41;
    static float mesh[3 * MIENI_N_MESH], points[MIENI_N_REFINEMENTS][2 * 80];
    static float out[3 * MIENI_N_REFINED + 1];
    const float *raw[MIENI_N_REFINEMENTS];
    for (int i = 0; i < 3 * MIENI_N_MESH; i++)
        mesh[i] = mieni_rng_float(&rng, -50, 200);
    for (int r = 0; r < MIENI_N_REFINEMENTS; r++) {
        raw[r] = points[r];
        for (int i = 0; i < 2 * 80; i++)
            points[r][i] = mieni_rng_float(&rng, -50, 200);
    }
    out[3 * MIENI_N_REFINED] = -7;
    mieni_refine_landmarks_ref(mesh, MIENI_N_REFINEMENTS, mieni_refinements, raw, out);
    assert_true(out[3 * MIENI_N_REFINED] == -7);

    int n_refined = 0;
    for (int landmark = 0; landmark < MIENI_N_REFINED; landmark++) {
        float x = landmark < MIENI_N_MESH ? mesh[3 * landmark] : 0;
        float y = landmark < MIENI_N_MESH ? mesh[3 * landmark + 1] : 0;
        double z = landmark < MIENI_N_MESH ? mesh[3 * landmark + 2] : 0;
        for (int r = 0; r < MIENI_N_REFINEMENTS; r++) {
            const MieniRefinement *refinement = &mieni_refinements[r];
            for (int32_t i = 0; i < refinement->n_points; i++) {
                if (refinement->targets[i] != landmark)
                    continue;
                n_refined++;
                x = points[r][2 * i];
                y = points[r][2 * i + 1];
                if (refinement->n_z_average == 0)
                    continue;
                z = 0;
                for (int32_t k = 0; k < 16; k++)
                    z += mesh[3 * refinement->z_average[k] + 2] / 16.0;
            }
        }
        assert_true(out[3 * landmark] == x && out[3 * landmark + 1] == y);
        const float want = (float)z;
        test_compare_floats("z", &out[3 * landmark + 2], &want, 1, 1e-5, 0);
    }
    assert_int_equal(n_refined, 80 + 71 + 71 + 5 + 5);

    mieni_refine_landmarks_ref(mesh, 0, NULL, NULL, out);
    assert_memory_equal(out, mesh, sizeof(mesh));
}

/*
 * reference/data/sergey_stage_values.json, legacy_478_attention (an independent reproduction): the
 * z of these 16 landmarks around the left eye, over the rectangle's width, give that of iris 468.
 */
static void test_sergey_iris_z(void **state)
{
    (void)state;
    static float mesh[3 * MIENI_N_MESH], out[3 * MIENI_N_REFINED];
    static const float points[10];
    const float *raw[1] = {points};
    const MieniRefinement *iris = &mieni_refinements[3];
    static const struct {
        int landmark;
        float z;
    } around[16] = {{33, 0.0409221f},  {7, 0.032634f},    {163, 0.0257602f}, {144, 0.0180248f},
                    {145, 0.0119784f}, {153, 0.0108003f}, {154, 0.0140306f}, {155, 0.0188032f},
                    {133, 0.0192255f}, {246, 0.0301315f}, {161, 0.0219831f}, {160, 0.0137835f},
                    {159, 0.007689f},  {158, 0.006657f},  {157, 0.0111433f}, {173, 0.015913f}};
    for (int i = 0; i < 16; i++)
        mesh[3 * around[i].landmark + 2] = around[i].z;
    mieni_refine_landmarks_ref(mesh, 1, iris, raw, out);
    const float want = 0.0187175f;
    for (int i = 468; i < 473; i++)
        test_compare_floats("z", &out[3 * i + 2], &want, 1, 1e-6, 0);
    assert_true(out[3 * 473 + 2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_indices_are_in_range),
        cmocka_unit_test(test_refine),
        cmocka_unit_test(test_sergey_iris_z),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
