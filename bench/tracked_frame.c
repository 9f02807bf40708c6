/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tracked frame costs beside its landmark network, side by side in one run:
 *
 *     bench-tracked-frame face_landmark.tflite face_detection_short_range.tflite CLIP [RUNS]
 *
 * Frames are decoded before the measurement. Each frame that was tracked (no detector, one face) is
 * timed, and right after it one run of the bare network. Best of RUNS passes (default 5) for each
 * frame; the sums give the ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/engine_private.h"
#include "mien/media.h"

#define MAX_FRAMES 2000

typedef struct Clip {
    size_t n;
    MienMediaFrame *frames[MAX_FRAMES];
} Clip;

typedef struct Network {
    MieniPlan *plan;
    MieniDevice *device;
    MieniDevicePlan *device_plan;
    float *input;
} Network;

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void check(MienStatus status, const MienError *error)
{
    if (status == MIEN_OK)
        return;
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

static MienModel *load(const char *path)
{
    MienModel *model;
    MienError error;
    check(mien_model_load_file(path, &model, &error), &error);
    return model;
}

static void read_clip(Clip *clip, const char *path)
{
    MienMediaReader *reader;
    MienMediaFrame *frame = NULL;
    MienError error;
    check(mien_media_reader_open(path, NULL, &reader, &error), &error);
    while (clip->n < MAX_FRAMES) {
        check(mien_media_reader_read(reader, &frame, &error), &error);
        if (!frame)
            break;
        clip->frames[clip->n++] = frame;
    }
    mien_media_reader_destroy(reader);
}

static void open_network(Network *network, const MienModel *model)
{
    static const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = MIEN_CPU_ALL, .log = &silent};
    MienError error;
    check(mieni_plan_create(model->networks[0].graph, &network->plan, &error), &error);
    check(mieni_backend_cpu.open(0, &options, &network->device, &error), &error);
    check(mieni_backend_cpu.plan_create(network->device, network->plan, &network->device_plan,
                                        &error),
          &error);
    const MieniTensor *input = &network->plan->tensors[network->plan->input];
    size_t n = (size_t)input->height * (size_t)input->width * (size_t)input->channels;
    network->input = mieni_alloc(n, sizeof(*network->input));
    if (!network->input)
        check(mieni_fail_nomem(&error), &error);
}

static void close_network(Network *network)
{
    mieni_backend_cpu.plan_destroy(network->device_plan);
    mieni_backend_cpu.close(network->device);
    mieni_plan_destroy(network->plan);
    mieni_free(network->input);
}

/* One pass over the clip; keeps the best time of every tracked frame, and of the network beside it.
 */
static void pass(MienEngine *engine, const Network *network, const Clip *clip, double *frame_ms,
                 double *network_ms)
{
    size_t faces_before = 0;
    mien_engine_reset(engine);
    for (size_t i = 0; i < clip->n; i++) {
        const MienResult *result;
        MienError error = {.text = "a frame failed"};
        double start = now_ms();
        check(mien_engine_process(engine, mien_media_frame_image(clip->frames[i]),
                                  mien_media_frame_timestamp_us(clip->frames[i]), &result),
              &error);
        double took = now_ms() - start;
        bool tracked = faces_before == 1;
        faces_before = mien_result_n_faces(result);
        if (!tracked)
            continue;
        MieniJob job = {.input = network->input};
        start = now_ms();
        mieni_backend_cpu.plan_run(network->device_plan, 1, &job, NULL);
        double bare = now_ms() - start;
        if (frame_ms[i] == 0 || took < frame_ms[i])
            frame_ms[i] = took;
        if (network_ms[i] == 0 || bare < network_ms[i])
            network_ms[i] = bare;
    }
}

static void report(size_t n_frames, const double *frame_ms, const double *network_ms)
{
    double frames = 0, networks = 0;
    int n = 0;
    for (size_t i = 0; i < n_frames; i++) {
        frames += frame_ms[i];
        networks += network_ms[i];
        n += frame_ms[i] > 0;
    }
    if (n == 0)
        printf("no frame was tracked\n");
    else
        printf("%d tracked frames: %.3f ms a frame, %.3f ms the network alone, ratio %.2f\n", n,
               frames / n, networks / n, frames / networks);
}

int main(int argc, char **argv)
{
    static Clip clip;
    static double frame_ms[MAX_FRAMES], network_ms[MAX_FRAMES];
    if (argc < 4) {
        fprintf(stderr, "usage: %s LANDMARK_MODEL DETECTOR_MODEL CLIP [RUNS]\n", argv[0]);
        return 2;
    }
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = MIEN_MODE_VIDEO;
    options.model = load(argv[1]);
    options.detector = load(argv[2]);
    MienEngine *engine;
    MienError error;
    check(mien_engine_create(&options, &engine, &error), &error);
    Network network = {0};
    open_network(&network, options.model);
    read_clip(&clip, argv[3]);
    int runs = argc > 4 ? atoi(argv[4]) : 5;
    for (int i = 0; i < runs; i++)
        pass(engine, &network, &clip, frame_ms, network_ms);
    report(clip.n, frame_ms, network_ms);
    for (size_t i = 0; i < clip.n; i++)
        mien_media_frame_destroy(clip.frames[i]);
    close_network(&network);
    mien_engine_destroy(engine);
    mien_model_destroy(options.model);
    mien_model_destroy(options.detector);
    return 0;
}
