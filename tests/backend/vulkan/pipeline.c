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
    assert_int_equal(faces_follow(cpu, vulkan, 0, 82), 0);
    assert_int_equal(faces_follow(cpu, vulkan, 82, 86), 4);
    uint64_t before = mieni_alloc_count();
    bed_watch_begin(&vulkan->choice.device->vk);
    assert_int_equal(faces_follow(cpu, vulkan, 86, 100), 14);
    assert_int_equal(faces_follow_in_steps(cpu, vulkan, 100, CUT), CUT - 100);
    assert_int_equal(mieni_alloc_count(), before);
    assert_int_equal(bed_watch.n_made, 0);
    size_t n_faces = faces_follow_in_steps(cpu, vulkan, CUT, FRAMES_CLIP_END);
    printf("%zu faces behind frame %d\n", n_faces, CUT - 1);
    assert_true(n_faces > 20);
    mien_engine_destroy(cpu);
    mien_engine_destroy(vulkan);
}

/* The same bits one by one and as a batch, and nothing is made or allocated for a number of
 * pictures that was seen since there were most. */
static void batches_change_nothing(void **state)
{
    (void)state;
    enum { N = 4 };
    bed_open();
    MienImage images[N], people = frames_picture("two_people.jpg");
    const MienResult *results[N];
    MienResult *batch[N];
    MienEngine *vulkan = faces_engine(MESH, SHORT_RANGE, MIEN_MODE_IMAGE, bed_name());
    for (int i = 0; i < N; i++)
        images[i] = frames_window(&people, 3 * i, 2 * i, people.width - 40 - i, people.height - 30);
    assert_int_equal(mien_engine_process_batch(vulkan, N, images, NULL, NULL, results), MIEN_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(mien_result_clone(results[i], &batch[i]), MIEN_OK);
    assert_int_equal(mien_engine_process_batch(vulkan, 2, images, NULL, NULL, results), MIEN_OK);
    for (int i = 0; i < 2; i++)
        assert_same_result("two", results[i], batch[i]);
    for (int i = 0; i < N; i++)
        assert_same_result("one", fixture_process(vulkan, &images[i], 0), batch[i]);
    uint64_t before = mieni_alloc_count();
    bed_watch_begin(&vulkan->choice.device->vk);
    for (size_t n = N; n > 0; n /= 2)
        assert_int_equal(mien_engine_process_batch(vulkan, n, images, NULL, NULL, results),
                         MIEN_OK);
    assert_int_equal(mieni_alloc_count(), before);
    assert_int_equal(bed_watch.n_made, 0);
    for (int i = 0; i < N; i++)
        mien_result_destroy(batch[i]);
    mien_engine_destroy(vulkan);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_has_the_same_faces),
        cmocka_unit_test(pictures_have_the_same_faces),
        cmocka_unit_test(the_clip_has_the_same_faces),
        cmocka_unit_test(batches_change_nothing),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    frames_finish(NULL);
    return test_exit_code(failed);
}
