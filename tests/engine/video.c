/* SPDX-License-Identifier: Apache-2.0 */
/* MIEN_MODE_VIDEO: faces are followed, streams are apart, and a call that fails never happened. */
#include "engine/frames.h"

#define MAX_FRAMES 64
#define PAN_FRAMES 12

static MienEngine *open_engine(int32_t max_faces, int32_t threads)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    options.max_faces = max_faces;
    options.threads = threads;
    return fixture_engine(&options);
}

/* A camera that pans over the portrait, a few pixels a frame. */
static MienImage pan(int index)
{
    MienImage portrait = frames_portrait();
    return frames_window(&portrait, 3 * index, 2 * index, portrait.width - 3 * PAN_FRAMES,
                         portrait.height - 2 * PAN_FRAMES);
}

static MienImage empty(void)
{
    MienImage like = pan(0);
    return fixture_blank(like.width, like.height);
}

static void expect_face(const MienResult *result, int32_t face_id)
{
    assert_int_equal(mien_result_n_faces(result), 1);
    assert_int_equal(mien_result_face(result, 0)->face_id, face_id);
}

static void ids_stay_and_are_not_reused(void **state)
{
    (void)state;
    MienEngine *engine = open_engine(1, 1);
    int64_t time = 0;
    MienImage nothing = empty();
    for (int32_t pass = 0; pass < 3; pass++) {
        for (int i = 0; i < PAN_FRAMES; i++) {
            MienImage image = pan(i);
            expect_face(fixture_process(engine, &image, ++time), pass);
        }
        for (int i = 0; i < 2; i++)
            assert_int_equal(mien_result_n_faces(fixture_process(engine, &nothing, ++time)), 0);
    }
    mien_engine_reset(engine);
    MienImage image = pan(3);
    expect_face(fixture_process(engine, &image, 1), 0);
    mien_engine_destroy(engine);
}

/* While a face is followed the detector does not run: the score is that of the first frame. */
static void score_is_that_of_the_detection(void **state)
{
    (void)state;
    MienEngine *engine = open_engine(1, 1);
    float score = 0;
    for (int i = 0; i < 5; i++) {
        MienImage image = pan(2 * i);
        const MienResult *result = fixture_process(engine, &image, i);
        expect_face(result, 0);
        if (i == 0)
            score = mien_result_face(result, 0)->score;
        assert_true(mien_result_face(result, 0)->score == score);
    }
    mien_engine_destroy(engine);
}

/* Over real frames in which faces come and go an id that is gone does not come back. */
static void ids_of_the_clip_are_never_reused(void **state)
{
    (void)state;
    enum { BEGIN = 205, MAX_IDS = 64, MAX_FACES = 3 };
    bool was_there[MAX_IDS] = {false}, is_gone[MAX_IDS] = {false};
    int32_t n_ids = 0;
    (void)frames_clip(BEGIN); /* what is missing skips the test before anything is held */
    MienEngine *engine = open_engine(MAX_FACES, 2);
    for (int i = BEGIN; i < FRAMES_CLIP_END; i++) {
        MienImage image = frames_clip(i);
        const MienResult *result = fixture_process(engine, &image, frames_time_us(i));
        bool is_there[MAX_IDS] = {false};
        assert_true(mien_result_n_faces(result) <= 2 * MAX_FACES - 1);
        for (size_t k = 0; k < mien_result_n_faces(result); k++) {
            int32_t id = mien_result_face(result, k)->face_id;
            test_in_range(id, 0, MAX_IDS - 1);
            assert_false(is_gone[id]);
            assert_false(is_there[id]); /* two faces with the same id */
            is_there[id] = true;
            n_ids = id >= n_ids ? id + 1 : n_ids;
        }
        for (int32_t id = 0; id < n_ids; id++) {
            is_gone[id] = is_gone[id] || (was_there[id] && !is_there[id]);
            was_there[id] = is_there[id];
        }
    }
    assert_true(n_ids >= 3);
    assert_true(is_gone[0]);
    mien_engine_destroy(engine);
}

/* A video to compare with: frames and their times, and what an engine of its own says to each. */
typedef struct Video {
    int n;
    MienImage images[MAX_FRAMES];
    int64_t times_us[MAX_FRAMES];
    MienResult *want[MAX_FRAMES];
} Video;

static void find_results(Video *video, int32_t max_faces)
{
    MienEngine *engine = open_engine(max_faces, 1);
    for (int i = 0; i < video->n; i++)
        video->want[i] = fixture_keep(engine, &video->images[i], video->times_us[i]);
    mien_engine_destroy(engine);
}

static void add_frame(Video *video, MienImage image)
{
    video->times_us[video->n] = frames_time_us(video->n);
    video->images[video->n++] = image;
}

/* One face that goes and comes back. */
static void make_pan(Video *video, int32_t max_faces)
{
    video->n = 0;
    for (int i = 0; i < 6; i++)
        add_frame(video, pan(i));
    add_frame(video, empty());
    for (int i = 6; i < PAN_FRAMES; i++)
        add_frame(video, pan(i));
    find_results(video, max_faces);
}

static void make_clip(Video *video, int begin, int n, int32_t max_faces)
{
    video->n = 0;
    for (int i = 0; i < n; i++)
        add_frame(video, frames_clip(begin + i));
    find_results(video, max_faces);
}

static void finish_video(Video *video)
{
    for (int i = 0; i < video->n; i++)
        mien_result_destroy(video->want[i]);
}

/* What goes wrong between two good frames. */
static void fail_in_many_ways(MienEngine *engine, const Video *video, int next)
{
    MienImage good = video->images[next], bad = good;
    int64_t last = next > 0 ? video->times_us[next - 1] : INT64_MIN;
    const MienResult *result = NULL;
    if (next > 0) {
        assert_int_equal(mien_engine_process(engine, &good, last, &result), MIEN_E_ARGUMENT);
        assert_line(mien_engine_message(engine), "timestamp");
        assert_int_equal(mien_engine_process(engine, &good, last - 1, &result), MIEN_E_ARGUMENT);
        assert_int_equal(mien_engine_process(engine, &good, INT64_MIN, &result), MIEN_E_ARGUMENT);
    }
    bad.height = -1;
    assert_int_equal(mien_engine_process(engine, &bad, last + 1, &result), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process(engine, NULL, last + 1, &result), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process(engine, &good, last + 1, NULL), MIEN_E_ARGUMENT);
    assert_null(result);
}

static void failed_calls_never_happened(void **state)
{
    (void)state;
    Video video;
    make_pan(&video, 1);
    expect_face(video.want[5], 0);
    assert_int_equal(mien_result_n_faces(video.want[6]), 0);
    expect_face(video.want[7], 1);
    MienEngine *engine = open_engine(1, 1);
    for (int i = 0; i < video.n; i++) {
        fail_in_many_ways(engine, &video, i);
        const MienResult *result = fixture_process(engine, &video.images[i], video.times_us[i]);
        assert_same_result("after failures", result, video.want[i]);
    }
    mien_engine_destroy(engine);
    finish_video(&video);
}

static void reset_forgets_everything(void **state)
{
    (void)state;
    Video video;
    make_pan(&video, 2);
    MienEngine *engine = open_engine(2, 1);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < video.n - 4 * round; i++)
            assert_same_result("after a reset",
                               fixture_process(engine, &video.images[i], video.times_us[i]),
                               video.want[i]);
        mien_engine_reset(engine);
    }
    mien_engine_reset(engine);
    mien_engine_destroy(engine);
    finish_video(&video);
}

/* Frames of one stream in one call: as many as the sizes say, over and over. */
static void check_batches(const Video *video, int32_t max_faces, const int *sizes, int n_sizes)
{
    for (int32_t threads = 1; threads <= 3; threads++) {
        MienEngine *engine = open_engine(max_faces, threads);
        for (int at = 0, k = 0; at < video->n; k++) {
            int n = sizes[k % n_sizes] < video->n - at ? sizes[k % n_sizes] : video->n - at;
            const MienResult *results[MAX_FRAMES];
            assert_int_equal(mien_engine_process_batch(engine, (size_t)n, video->images + at,
                                                       video->times_us + at, NULL, results),
                             MIEN_OK);
            for (int i = 0; i < n; i++)
                assert_same_result("batch", results[i], video->want[at + i]);
            at += n;
        }
        mien_engine_destroy(engine);
    }
}

static void frames_of_a_stream_in_one_batch(void **state)
{
    (void)state;
    static const int sizes[] = {3, 1, 7, 2}, all[] = {MAX_FRAMES};
    Video video;
    make_pan(&video, 1);
    check_batches(&video, 1, sizes, 4);
    check_batches(&video, 1, all, 1);
    finish_video(&video);
    make_clip(&video, 208, 34, 3);
    check_batches(&video, 3, sizes, 4);
    finish_video(&video);
}

#define N_STREAMS 3

static const uint32_t stream_ids[N_STREAMS] = {7, 0, UINT32_MAX};

typedef struct Mix {
    size_t n;
    MienImage images[MAX_FRAMES];
    int64_t times_us[MAX_FRAMES];
    uint32_t streams[MAX_FRAMES];
    const MienResult *want[MAX_FRAMES];
} Mix;

/* The next frames of all streams, `count[s]` of each, interleaved; moves `at` on. */
static void mix_streams(Mix *mix, const Video *videos, const int count[N_STREAMS],
                        int at[N_STREAMS])
{
    mix->n = 0;
    for (int round = 0; round < 8; round++) {
        for (int s = 0; s < N_STREAMS; s++) {
            if (round >= count[s] || at[s] >= videos[s].n)
                continue;
            int i = at[s]++;
            mix->images[mix->n] = videos[s].images[i];
            mix->times_us[mix->n] = videos[s].times_us[i];
            mix->streams[mix->n] = stream_ids[s];
            mix->want[mix->n++] = videos[s].want[i];
        }
    }
}

static void check_mix(MienEngine *engine, const Mix *mix)
{
    const MienResult *results[MAX_FRAMES];
    if (mien_engine_process_batch(engine, mix->n, mix->images, mix->times_us, mix->streams,
                                  results) != MIEN_OK)
        fail_msg("%s", mien_engine_message(engine));
    for (size_t i = 0; i < mix->n; i++)
        assert_same_result("stream of a batch", results[i], mix->want[i]);
}

static void fail_batch(MienEngine *engine, const Mix *bad, const char *word)
{
    const MienResult *results[MAX_FRAMES] = {NULL};
    assert_int_equal(mien_engine_process_batch(engine, bad->n, bad->images, bad->times_us,
                                               bad->streams, results),
                     MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), word);
    for (size_t i = 0; i < bad->n; i++)
        assert_null(results[i]);
}

/* Spoils one entry of a batch after the other: its picture, then its time. */
static void fail_batches(MienEngine *engine, const Mix *mix)
{
    for (size_t k = 0; k < mix->n; k++) {
        Mix bad = *mix;
        bad.images[k].planes[0] = NULL;
        fail_batch(engine, &bad, "planes[0]");
        /* Entry k, as it is, comes a second time. */
        bad = *mix;
        size_t last = bad.n++;
        bad.images[last] = bad.images[k];
        bad.times_us[last] = bad.times_us[k];
        bad.streams[last] = bad.streams[k];
        fail_batch(engine, &bad, "timestamp");
    }
}

static void check_streams(bool with_failures)
{
    static const int counts[][N_STREAMS] = {{1, 1, 1}, {2, 0, 1}, {0, 3, 0}, {1, 2, 4}};
    Video videos[N_STREAMS];
    (void)frames_clip(78); /* what is missing skips the test before anything is held */
    make_pan(&videos[0], 2);
    make_clip(&videos[1], 78, 14, 2);
    make_clip(&videos[2], 210, 20, 2);
    for (int32_t threads = 1; threads <= 3; threads++) {
        MienEngine *engine = open_engine(2, threads);
        int at[N_STREAMS] = {0};
        for (int k = 0; k < 24; k++) {
            Mix mix;
            mix_streams(&mix, videos, counts[k % 4], at);
            if (with_failures && mix.n > 0)
                fail_batches(engine, &mix);
            check_mix(engine, &mix);
        }
        for (int s = 0; s < N_STREAMS; s++)
            assert_int_equal(at[s], videos[s].n);
        mien_engine_destroy(engine);
    }
    for (int s = 0; s < N_STREAMS; s++)
        finish_video(&videos[s]);
}

static void streams_of_a_batch_are_apart(void **state)
{
    (void)state;
    check_streams(false);
}

static void failed_batches_move_no_stream(void **state)
{
    (void)state;
    check_streams(true);
}

/* The stream id 0 is the one that single calls use. */
static void single_calls_are_stream_0(void **state)
{
    (void)state;
    MienEngine *engine = open_engine(1, 1);
    MienImage image = pan(0);
    uint32_t stream = 0;
    int64_t time = 10;
    const MienResult *result = NULL;
    expect_face(fixture_process(engine, &image, 10), 0);
    assert_int_equal(mien_engine_process_batch(engine, 1, &image, &time, &stream, &result),
                     MIEN_E_ARGUMENT);
    stream = 1;
    assert_int_equal(mien_engine_process_batch(engine, 1, &image, &time, &stream, &result),
                     MIEN_OK);
    expect_face(result, 0);
    mien_engine_destroy(engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_stay_and_are_not_reused),
        cmocka_unit_test(score_is_that_of_the_detection),
        cmocka_unit_test(ids_of_the_clip_are_never_reused),
        cmocka_unit_test(failed_calls_never_happened),
        cmocka_unit_test(reset_forgets_everything),
        cmocka_unit_test(frames_of_a_stream_in_one_batch),
        cmocka_unit_test(streams_of_a_batch_are_apart),
        cmocka_unit_test(failed_batches_move_no_stream),
        cmocka_unit_test(single_calls_are_stream_0),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
