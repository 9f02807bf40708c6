/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half precision on pictures, with every network: landmarks are within 0.1 % of the distance of
 * the outer corners of the eyes in the mean and 0.5 % at worst of what fp32 gives, blendshapes
 * within 0.01; with matrix instructions and without.
 */
#include <math.h>

#include "backend/cuda/sim.h"
#include "engine/frames.h"

enum { RIGHT_CORNER = 33, LEFT_CORNER = 263 };

static MienEngine *make_engine(const char *model, const char *device, MienPrecision precision)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.model = fixture_model(model);
    if (strcmp(model, BUNDLE) == 0) {
        options.detector = NULL;
        options.blendshapes = true;
    }
    options.max_faces = 2;
    options.device = device;
    options.precision = precision;
    return fixture_engine(&options);
}

static void compare(const char *what, const MienFace *got, const MienFace *want, float aspect)
{
    const MienLandmark *a = got->landmarks, *b = want->landmarks;
    double dx = b[LEFT_CORNER].x - b[RIGHT_CORNER].x;
    double dy = (b[LEFT_CORNER].y - b[RIGHT_CORNER].y) * aspect;
    double eyes = sqrt(dx * dx + dy * dy), mean = 0, worst = 0, scores = 0;
    assert_int_equal(got->n_landmarks, want->n_landmarks);
    for (size_t i = 0; i < (size_t)want->n_landmarks; i++) {
        double x = a[i].x - b[i].x, y = (a[i].y - b[i].y) * aspect;
        double off = sqrt(x * x + y * y) / eyes;
        assert_true(off == off);
        mean += off / want->n_landmarks;
        worst = MIENI_MAX(worst, off);
    }
    for (size_t i = 0; i < (size_t)want->n_blendshapes; i++)
        scores =
            MIENI_MAX(scores, fabs((double)got->blendshapes[i] - (double)want->blendshapes[i]));
    printf("%s: mean %.4f %%, worst %.4f %% of the eyes' distance, blendshapes %.4f\n", what,
           100 * mean, 100 * worst, scores);
    assert_true(mean > 0 && mean <= 0.001 && worst <= 0.005 && scores <= 0.01);
    assert_true(fabsf(got->presence - want->presence) <= 0.01f);
}

/* All pictures with faces, or the portrait alone. */
static const char *const all[] = {"obama.jpg",      "obama2.jpg",         "obama-1080p.jpg",
                                  "two_people.jpg", "alex-lacamoire.png", "lin-manuel-miranda.png"};

static void check(const char *model, const char *capability, bool portrait)
{
    sim_need_cuda();
    for (size_t i = 0; i < MIENI_COUNT_OF(all) && !portrait; i++)
        frames_picture(all[i]); /* or skips, before anything is there */
    setenv("MIEN_SIM_CHECK", "0", 1);
    setenv("MIEN_SIM_CC", capability, 1);
    MienEngine *cpu = make_engine(model, "cpu", MIEN_PRECISION_FP32);
    MienEngine *cuda = make_engine(model, "cuda", MIEN_PRECISION_FP16);
    MienEngineInfo info = {.struct_size = sizeof(info)};
    assert_int_equal(mien_engine_info(cuda, &info), MIEN_OK);
    assert_int_equal(info.precision, MIEN_PRECISION_FP16);
    for (size_t i = 0; i < (portrait ? 1 : MIENI_COUNT_OF(all)); i++) {
        char what[128];
        const char *name = portrait ? "portrait" : all[i];
        MienImage picture = portrait ? frames_portrait() : frames_picture(name);
        const MienResult *want = fixture_process(cpu, &picture, 1 + (int)i);
        const MienResult *got = fixture_process(cuda, &picture, 1 + (int)i);
        size_t n = mien_result_n_faces(want);
        assert_int_equal(mien_result_n_faces(got), n);
        assert_true(n > 0);
        snprintf(what, sizeof(what), "%s on %s, %s", model, capability, name);
        for (size_t k = 0; k < n; k++)
            compare(what, mien_result_face(got, k), mien_result_face(want, k),
                    (float)picture.height / (float)picture.width);
    }
    mien_engine_destroy(cuda);
    mien_engine_destroy(cpu);
    unsetenv("MIEN_SIM_CC");
}

static void mesh(void **state)
{
    (void)state;
    check(MESH, "5.3", true);
    check(MESH, "8.6", true);
    check(MESH, "8.6", false);
}

static void attention(void **state)
{
    (void)state;
    check(ATTENTION, "8.6", true);
    check(ATTENTION, "9.0", false);
}

static void bundle(void **state)
{
    (void)state;
    check(BUNDLE, "8.6", true);
    check(BUNDLE, "9.0", false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mesh),
        cmocka_unit_test(attention),
        cmocka_unit_test(bundle),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
