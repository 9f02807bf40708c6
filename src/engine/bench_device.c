/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring a device: networks and a tracked frame, for rising numbers of faces at a time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "engine/bench_private.h"

#define WARM_UP_RUNS 2
#define MIN_RUNS 3
#define MAX_TIMED_RUNS 10

/* What is measured: something that takes `batch` faces at a time. */
typedef struct Bench {
    const MienBenchOptions *options;
    const MieniBackend *backend;
    MieniDevice *device;
    double peak_gmac_s;
    double *times_ms; /* [repeats] */
    int32_t n_rows;
    bool stopped; /* by options->progress */
    /* The subject. */
    size_t network;
    double macs; /* of a face */
    MieniDevicePlan *plan;
    MieniJob *jobs;     /* [max_batch] */
    MienEngine *engine; /* the frame, one face at a time; else NULL */
    MieniView *view;    /* of the picture that jobs look at, or NULL */
    MienImage picture;
    int64_t n_frames;
} Bench;

/* Puts a face where nobody looks for it: the middle of the picture. */
static MieniTrack middle(void)
{
    return (MieniTrack){
        .rect = {0.5f, 0.5f, 0.5f, 0.9f, 0.1f}, .face_id = 0, .score = 1, .slot = -1};
}

/* A frame whose face is known, through the whole engine. */
static MienStatus run_frame(Bench *bench, MienError *error)
{
    MienEngine *engine = bench->engine;
    const MienResult *result;
    if (engine->n_streams > 0) {
        MieniStreamState *state = &engine->streams[0].state;
        state->n_tracks = 1;
        state->tracks[0] = middle();
    }
    MienStatus status = mien_engine_process(engine, &bench->picture, ++bench->n_frames, &result);
    if (status != MIEN_OK && error)
        *error = engine->error;
    return status;
}

static MienStatus run(Bench *bench, int32_t batch, MienError *error)
{
    if (bench->engine && batch == 1)
        return run_frame(bench, error);
    if (bench->view)
        bench->view->serial++; /* as if it were the next picture */
    return bench->backend->plan_run(bench->plan, (size_t)batch, bench->jobs, error);
}

static MieniDeviceCounts counts_of(const Bench *bench)
{
    return bench->backend->counts ? *bench->backend->counts(bench->device)
                                  : (MieniDeviceCounts){.launches = 0};
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Times n runs on the host; returns how many it made. */
static MienStatus time_host(Bench *bench, MienBenchBatch *row, MienError *error)
{
    double begin = mieni_bench_now_ms();
    MieniDeviceCounts before = counts_of(bench);
    int32_t n = 0;
    for (; n < bench->options->repeats; n++) {
        double start = mieni_bench_now_ms();
        if (n >= MIN_RUNS && start - begin > 1e3 * bench->options->seconds)
            break;
        MienStatus status = run(bench, row->batch, error);
        if (status != MIEN_OK)
            return status;
        bench->times_ms[n] = mieni_bench_now_ms() - start;
    }
    MieniDeviceCounts after = counts_of(bench);
    qsort(bench->times_ms, (size_t)n, sizeof(*bench->times_ms), compare_times);
    row->runs = n;
    row->best_ms = bench->times_ms[0];
    row->median_ms = bench->times_ms[n / 2];
    row->p99_ms = bench->times_ms[(int32_t)ceil(0.99 * n) - 1];
    row->launches = (double)(after.launches - before.launches) / n;
    row->submissions = (double)(after.submissions - before.submissions) / n;
    row->copies_up = (double)(after.copies_up - before.copies_up) / n;
    row->copies_down = (double)(after.copies_down - before.copies_down) / n;
    row->bytes_up = (double)(after.bytes_up - before.bytes_up) / n;
    row->bytes_down = (double)(after.bytes_down - before.bytes_down) / n;
    return MIEN_OK;
}

/* The same by the device's clock, kernels alone. Short runs are repeated, so that handing them over
 * is not measured. */
static MienStatus time_device(Bench *bench, MienBenchBatch *row, MienError *error)
{
    double times[MAX_TIMED_RUNS];
    int32_t n_runs = MIENI_MIN(MIENI_MIN(row->runs, MAX_TIMED_RUNS), bench->options->repeats);
    int32_t repeats = (int32_t)fmin(fmax(2 / row->best_ms, 1), 16);
    MienError ignored;
    if (!bench->backend->time || bench->backend->time(bench->device, repeats, &ignored) != MIEN_OK)
        return MIEN_OK;
    MienStatus status = MIEN_OK;
    for (int32_t i = 0; i < n_runs && status == MIEN_OK; i++) {
        double before = counts_of(bench).busy_ms;
        status = run(bench, row->batch, error);
        times[i] = counts_of(bench).busy_ms - before;
    }
    bench->backend->time(bench->device, 0, &ignored);
    qsort(times, (size_t)n_runs, sizeof(*times), compare_times);
    row->device_ms = status == MIEN_OK ? times[n_runs / 2] : 0;
    return status;
}

/* One batch size; *more tells whether a larger one makes sense. */
static MienStatus measure(Bench *bench, int32_t batch, bool *more, MienError *error)
{
    const MienBenchOptions *options = bench->options;
    MienBenchBatch row = {.network = bench->network, .batch = batch, .macs = batch * bench->macs};
    MienStatus status = MIEN_OK;
    MienError local = {.reason = ""};
    double begin = mieni_bench_now_ms();
    for (int i = 0; i < WARM_UP_RUNS && status == MIEN_OK; i++)
        if (i == 0 || mieni_bench_now_ms() - begin < 1e3 * options->seconds)
            status = run(bench, batch, &local);
    if (status == MIEN_OK)
        status = time_host(bench, &row, &local);
    if (status == MIEN_OK)
        status = time_device(bench, &row, &local);
    *more = status == MIEN_OK && MIN_RUNS * 2 * row.best_ms < 1e3 * options->seconds;
    /* Too much for the device's memory is an answer, too. */
    if (batch > 1 && strcmp(local.reason, "out-of-memory") == 0)
        return MIEN_OK;
    if (status != MIEN_OK) {
        if (error)
            *error = local;
        return status;
    }
    if (bench->peak_gmac_s > 0)
        row.floor_ms = row.macs / bench->peak_gmac_s * 1e-6;
    if (options->batch)
        options->batch(options->batch_user, &row);
    if (options->progress && options->progress(options->user, ++bench->n_rows, 0))
        bench->stopped = true;
    return MIEN_OK;
}

static MienStatus measure_all(Bench *bench, MienError *error)
{
    bool more = true;
    MienStatus status = MIEN_OK;
    for (int32_t batch = 1;
         batch <= bench->options->max_batch && more && !bench->stopped && status == MIEN_OK;
         batch *= 2)
        status = measure(bench, batch, &more, error);
    return status;
}

/* A network as it is: every job has the same input, and gives all that the network does. */
static MienStatus bench_network(Bench *bench, const MieniGraph *graph, MienError *error)
{
    MieniPlan *plan;
    MienStatus status = mieni_plan_create(graph, &plan, error);
    if (status != MIEN_OK)
        return status;
    const MieniTensor *in = &plan->tensors[plan->input];
    size_t n = (size_t)in->height * (size_t)in->width * (size_t)in->channels;
    float *input = mieni_alloc(n, sizeof(*input));
    bench->macs = plan->macs;
    status = input ? bench->backend->plan_create(bench->device, plan, &bench->plan, error)
                   : mieni_fail_nomem(error);
    uint64_t state = 1;
    for (size_t i = 0; i < n && input; i++)
        input[i] = mieni_rng_float(&state, 0, 1);
    for (int32_t i = 0; i < bench->options->max_batch; i++)
        bench->jobs[i] = (MieniJob){.input = input};
    mieni_plan_destroy(plan);
    if (status == MIEN_OK)
        status = measure_all(bench, error);
    bench->backend->plan_destroy(bench->plan);
    bench->plan = NULL;
    mieni_free(input);
    return status;
}

/* A grey ramp with noise. */
static MienImage make_picture(uint8_t *pixels)
{
    int32_t width = MIEN_BENCH_FRAME_WIDTH, height = MIEN_BENCH_FRAME_HEIGHT;
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_NV12, width, height, pixels, width);
    image.planes[1] = pixels + width * height;
    image.strides_bytes[1] = width;
    uint64_t state = 1;
    for (int32_t i = 0; i < width * height * 3 / 2; i++)
        pixels[i] = (uint8_t)(64 + i % width / 8 + (int32_t)mieni_rng_float(&state, 0, 32));
    return image;
}

static MienStatus open_engine(Bench *bench, MienError *error)
{
    const MienBenchOptions *from = bench->options;
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = MIEN_MODE_VIDEO;
    options.model = from->frame_model;
    options.detector = from->frame_detector;
    options.min_tracking_confidence = options.min_presence_confidence = 0;
    options.threads = from->threads;
    options.cpu_mask = from->cpu_mask;
    options.device = from->device;
    options.allow_software = from->allow_software;
    options.precision = from->precision;
    MienStatus status = mien_engine_create(&options, &bench->engine, error);
    const MienResult *result;
    /* The first frame makes room for the stream; its face is put there from then on. */
    if (status == MIEN_OK)
        status = mien_engine_process(bench->engine, &bench->picture, ++bench->n_frames, &result);
    return status;
}

/* All jobs look at the middle of one picture. */
static MienStatus make_frame_jobs(Bench *bench, MieniView *view, MienLandmark *landmarks,
                                  MienError *error)
{
    MienEngine *engine = bench->engine;
    MieniRect rect = middle().rect;
    MieniCrop crop;
    MienStatus status = mieni_view_init(view, &bench->picture, error);
    if (status == MIEN_OK)
        status = mieni_crop_init(&crop, view, &rect, &engine->landmarks.crop);
    for (int32_t i = 0; i < bench->options->max_batch && status == MIEN_OK; i++)
        bench->jobs[i] = (MieniJob){.picture = view,
                                    .crop = crop,
                                    .projection = mieni_projection_of(&rect),
                                    .landmarks = landmarks};
    return status;
}

static MienStatus bench_frame(Bench *bench, double macs, MienError *error)
{
    static const size_t n_bytes = MIEN_BENCH_FRAME_WIDTH * MIEN_BENCH_FRAME_HEIGHT * 3 / 2;
    MieniView view;
    MieniDevice *device = bench->device;
    const MieniBackend *backend = bench->backend;
    uint8_t *pixels = mieni_alloc(n_bytes, 1);
    MienLandmark *landmarks = mieni_alloc(MIENI_N_REFINED, sizeof(*landmarks));
    MienStatus status = pixels && landmarks ? MIEN_OK : mieni_fail_nomem(error);
    bench->network = MIEN_BENCH_FRAME;
    bench->macs = macs;
    if (status == MIEN_OK) {
        bench->picture = make_picture(pixels);
        status = open_engine(bench, error);
    }
    if (status == MIEN_OK) {
        bench->backend = bench->engine->choice.backend;
        bench->device = bench->engine->choice.device;
        bench->plan = bench->engine->landmarks.plan;
        bench->view = &view;
        status = make_frame_jobs(bench, &view, landmarks, error);
    }
    if (status == MIEN_OK)
        status = measure_all(bench, error);
    mien_engine_destroy(bench->engine);
    bench->engine = NULL;
    bench->plan = NULL;
    bench->view = NULL;
    bench->device = device;
    bench->backend = backend;
    mieni_free(pixels);
    mieni_free(landmarks);
    return status;
}

/* Multiply-adds of the landmark network of the frame. */
static MienStatus frame_macs(const MienModel *model, double *macs, MienError *error)
{
    const MieniGraph *graph = model->networks[0].graph;
    for (size_t i = 0; i < model->n_networks; i++)
        if (strcmp(model->networks[i].name, "face_landmarks_detector.tflite") == 0)
            graph = model->networks[i].graph;
    MieniPlan *plan;
    MienStatus status = mieni_plan_create(graph, &plan, error);
    if (status == MIEN_OK)
        *macs = plan->macs;
    mieni_plan_destroy(plan);
    return status;
}

static MienStatus bench_all(Bench *bench, size_t n, MienModel *const *models,
                            const size_t *networks, MienError *error)
{
    const MienBenchOptions *options = bench->options;
    MienStatus status = MIEN_OK;
    for (size_t i = 0; i < n && !bench->stopped && status == MIEN_OK; i++) {
        bench->network = i;
        status = bench_network(bench, models[i]->networks[networks[i]].graph, error);
    }
    double macs = 0;
    if (status == MIEN_OK && options->frame_model && !bench->stopped) {
        status = frame_macs(options->frame_model, &macs, error);
        if (status == MIEN_OK)
            status = bench_frame(bench, macs, error);
    }
    return status;
}

static void describe(const MieniChoice *choice, MienBenchDevice *device)
{
    MienDeviceInfo info;
    memset(&info, 0, sizeof(info));
    choice->backend->describe(choice->index, &info);
    device->precision = mieni_device_precision(choice->backend, choice->device);
    snprintf(device->id, sizeof(device->id), "%s", choice->id);
    snprintf(device->name, sizeof(device->name), "%s", info.name);
    snprintf(device->isa, sizeof(device->isa), "%s", choice->backend->isa(choice->device));
}

MienStatus mien_bench_device(const MienBenchOptions *options, size_t n, MienModel *const *models,
                             const size_t *networks, MienBenchDevice *device, MienError *error)
{
    if (!options || (n > 0 && (!models || !networks)) || !device)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "a pointer is NULL");
    memset(device, 0, sizeof(*device));
    MienStatus status = mieni_bench_check(options, n, models, networks, error);
    if (status != MIEN_OK)
        return status;
    static const MieniLog silent = {0};
    MieniDeviceOptions device_options = {.threads = options->threads,
                                         .cpu_mask = options->cpu_mask,
                                         .precision = options->precision,
                                         .log = &silent};
    MieniChoice choice;
    status = mieni_registry_open(options->device ? options->device : "cpu", options->allow_software,
                                 &device_options, &choice, error);
    if (status != MIEN_OK)
        return status;
    Bench bench = {.options = options, .backend = choice.backend, .device = choice.device};
    bench.times_ms = mieni_alloc((size_t)options->repeats, sizeof(*bench.times_ms));
    bench.jobs = mieni_alloc((size_t)options->max_batch, sizeof(*bench.jobs));
    if (!bench.times_ms || !bench.jobs)
        status = mieni_fail_nomem(error);
    describe(&choice, device);
    double macs_a_ms = 0;
    if (status == MIEN_OK && choice.backend->peak) {
        status = choice.backend->peak(choice.device, &macs_a_ms, error);
        if (status == MIEN_E_UNSUPPORTED)
            status = MIEN_OK;
    }
    device->peak_gmac_s = bench.peak_gmac_s = macs_a_ms * 1e-6;
    if (status == MIEN_OK)
        status = bench_all(&bench, n, models, networks, error);
    choice.backend->close(choice.device);
    mieni_free(bench.times_ms);
    mieni_free(bench.jobs);
    return status;
}
