/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/video.h"

MienMediaReader *open_clip(bool rgb24)
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

MienMediaFrame *read_frame(MienMediaReader *reader)
{
    MienMediaFrame *frame;
    MienError error = {0};
    if (mien_media_reader_read(reader, &frame, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return frame;
}

/* Makes an engine forget what it tracks, and track this. */
static void set_start(MienEngine *engine, const Start *start)
{
    if (engine->n_streams == 0) {
        assert_int_equal(start->n, 0);
        return;
    }
    MieniStreamState *state = &engine->streams[0].state;
    assert_true(start->n <= engine->max_tracks);
    state->n_tracks = start->n;
    for (int32_t i = 0; i < start->n; i++)
        state->tracks[i] = (MieniTrack){.rect = start->rects[i], .face_id = i, .score = 1};
}

void run_clip(MienEngine *engine, bool rgb24, const Start *starts, int step, MienResult **results)
{
    MienMediaReader *reader = open_clip(rgb24);
    MienMediaFrame *frame;
    int at = 0;
    for (; (frame = read_frame(reader)) != NULL; at++) {
        assert_true(at < N_FRAMES);
        const MienImage *image = mien_media_frame_image(frame);
        assert_int_equal(image->format, rgb24 ? MIEN_PIXEL_RGB24 : MIEN_PIXEL_I420);
        assert_int_equal(image->width, CLIP_WIDTH);
        assert_int_equal(image->height, CLIP_HEIGHT);
        results[at] = NULL;
        if (at % step == 0) {
            const MienResult *result;
            if (starts)
                set_start(engine, &starts[at]);
            if (mien_engine_process(engine, image, mien_media_frame_timestamp_us(frame), &result) !=
                MIEN_OK)
                fail_msg("%s", mien_engine_message(engine));
            assert_int_equal(mien_result_clone(result, &results[at]), MIEN_OK);
        }
        mien_media_frame_destroy(frame);
    }
    assert_int_equal(at, N_FRAMES);
    mien_media_reader_destroy(reader);
}

void free_results(MienResult **results)
{
    for (int i = 0; i < N_FRAMES; i++)
        mien_result_destroy(results[i]);
}

void starts_from_results(MienResult *const *results, Start *starts)
{
    starts[0].n = 0;
    for (int at = 1; at < N_FRAMES; at++) {
        const MienResult *before = results[at - 1];
        starts[at].n = (int32_t)mien_result_n_faces(before);
        assert_true(starts[at].n <= MAX_STARTS);
        for (int32_t i = 0; i < starts[at].n; i++) {
            const MienFace *face = mien_result_face(before, (size_t)i);
            starts[at].rects[i] = mieni_rect_from_landmarks(face->landmarks, face->n_landmarks,
                                                            CLIP_WIDTH, CLIP_HEIGHT, false);
        }
    }
}

void tally_frame(Tally *tally, bool agreeing)
{
    tally->n_frames++;
    tally->n_agreeing += agreeing;
}

void tally_face(Tally *tally, const Difference *difference)
{
    tally->n_compared++;
    tally->sum += difference->mean;
    /* Written so that NaN gets in. */
    if (!(difference->mean <= tally->worst_mean))
        tally->worst_mean = difference->mean;
    if (!(difference->worst <= tally->worst))
        tally->worst = difference->worst;
}

double tally_mean(const Tally *tally)
{
    return tally->sum / tally->n_compared;
}

void tally_print(const char *what, const Tally *tally)
{
    printf("%s: %d of %d frames agree in number; %d faces: mean %.4f%%, worst frame's mean "
           "%.4f%%, worst point %.4f%% of the eye distance\n",
           what, tally->n_agreeing, tally->n_frames, tally->n_compared, 100 * tally_mean(tally),
           100 * tally->worst_mean, 100 * tally->worst);
}
