/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mien's side of peers.py, which tells it over standard input what to run next, so that mien and
 * its peers take turns in one run:
 *
 *     peak THREADS N              N turns of the FMA loop on that many threads at once
 *     network NAME THREADS N      N runs of a network
 *     macs NAME                   multiply-adds of a network; 0: mien cannot run it
 *     frames NAME MODE            the clip once; MODE: video, image
 *
 * Each answer is one line of numbers: best GMAC/s, best milliseconds, MILLISECONDS:FACES of every
 * frame; or "error TEXT". NAME is that of a mien.bench/1 network.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "cpu/flags.h"
#include "engine/engine_private.h"

#define MAX_THREADS 4
#define FMA_ITERATIONS 100000

static const struct {
    const char *name, *file, *detector;
    size_t network;
} places[] = {
    {"face_mesh", "face_landmark.tflite", "face_detection_short_range.tflite", 0},
    {"face_mesh_attention", "face_landmark_with_attention.tflite",
     "face_detection_short_range.tflite", 0},
    {"face_detector_short", "face_detection_short_range.tflite", NULL, 0},
    {"face_detector_full_sparse", "face_detection_full_range_sparse.tflite", NULL, 0},
    {"face_landmarks_v2", "face_landmarker.task", NULL, 1},
    {"face_blendshapes", "face_landmarker.task", NULL, 2},
};

#define N_NETWORKS MIENI_COUNT_OF(places)

typedef struct Network {
    MieniDevice *device;
    MieniDevicePlan *plan;
    float *input;
    double macs;
} Network;

typedef struct Ours {
    const char *model_dir;
    uint64_t cpu_mask;
    MieniKernels kernels;
    Network networks[N_NETWORKS][MAX_THREADS + 1];
    MienEngine *engines[N_NETWORKS][2]; /* [mode] */
    const uint8_t *pixels;              /* RGB24 frames, one behind the other */
    int32_t width, height;
    size_t n_frames;
    int64_t time_us; /* never runs backwards */
} Ours;

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static MienStatus load(const Ours *ours, const char *file, MienModel **model, MienError *error)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", ours->model_dir, file);
    return mien_model_load_file(path, model, error);
}

static MienStatus open_network(Ours *ours, size_t which, int32_t threads, MienError *error)
{
    static const MieniLog silent = {0};
    Network *network = &ours->networks[which][threads];
    const MieniDeviceOptions options = {
        .threads = threads, .cpu_mask = ours->cpu_mask, .log = &silent};
    MienModel *model = NULL;
    MieniPlan *plan = NULL;
    MienStatus status = load(ours, places[which].file, &model, error);
    if (status == MIEN_OK)
        status = mieni_plan_create(model->networks[places[which].network].graph, &plan, error);
    if (status == MIEN_OK)
        status = mieni_backend_cpu.open(0, &options, &network->device, error);
    if (status == MIEN_OK)
        status = mieni_backend_cpu.plan_create(network->device, plan, &network->plan, error);
    if (status == MIEN_OK) {
        network->macs = plan->macs;
        const MieniTensor *input = &plan->tensors[plan->input];
        size_t n = (size_t)input->height * (size_t)input->width * (size_t)input->channels;
        uint64_t state = 1;
        network->input = mieni_alloc(n, sizeof(*network->input));
        for (size_t i = 0; i < n && network->input; i++)
            network->input[i] = mieni_rng_float(&state, 0, 1);
        if (!network->input)
            status = mieni_fail_nomem(error);
    }
    mieni_plan_destroy(plan);
    mien_model_destroy(model);
    return status;
}

static MienStatus run_network(Ours *ours, size_t which, int32_t threads, int n, MienError *error)
{
    Network *network = &ours->networks[which][threads];
    MienStatus status = network->input ? MIEN_OK : open_network(ours, which, threads, error);
    double best = 1e9;
    for (int i = 0; i < n && status == MIEN_OK; i++) {
        MieniJob job = {.input = network->input};
        double start = now_ms();
        status = mieni_backend_cpu.plan_run(network->plan, 1, &job, error);
        best = MIENI_MIN(best, now_ms() - start);
    }
    if (status == MIEN_OK)
        printf("%.6f\n", best);
    return status;
}

/* One thread of the FMA loop; all begin together. */
typedef struct PeakThread {
    pthread_t handle;
    pthread_barrier_t *barrier;
    const MieniKernels *kernels;
    double macs;
} PeakThread;

static void *peak_main(void *argument)
{
    PeakThread *thread = argument;
    pthread_barrier_wait(thread->barrier);
    thread->macs = thread->kernels->fma_loop(FMA_ITERATIONS);
    pthread_barrier_wait(thread->barrier);
    return NULL;
}

static double peak_once(const Ours *ours, int32_t n_threads)
{
    PeakThread threads[MAX_THREADS];
    pthread_barrier_t barrier;
    double macs = 0;
    pthread_barrier_init(&barrier, NULL, (unsigned)n_threads);
    for (int32_t i = 0; i < n_threads; i++) {
        threads[i] = (PeakThread){.barrier = &barrier, .kernels = &ours->kernels};
        if (i > 0 && pthread_create(&threads[i].handle, NULL, peak_main, &threads[i]) != 0)
            exit(1);
    }
    pthread_barrier_wait(&barrier);
    double start = now_ms();
    threads[0].macs = ours->kernels.fma_loop(FMA_ITERATIONS);
    pthread_barrier_wait(&barrier);
    double ms = now_ms() - start;
    for (int32_t i = 0; i < n_threads; i++) {
        if (i > 0)
            pthread_join(threads[i].handle, NULL);
        macs += threads[i].macs;
    }
    pthread_barrier_destroy(&barrier);
    return macs / ms * 1e-6;
}

static void run_peak(const Ours *ours, int32_t threads, int n)
{
    double best = 0;
    for (int i = 0; i < n; i++)
        best = MIENI_MAX(best, peak_once(ours, threads));
    printf("%.6f\n", best);
}

static MienStatus open_engine(Ours *ours, size_t which, MienMode mode, MienError *error)
{
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = mode;
    options.max_faces = 1;
    options.cpu_mask = ours->cpu_mask;
    MienStatus status = load(ours, places[which].file, &options.model, error);
    if (status == MIEN_OK && places[which].detector)
        status = load(ours, places[which].detector, &options.detector, error);
    if (status == MIEN_OK)
        status = mien_engine_create(&options, &ours->engines[which][mode], error);
    mien_model_destroy(options.model);
    mien_model_destroy(options.detector);
    return status;
}

static MienStatus run_frames(Ours *ours, size_t which, MienMode mode, MienError *error)
{
    MienEngine *engine = ours->engines[which][mode];
    if (!engine) {
        MienStatus status = open_engine(ours, which, mode, error);
        if (status != MIEN_OK)
            return status;
        engine = ours->engines[which][mode];
    }
    mien_engine_reset(engine);
    for (size_t i = 0; i < ours->n_frames; i++) {
        const MienResult *result;
        MienImage image;
        mien_image_init(&image, MIEN_PIXEL_RGB24, ours->width, ours->height,
                        ours->pixels + i * (size_t)ours->width * (size_t)ours->height * 3, 0);
        ours->time_us += 33333;
        double start = now_ms();
        MienStatus status = mien_engine_process(engine, &image, ours->time_us, &result);
        double took = now_ms() - start;
        if (status != MIEN_OK)
            return mieni_fail(error, status, "engine", "frame %zu failed", i);
        printf("%s%.6f:%zu", i ? " " : "", took, mien_result_n_faces(result));
    }
    printf("\n");
    return MIEN_OK;
}

static bool read_frames(Ours *ours, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return false;
    long size = ftell(file);
    size_t frame = (size_t)ours->width * (size_t)ours->height * 3;
    uint8_t *pixels = size > 0 ? mieni_alloc((size_t)size, 1) : NULL;
    rewind(file);
    bool good = pixels && fread(pixels, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    ours->pixels = pixels;
    ours->n_frames = (size_t)size / frame;
    return good;
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < N_NETWORKS; i++)
        if (strcmp(name, places[i].name) == 0)
            return i;
    return N_NETWORKS;
}

static MienStatus obey(Ours *ours, const char *line, MienError *error)
{
    char verb[16] = "", name[64] = "", mode[16] = "";
    int threads = 1, n = 1;
    if (sscanf(line, "peak %d %d", &threads, &n) == 2 && threads >= 1 && threads <= MAX_THREADS) {
        run_peak(ours, threads, n);
        return MIEN_OK;
    }
    size_t which = sscanf(line, "%15s %63s", verb, name) == 2 ? find(name) : N_NETWORKS;
    if (which == N_NETWORKS)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "not understood: %.60s", line);
    if (strcmp(verb, "macs") == 0) {
        Network *network = &ours->networks[which][1];
        bool good = network->input || open_network(ours, which, 1, error) == MIEN_OK;
        printf("%.0f\n", good ? network->macs : 0.0);
        return MIEN_OK;
    }
    if (sscanf(line, "network %63s %d %d", name, &threads, &n) == 3 && threads >= 1 &&
        threads <= MAX_THREADS)
        return run_network(ours, which, threads, n, error);
    if (sscanf(line, "frames %63s %15s", name, mode) == 2)
        return run_frames(ours, which, strcmp(mode, "image") ? MIEN_MODE_VIDEO : MIEN_MODE_IMAGE,
                          error);
    return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "not understood: %.60s", line);
}

static void close_all(Ours *ours)
{
    for (size_t i = 0; i < N_NETWORKS; i++) {
        for (int32_t t = 0; t <= MAX_THREADS; t++) {
            Network *network = &ours->networks[i][t];
            mieni_backend_cpu.plan_destroy(network->plan);
            mieni_backend_cpu.close(network->device);
            mieni_free(network->input);
        }
        mien_engine_destroy(ours->engines[i][0]);
        mien_engine_destroy(ours->engines[i][1]);
    }
    mieni_free((void *)ours->pixels);
}

int main(int argc, char **argv)
{
    static Ours ours;
    static char line[256];
    if (argc != 6) {
        fprintf(stderr, "usage: %s MODEL_DIR RGB24_FRAMES WIDTH HEIGHT CPU_MASK\n", argv[0]);
        return 2;
    }
    ours.model_dir = argv[1];
    ours.width = atoi(argv[3]);
    ours.height = atoi(argv[4]);
    ours.cpu_mask = strtoull(argv[5], NULL, 0);
    if (ours.width < 1 || ours.height < 1 || !read_frames(&ours, argv[2])) {
        fprintf(stderr, "%s: cannot read its frames\n", argv[2]);
        return 1;
    }
    mieni_kernels_init(&ours.kernels, mieni_cpu_flags() & ours.cpu_mask);
    printf("%s %s, %s\n", mien_version(), mien_build_info(), ours.kernels.isa);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        MienError error;
        if (obey(&ours, line, &error) != MIEN_OK)
            printf("error %s\n", error.text);
        fflush(stdout);
    }
    close_all(&ours);
    return 0;
}
