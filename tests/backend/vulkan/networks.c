/* SPDX-License-Identifier: Apache-2.0 */
/* Every network gives on a Vulkan device what the reference gives, in batches and one at a time. */
#include <math.h>

#include "backend/vulkan/bed.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

/* Which network of which file, and the range of its input. */
static void check(const char *file, size_t network, float low, float high)
{
    MienModel *model = fixture_model(file);
    MieniPlan *plan;
    MienError error = {0};
    bed_open();
    assert_true(network < model->n_networks);
    if (mieni_plan_create(model->networks[network].graph, &plan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    Bed bed = bed_put(plan);
    double one = bed_compare(file, &bed, 1, low, high);
    double some = bed_compare(file, &bed, 3, low, high);
    printf("%s, network %zu: off by %.1e at most\n", file, network, fmax(one, some));
    bed_drop(&bed);
    mieni_plan_destroy(plan);
}

static void short_range(void **state)
{
    (void)state;
    check(SHORT_RANGE, 0, -1, 1);
}

static void full_range(void **state)
{
    (void)state;
    check(FULL_RANGE, 0, -1, 1);
}

static void mesh(void **state)
{
    (void)state;
    check(MESH, 0, 0, 1);
}

static void attention(void **state)
{
    (void)state;
    check(ATTENTION, 0, 0, 1);
}

static void landmarks_v2(void **state)
{
    (void)state;
    check(BUNDLE, 1, 0, 1);
}

static void blendshapes(void **state)
{
    (void)state;
    check(BUNDLE, 2, 0, 192);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention),  cmocka_unit_test(blendshapes), cmocka_unit_test(short_range),
        cmocka_unit_test(full_range), cmocka_unit_test(mesh),        cmocka_unit_test(landmarks_v2),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    fixture_finish(NULL);
    return test_exit_code(failed);
}
