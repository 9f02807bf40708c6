/* SPDX-License-Identifier: Apache-2.0 */
#include "face/face.h"

#include <math.h>

#include "support/test.h"

/* MediaPipe's rectangles, mediapipe/calculators/util/association_calculator_test.cc; a track's id
 * is its rectangle's number. */
static const MieniTrack n[6] = {
    {{0.2f, 0.2f, 0.2f, 0.2f, 0}, 0, 0, -1}, {{0.4f, 0.2f, 0.2f, 0.2f, 0}, 1, 0, -1},
    {{1.0f, 0.3f, 0.2f, 0.2f, 0}, 2, 0, -1}, {{0.35f, 0.15f, 0.3f, 0.3f, 0}, 3, 0, -1},
    {{1.1f, 0.3f, 0.2f, 0.2f, 0}, 4, 0, -1}, {{0.45f, 0.05f, 0.3f, 0.3f, 0}, 5, 0, -1},
};

static void check_ids(const MieniTrack *tracks, int32_t count, const char *ids)
{
    assert_int_equal(count, strlen(ids));
    for (int32_t i = 0; i < count; i++)
        assert_int_equal(tracks[i].face_id, ids[i] - '0');
}

/* Three streams are two associations, one after the other. */
static void test_mediapipe_vectors(void **state)
{
    (void)state;
    MieniTrack first[6], second[6];
    int32_t count = mieni_track_associate(n, 3, n + 3, 2, 0.1f, first);
    count = mieni_track_associate(first, count, n + 5, 1, 0.1f, second);
    check_ids(second, count, "45");

    count = mieni_track_associate(n + 5, 1, n + 3, 2, 0.1f, first);
    count = mieni_track_associate(first, count, n, 3, 0.1f, second);
    check_ids(second, count, "012");

    const MieniTrack single[2] = {n[3], n[5]};
    count = mieni_track_associate(single, 2, NULL, 0, 0.1f, first);
    check_ids(first, count, "5");
    count = mieni_track_associate(NULL, 0, single, 2, 0.1f, first);
    check_ids(first, count, "5");
}

/* A tracked face beats the detection of the same face, whatever its place; new ones come first. */
static void test_tracked_beats_detected(void **state)
{
    (void)state;
    const MieniTrack detected[2] = {{{0.21f, 0.2f, 0.2f, 0.2f, 0}, -1, 0.9f, -1},
                                    {{0.8f, 0.2f, 0.2f, 0.2f, 0}, -1, 0.8f, -1}};
    const MieniTrack tracked[1] = {{{0.2f, 0.2f, 0.2f, 0.2f, 1}, 7, 0.6f, -1}};
    MieniTrack merged[3];
    int32_t count = mieni_track_associate(detected, 2, tracked, 1, MIENI_TRACK_IOU_LEGACY, merged);
    assert_int_equal(count, 2);
    assert_true(merged[0].face_id == -1 && merged[0].score == 0.8f);
    assert_true(merged[1].face_id == 7 && merged[1].score == 0.6f);
    assert_true(merged[1].rect.rotation == 1);
}

/* No cap: more faces than asked for may come out, as in MediaPipe. */
static void test_no_cap(void **state)
{
    (void)state;
    const MieniTrack detected[2] = {n[0], n[2]};
    const MieniTrack tracked[1] = {n[1]};
    MieniTrack merged[3];
    assert_int_equal(mieni_track_associate(detected, 2, tracked, 1, 0.5f, merged), 3);
    assert_int_equal(mieni_track_associate(NULL, 0, NULL, 0, 0.5f, merged), 0);
}

/* In the Face Landmarker detections come second: the rectangle is theirs, the face goes on. */
static void test_detection_takes_over(void **state)
{
    (void)state;
    const MieniTrack tracked[3] = {{{0.2f, 0.2f, 0.2f, 0.2f, 1}, 7, 0.6f, 2},
                                   {{0.24f, 0.2f, 0.2f, 0.2f, 1}, 8, 0.5f, 0},
                                   {{0.8f, 0.8f, 0.2f, 0.2f, 1}, 9, 0.4f, 1}};
    const MieniTrack detected[2] = {{{0.23f, 0.2f, 0.2f, 0.2f, 0}, -1, 0.9f, -1},
                                    {{0.8f, 0.2f, 0.2f, 0.2f, 0}, -1, 0.8f, -1}};
    MieniTrack merged[5];
    int32_t count = mieni_track_associate(tracked, 3, detected, 2, 0.5f, merged);
    /* 7 and 8 overlap each other by 0.67: 8 removes 7, and the first detection goes on as 8. */
    assert_int_equal(count, 3);
    assert_true(merged[0].face_id == 9);
    assert_true(merged[1].face_id == 8 && merged[1].slot == 0 && merged[1].score == 0.5f);
    assert_true(merged[1].rect.cx == 0.23f && merged[1].rect.rotation == 0);
    assert_true(merged[2].face_id == -1 && merged[2].slot == -1);
    /* Where nothing is removed, nothing is taken over. */
    assert_int_equal(mieni_track_associate(tracked, 1, detected, 2, 0.9f, merged), 3);
    assert_true(merged[1].face_id == -1 && merged[2].face_id == -1);
}

static void test_survives_nonsense(void **state)
{
    (void)state;
    MieniTrack bad[3] = {n[0], n[0], n[0]}, merged[3];
    bad[0].rect.cx = NAN;
    bad[1].rect.width = INFINITY;
    bad[2].rect.height = -1;
    assert_int_equal(mieni_track_associate(bad, 3, NULL, 0, 0.5f, merged), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mediapipe_vectors),
        cmocka_unit_test(test_tracked_beats_detected),
        cmocka_unit_test(test_no_cap),
        cmocka_unit_test(test_detection_takes_over),
        cmocka_unit_test(test_survives_nonsense),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
