/* SPDX-License-Identifier: Apache-2.0 */
/* The faces of every picture and of the clip from its first face on are the CPU's. */
#include "backend/cuda/sim.h"
#include "backend/faces.h"

/* Kernels work in larger pieces on a device of few multiprocessors, which takes the stand-in half
 * the time. */
static void begin(const char *multiprocessors)
{
    sim_need_cuda();
    setenv("MIEN_SIM_CHECK", "0", 1);
    setenv("MIEN_SIM_SMS", multiprocessors, 1);
}

static void pictures_have_the_same_faces(void **state)
{
    (void)state;
    begin("28");
    faces_check_all_pictures("cuda:0");
}

static void every_model_has_the_same_faces(void **state)
{
    (void)state;
    begin("28");
    faces_check_models("cuda:0");
}

static void the_clip_has_the_same_faces(void **state)
{
    (void)state;
    begin("1");
    MienEngine *cpu = faces_engine(MESH, SHORT_RANGE, MIEN_MODE_VIDEO, "cpu");
    MienEngine *cuda = faces_engine(MESH, SHORT_RANGE, MIEN_MODE_VIDEO, "cuda:0");
    assert_true(faces_follow(cpu, cuda, FRAMES_CLIP_BEGIN, FRAMES_CLIP_END) > 100);
    mien_engine_destroy(cpu);
    mien_engine_destroy(cuda);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_the_same_faces),
        cmocka_unit_test(every_model_has_the_same_faces),
        cmocka_unit_test(the_clip_has_the_same_faces),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
