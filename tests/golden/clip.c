/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracking over the clip equals MediaPipe's Python FaceMesh, fed the same RGB24 frames: in at least
 * 97% of the frames the same number of faces, and the bound on the mean in those. And our own YUV
 * path equals our RGB path.
 */
#include "golden/compare.h"
#include "golden/network.h"
#include "mien/media.h"

#define CLIP "testdata/short_hamilton_clip.mp4"
#define N_FRAMES 275
#define MIN_AGREEING 267 /* 97% of 275, rounded up */

static MienMediaReader *open_clip(bool rgb24)
{
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    options.rgb24 = rgb24;
    MienMediaReader *reader;
    MienError error = {0};
    if (mien_media_reader_open(test_need_data(CLIP), &options, &reader, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return reader;
}

static MienMediaFrame *read_frame(MienMediaReader *reader)
{
    MienMediaFrame *frame;
    MienError error = {0};
    if (mien_media_reader_read(reader, &frame, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return frame;
}

static const MienResult *process(MienEngine *engine, const MienMediaFrame *frame)
{
    const MienResult *result;
    MienStatus status = mien_engine_process(engine, mien_media_frame_image(frame),
                                            mien_media_frame_timestamp_us(frame), &result);
    if (status != MIEN_OK)
        fail_msg("%s", mien_engine_message(engine));
    return result;
}

/* Undoes the quantisation of the golden file. */
static void load_points(const GoldenTensor *points, size_t face, size_t n, float *want)
{
    const uint16_t *data = (const uint16_t *)points->data + face * n * 2;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++)
            want[2 * i + (size_t)k] = (float)(data[2 * i + (size_t)k] / 32767.5 - 0.5);
}

static void check_clip(const char *golden_name, int32_t max_faces)
{
    Golden *golden = golden_read(golden_name);
    const int32_t *n_faces = golden_get(golden, "n_faces", GOLDEN_I32)->data;
    const GoldenTensor *indices = golden_get(golden, "indices", GOLDEN_I32);
    const GoldenTensor *points = golden_get(golden, "points", GOLDEN_U16);
    size_t n = indices->n_elements, face_at = 0;
    float *want = calloc(2 * n, sizeof(*want));
    assert_non_null(want);
    MienMediaReader *reader = open_clip(true);
    MienEngine *engine = open_engine(MIEN_MODE_VIDEO, "face_landmark.tflite",
                                     "face_detection_short_range.tflite", max_faces, MIEN_CPU_ALL);
    int n_frames = 0, n_agreeing = 0, n_compared = 0;
    double sum = 0, worst_mean = 0, worst = 0;
    for (MienMediaFrame *frame; (frame = read_frame(reader)) != NULL; n_frames++) {
        assert_true(n_frames < N_FRAMES);
        const MienImage *image = mien_media_frame_image(frame);
        const MienResult *result = process(engine, frame);
        bool agreeing = mien_result_n_faces(result) == (size_t)n_faces[n_frames];
        n_agreeing += agreeing;
        for (int32_t k = 0; k < n_faces[n_frames]; k++, face_at++) {
            if (!agreeing)
                continue;
            load_points(points, face_at, n, want);
            Difference d = compare_face(nearest_face(result, want, indices->data, n), want,
                                        indices->data, n, image->width, image->height);
            sum += d.mean;
            n_compared++;
            worst_mean = d.mean > worst_mean ? d.mean : worst_mean;
            worst = d.worst > worst ? d.worst : worst;
        }
        mien_media_frame_destroy(frame);
    }
    printf("%s: %d of %d frames agree; %d faces: mean %.4f%%, worst frame's mean %.4f%%, worst "
           "point %.4f%%\n",
           golden_name, n_agreeing, n_frames, n_compared, 100 * sum / n_compared, 100 * worst_mean,
           100 * worst);
    assert_int_equal(n_frames, N_FRAMES);
    assert_true(n_agreeing >= MIN_AGREEING);
    assert_true(worst_mean <= BOUND_MEAN);
    mien_engine_destroy(engine);
    mien_media_reader_destroy(reader);
    free(want);
    golden_destroy(golden);
}

static void tracking_one_face_equals_mediapipe(void **state)
{
    (void)state;
    check_clip("clip/hamilton-max-1.gold", 1);
}

static void tracking_two_faces_equals_mediapipe(void **state)
{
    (void)state;
    check_clip("clip/hamilton-max-2.gold", 2);
}

/* Same engine options, the decoder's own YUV on one side, RGB24 on the other. */
static void yuv_equals_rgb(void **state)
{
    (void)state;
    MienMediaReader *readers[2] = {open_clip(true), open_clip(false)};
    MienEngine *engines[2];
    for (int i = 0; i < 2; i++)
        engines[i] = open_engine(MIEN_MODE_VIDEO, "face_landmark.tflite",
                                 "face_detection_short_range.tflite", 1, MIEN_CPU_ALL);
    int n_agreeing = 0, n_compared = 0;
    double sum = 0, worst_mean = 0;
    for (int at = 0; at < N_FRAMES; at++) {
        MienMediaFrame *frames[2] = {read_frame(readers[0]), read_frame(readers[1])};
        const MienResult *rgb = process(engines[0], frames[0]),
                         *yuv = process(engines[1], frames[1]);
        assert_int_equal(mien_media_frame_image(frames[0])->format, MIEN_PIXEL_RGB24);
        assert_int_equal(mien_media_frame_image(frames[1])->format, MIEN_PIXEL_I420);
        if (mien_result_n_faces(rgb) == mien_result_n_faces(yuv)) {
            n_agreeing++;
            const MienFace *a = mien_result_face(rgb, 0), *b = mien_result_face(yuv, 0);
            if (a) {
                float want[2 * 468];
                for (int i = 0; i < 468; i++) {
                    want[2 * i] = a->landmarks[i].x;
                    want[2 * i + 1] = a->landmarks[i].y;
                }
                Difference d = compare_face(b, want, NULL, 468, 640, 360);
                sum += d.mean;
                n_compared++;
                worst_mean = d.mean > worst_mean ? d.mean : worst_mean;
            }
        }
        mien_media_frame_destroy(frames[0]);
        mien_media_frame_destroy(frames[1]);
    }
    printf("YUV against RGB: %d of %d frames agree; %d faces: mean %.4f%%, worst frame's mean "
           "%.4f%%\n",
           n_agreeing, N_FRAMES, n_compared, 100 * sum / n_compared, 100 * worst_mean);
    assert_true(n_agreeing >= MIN_AGREEING);
    assert_true(sum / n_compared <= BOUND_MEAN);
    for (int i = 0; i < 2; i++) {
        mien_engine_destroy(engines[i]);
        mien_media_reader_destroy(readers[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(tracking_one_face_equals_mediapipe),
                                              cmocka_unit_test(tracking_two_faces_equals_mediapipe),
                                              cmocka_unit_test(yuv_equals_rgb)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
