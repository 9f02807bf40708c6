/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way from a picture to faces on a Vulkan device: the same faces as on the CPU, whatever
 * the batch, and nothing is allocated for a frame once one like it has been seen.
 */
#include "backend/faces.h"
#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"
#include "engine/engine_private.h"
#include "engine/frames.h"

/* With a feature masked off the clip is a few frames. */
static bool whole;

static void pictures_have_the_same_faces(void **state)
{
    (void)state;
    bed_open();
    faces_check_all_pictures(bed_name());
}

static void every_model_has_the_same_faces(void **state)
{
    (void)state;
    bed_open();
    faces_check_models(bed_name());
}

/* A face comes in frame 82 and is followed, first as each of both engines finds it. Nothing is made
 * or allocated for a frame any more until there are others beside it. */
static void the_clip_has_the_same_faces(void **state)
{
    (void)state;
    enum { CUT = 211 };
    bed_open();
    MienEngine *cpu = faces_engine(MESH, SHORT_RANGE, MIEN_MODE_VIDEO, "cpu");
    MienEngine *vulkan = faces_engine(MESH, SHORT_RANGE, MIEN_MODE_VIDEO, bed_name());
    assert_int_equal(faces_follow(cpu, vulkan, whole ? 0 : 80, 82), 0);
    assert_int_equal(faces_follow(cpu, vulkan, 82, 86), 4);
    uint64_t before = mieni_alloc_count();
    bed_watch_begin(&vulkan->choice.device->vk);
    assert_int_equal(faces_follow(cpu, vulkan, 86, 100), 14);
    if (whole)
        assert_int_equal(faces_follow_in_steps(cpu, vulkan, 100, CUT), CUT - 100);
    assert_int_equal(mieni_alloc_count(), before);
    assert_int_equal(bed_watch.n_made, 0);
    size_t n_faces = faces_follow_in_steps(cpu, vulkan, CUT, whole ? FRAMES_CLIP_END : CUT + 7);
    assert_true(n_faces > (whole ? 20 : 1));
    mien_engine_destroy(cpu);
    mien_engine_destroy(vulkan);
}

/* The same bits one by one and as a batch, and no allocation from the second batch on. */
static void batches_change_nothing(void **state)
{
    (void)state;
    enum { N = 5 };
    bed_open();
    MienImage images[N], people = frames_picture("two_people.jpg");
    const MienResult *results[N];
    MienResult *single[N];
    MienEngine *vulkan = faces_engine(MESH, SHORT_RANGE, MIEN_MODE_IMAGE, bed_name());
    for (int i = 0; i < N; i++) {
        images[i] = frames_window(&people, 3 * i, 2 * i, people.width - 40 - i, people.height - 30);
        single[i] = fixture_keep(vulkan, &images[i], 0);
    }
    for (int n = 2; n <= N; n += 3) {
        assert_int_equal(mien_engine_process_batch(vulkan, (size_t)n, images, NULL, NULL, results),
                         MIEN_OK);
        for (int i = 0; i < n; i++)
            assert_same_result("batch", results[i], single[i]);
    }
    uint64_t before = mieni_alloc_count();
    for (int n = N; n > 0; n -= 4) {
        assert_int_equal(mien_engine_process_batch(vulkan, (size_t)n, images, NULL, NULL, results),
                         MIEN_OK);
        fixture_process(vulkan, &images[n - 1], 0);
    }
    assert_int_equal(mieni_alloc_count(), before);
    for (int i = 0; i < N; i++)
        mien_result_destroy(single[i]);
    mien_engine_destroy(vulkan);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_the_same_faces),
        cmocka_unit_test(every_model_has_the_same_faces),
        cmocka_unit_test(the_clip_has_the_same_faces),
        cmocka_unit_test(batches_change_nothing),
    };
    bed_arguments(argc, argv);
    whole = argc == 1;
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    frames_finish(NULL);
    return test_exit_code(failed);
}
