/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/decoders.h"

#include <math.h>

#include "base/rng.h"
#include "face/face.h"
#include "support/test.h"

enum { N_JOBS = 5, N_ANCHORS = 300, N_MESH = 468, N_REFINED = 478, SIDE = 4 };

static uint64_t seed = 23;

static MieniTensor tight(int32_t height, int32_t channels, int32_t parent, int32_t parent_offset)
{
    return (MieniTensor){.name = "tensor",
                         .height = height,
                         .width = 1,
                         .channels = channels,
                         .parent = parent,
                         .parent_offset = parent_offset,
                         .tight = true,
                         .first = -1,
                         .last = 3};
}

static void fill(float *input, size_t n, double low, double high)
{
    for (size_t i = 0; i < n; i++)
        input[i] = mieni_rng_float(&seed, low, high);
}

/* Raw rows that are no numbers or too large among sound ones. */
static void spoil(float *regressors, float *scores)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 0};
    for (size_t i = 0; i < 40; i++) {
        regressors[mieni_rng_below(&seed, 16 * N_ANCHORS)] = bad[i % MIENI_COUNT_OF(bad)];
        scores[mieni_rng_below(&seed, N_ANCHORS)] = bad[(i + 1) % MIENI_COUNT_OF(bad)];
    }
}

void decoders_check_boxes(DecodersRun want_run, DecodersRun got_run)
{
    static MieniAnchor anchors[N_ANCHORS];
    static float inputs[N_JOBS][17 * N_ANCHORS];
    static MieniDetection want[N_JOBS][N_ANCHORS], got[N_JOBS][N_ANCHORS];
    MieniTensor tensors[] = {tight(1, 17 * N_ANCHORS, -1, 0), tight(N_ANCHORS, 16, 0, 0),
                             tight(N_ANCHORS, 1, 0, 16 * N_ANCHORS)};
    MieniOp op = {.kind = MIENI_OP_DECODE_BOXES,
                  .name = "boxes",
                  .residual = -1,
                  .output = -1,
                  .n_inputs = 2,
                  .inputs = {1, 2},
                  .boxes = {anchors, N_ANCHORS, 128, 0.5f}};
    MieniPlan plan = {.n_tensors = 3, .tensors = tensors, .n_ops = 1, .ops = &op};
    MieniJob jobs[2][N_JOBS];
    memset(jobs, 0, sizeof(jobs));
    for (int i = 0; i < N_ANCHORS; i++)
        anchors[i] = (MieniAnchor){mieni_rng_float(&seed, 0, 1), mieni_rng_float(&seed, 0, 1)};
    /* No candidate; some; all; some among rows that are no numbers. */
    for (int i = 0; i < N_JOBS; i++) {
        fill(inputs[i], 16 * N_ANCHORS, i == 2 ? 1 : -30, 60);
        fill(inputs[i] + 16 * N_ANCHORS, N_ANCHORS, i == 0 ? -9 : i == 2 ? 1 : -3, i == 0 ? -1 : 3);
        if (i > 2)
            spoil(inputs[i], inputs[i] + 16 * N_ANCHORS);
        jobs[0][i] = (MieniJob){.input = inputs[i], .detections = want[i]};
        jobs[1][i] = (MieniJob){.input = inputs[i], .detections = got[i]};
    }
    want_run(&plan, N_JOBS, jobs[0]);
    got_run(&plan, N_JOBS, jobs[1]);
    for (int i = 0; i < N_JOBS; i++) {
        int32_t n = jobs[0][i].n_detections;
        assert_int_equal(jobs[1][i].n_detections, n);
        assert_true(i == 0 ? n == 0 : i == 2 ? n == N_ANCHORS : n > 20 && n < N_ANCHORS);
        test_compare_floats("boxes", &got[i][0].score, &want[i][0].score,
                            (size_t)n * sizeof(MieniDetection) / sizeof(float), 1e-6, 1e-6);
    }
}

/* A plan from a picture to landmarks: a crop of a few pixels, whose weighted sums are the raw
 * landmarks of the mesh and of the refinements, and the decoder. */
typedef struct Landmarks {
    MieniPlan plan;
    MieniTensor tensors[4 + MIENI_N_REFINEMENTS];
    MieniOp ops[3];
    float weights[(3 * N_MESH + 2 * N_REFINED + 1) * SIDE * SIDE * 3];
    float bias[3 * N_MESH + 2 * N_REFINED + 1];
} Landmarks;

static void make_landmarks(Landmarks *net, bool refined)
{
    int32_t n = refined ? MIENI_N_REFINEMENTS : 0, at = 3 * N_MESH;
    memset(net, 0, sizeof(*net));
    net->tensors[0] = (MieniTensor){.name = "crop",
                                    .height = SIDE,
                                    .width = SIDE,
                                    .channels = 3,
                                    .parent = -1,
                                    .border = 8,
                                    .last = 1};
    net->tensors[2] = tight(N_MESH, 3, 1, 0);
    net->ops[2] = (MieniOp){.kind = MIENI_OP_DECODE_LANDMARKS,
                            .name = "landmarks",
                            .residual = -1,
                            .output = -1,
                            .n_inputs = 2 + n,
                            .inputs = {2},
                            .landmarks = {refined ? N_REFINED : N_MESH, 192, n, mieni_refinements}};
    for (int32_t i = 0; i <= n; i++) {
        int32_t floats = i < n ? 2 * mieni_refinements[i].n_points : 1;
        net->tensors[3 + i] = tight(1, floats, 1, at);
        net->ops[2].inputs[1 + i] = 3 + i;
        at += floats;
    }
    net->tensors[1] = tight(1, at, -1, 0);
    net->ops[0] = (MieniOp){.kind = MIENI_OP_CROP, .name = "crop", .residual = -1};
    net->ops[1] = (MieniOp){.kind = MIENI_OP_FULLY_CONNECTED,
                            .name = "sums",
                            .n_inputs = 1,
                            .residual = -1,
                            .output = 1};
    net->ops[1].shape = (MieniConvShape){.in_height = SIDE,
                                         .in_width = SIDE,
                                         .in_channels = 3,
                                         .out_height = 1,
                                         .out_width = 1,
                                         .out_channels = at,
                                         .kernel_height = SIDE,
                                         .kernel_width = SIDE,
                                         .stride = 1};
    net->ops[1].weights.weights = net->weights;
    net->ops[1].weights.bias = net->bias;
    fill(net->weights, (size_t)at * SIDE * SIDE * 3, -2, 2);
    fill(net->bias, (size_t)at - 1, 0, 192);
    net->plan =
        (MieniPlan){.n_tensors = 4 + n, .tensors = net->tensors, .n_ops = 3, .ops = net->ops};
}

static void make_job(MieniJob *job, const MieniView *view, MienLandmark *landmarks)
{
    const MieniRect rect = {.cx = mieni_rng_float(&seed, 0.2, 0.8),
                            .cy = mieni_rng_float(&seed, 0.2, 0.8),
                            .width = mieni_rng_float(&seed, 0.2, 1),
                            .height = mieni_rng_float(&seed, 0.2, 1),
                            .rotation = mieni_rng_float(&seed, -3, 3)};
    const MieniCropSpec spec = {.width = SIDE, .height = SIDE, .range_min = 0, .range_max = 1};
    *job = (MieniJob){
        .picture = view, .landmarks = landmarks, .projection = mieni_projection_of(&rect)};
    assert_int_equal(mieni_crop_init(&job->crop, view, &rect, &spec), MIEN_OK);
}

static void check_landmarks(bool refined, DecodersRun want_run, DecodersRun got_run)
{
    static uint8_t pixels[32 * 32 * 3];
    static MienLandmark want[N_JOBS][N_REFINED], got[N_JOBS][N_REFINED];
    static Landmarks net;
    MieniJob jobs[2][N_JOBS];
    MieniView view;
    MienImage image = {.struct_size = sizeof(image)};
    make_landmarks(&net, refined);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)mieni_rng_next(&seed);
    mien_image_init(&image, MIEN_PIXEL_RGB24, 32, 32, pixels, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    for (int i = 0; i < N_JOBS; i++) {
        make_job(&jobs[0][i], &view, want[i]);
        jobs[1][i] = jobs[0][i];
        jobs[1][i].landmarks = got[i];
    }
    want_run(&net.plan, N_JOBS, jobs[0]);
    got_run(&net.plan, N_JOBS, jobs[1]);
    for (int i = 0; i < N_JOBS; i++) {
        test_compare_floats("landmarks", &got[i][0].x, &want[i][0].x,
                            3 * (size_t)net.ops[2].landmarks.n_landmarks, 1e-5, 1e-5);
        test_compare_floats("presence", &jobs[1][i].presence, &jobs[0][i].presence, 1, 1e-5, 0);
    }
    assert_memory_not_equal(got[0], got[1], sizeof(got[0]));
}

void decoders_check_landmarks(DecodersRun want_run, DecodersRun got_run)
{
    check_landmarks(false, want_run, got_run);
    check_landmarks(true, want_run, got_run);
}
