/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "bench_device.h"
#include "bench_pipeline.h"
#include "examine.h"
#include "interrupt.h"
#include "message.h"
#include "mien/bench.h"
#include "store.h"
#include "writer.h"

typedef struct BenchValues {
    CliCommon common;
    const char *model_dir;
    int32_t network;
    int32_t threads, repeats;
    int32_t cpu_mask; /* -1: all */
    const char *pipeline;
    bool blocks, json, allow_software;
    const char *device;
    int32_t precision, max_batch;
    double seconds;
} BenchValues;

/* Networks by the names of mien.bench/1, the model that each is in, and its place there. Then
 * what stands for all of them, and for the tracked frame alone. */
static const char *const network_names[] = {"face_mesh",
                                            "face_mesh_attention",
                                            "face_detector_short",
                                            "face_detector_full_sparse",
                                            "face_landmarks_v2",
                                            "face_blendshapes",
                                            "all",
                                            "frame",
                                            NULL};
static const struct {
    const char *model;
    size_t network;
} places[] = {
    {"face_mesh", 0},           {"face_mesh_attention", 0},
    {"face_detector_short", 0}, {"face_detector_full_sparse", 0},
    {"face_landmarker", 1},     {"face_landmarker", 2},
};

#define N_NETWORKS (sizeof(places) / sizeof(places[0]))
#define FRAME_ALONE ((int32_t)N_NETWORKS + 1)

/* clang-format off */
static const CliOption options[] = {
    {"network", 0, CLI_CHOICE, offsetof(BenchValues, network), "NAME", "the network to measure, all, or of a device the tracked frame alone (default all)", 0, 0, network_names},
    {"device", 'd', CLI_TEXT, offsetof(BenchValues, device), "D", "the device to measure, as for mien run: cpu (default), cuda:0, vulkan:0", 0, 0, NULL},
    {"allow-software", 0, CLI_FLAG, offsetof(BenchValues, allow_software), NULL, "let --device vulkan:N be a driver that computes on the CPU", 0, 0, NULL},
    {"precision", 0, CLI_CHOICE, offsetof(BenchValues, precision), "P", "what the device computes in: fp32, fp16 or auto (default fp32)", 0, 0, cli_precision_names},
    {"max-batch", 0, CLI_INT, offsetof(BenchValues, max_batch), "N", "of another device than the CPU: 1, 2, 4 up to N faces at a time (default 4096, Vulkan 1024)", 1, 4096, NULL},
    {"seconds", 0, CLI_REAL, offsetof(BenchValues, seconds), "S", "of such a device: how long one batch size is measured; sizes that need much more are left out (default 1)", 0.001, 3600, NULL},
    {"threads", 't', CLI_INT, offsetof(BenchValues, threads), "N", "threads that compute (default 1)", 1, 64, NULL},
    {"repeats", 0, CLI_INT, offsetof(BenchValues, repeats), "N", "rounds; each runs the FMA loop and every network once (default 200)", 1, 1000000, NULL},
    {"blocks", 0, CLI_FLAG, offsetof(BenchValues, blocks), NULL, "tell of every operation of the networks", 0, 0, NULL},
    {"pipeline", 0, CLI_TEXT, offsetof(BenchValues, pipeline), "INPUT", "measure the frames of a video too: decoding, and finding the face", 0, 0, NULL},
    {"cpu-mask", 0, CLI_INT, offsetof(BenchValues, cpu_mask), "BITS", "instruction sets that may be used: 1 AVX2, 2 AVX-512, 4 NEON, 8 NEON fp16; add them up (default all)", 0, 15, NULL},
    {"model-dir", 0, CLI_TEXT, offsetof(BenchValues, model_dir), "DIR", "look for models here first", 0, 0, NULL},
    {"json", 0, CLI_FLAG, offsetof(BenchValues, json), NULL, "for programs: JSON (mien.bench/1)", 0, 0, NULL},
    CLI_COMMON_OPTIONS(BenchValues, common),
};
/* clang-format on */

static const CliCommand command = {
    .name = "bench",
    .summary =
        "Measures networks against the best rate of the core's or the GPU's multiply-add units.",
    .usage = "[--network NAME|all] [--pipeline INPUT]",
    .examples = "mien bench\nmien bench --network face_mesh --threads 4\nmien bench --network "
                "face_mesh --blocks\n"
                "mien bench --pipeline clip.mp4\nmien bench --json\n"
                "mien bench --device cuda:0\nmien bench --device vulkan:0 --network face_mesh\n",
    .notes =
        "Networks: face_mesh, face_mesh_attention, face_detector_short,\n"
        "face_detector_full_sparse, face_landmarks_v2, face_blendshapes. One whose model is not\n"
        "on this machine is left out, with a word on standard error. --pipeline alone measures\n"
        "the two networks that it needs, face_mesh and face_detector_short.\n"
        "\n"
        "Another device than the CPU is measured by its own clock and by the host's, for one face\n"
        "at a time and for many, network by network and as a whole tracked frame.\n",
    .options = options,
    .operand_name = "argument",
};

/* What is measured: the networks whose models are here and can be run. */
typedef struct Bench {
    size_t n;
    size_t n_shown; /* of a device: all, or none where the frame alone is asked for */
    const char *names[N_NETWORKS];
    MienModel *models[N_NETWORKS];
    size_t networks[N_NETWORKS];
    MienBenchResult results[N_NETWORKS];
    double peak;
    CliDeviceBench device;
    CliPipelineBench pipeline;
    size_t n_blocks;
    struct Block {
        MienBenchBlock block;
        char name[96];
    } * blocks;
    double shown; /* when the progress line was last written, seconds */
    bool out_of_memory;
} Bench;

/* The progress line: ten times a second, for people. */
static int show_progress(void *user, int32_t round, int32_t n_rounds)
{
    Bench *bench = user;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    double now = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
    if (round == n_rounds) {
        fprintf(stderr, "\r\033[K");
    } else if (n_rounds == 0) { /* a device: nobody knows how many there will be */
        fprintf(stderr, "\rbatch size %d\033[K", (int)round);
    } else if (now - bench->shown >= 0.1) {
        fprintf(stderr, "\rround %d of %d\033[K", (int)round, (int)n_rounds);
        bench->shown = now;
    }
    return cli_interrupted(NULL);
}

static void show_pass(int32_t pass, int32_t n_passes)
{
    if (pass == 0)
        fprintf(stderr, "\r\033[K");
    else
        fprintf(stderr, "\rpass %d of %d\033[K", (int)pass, (int)n_passes);
}

static int stay_quiet(void *user, int32_t round, int32_t n_rounds)
{
    (void)user;
    (void)round;
    (void)n_rounds;
    return cli_interrupted(NULL);
}

static void keep_block(void *user, const MienBenchBlock *block)
{
    Bench *bench = user;
    struct Block *blocks = realloc(bench->blocks, (bench->n_blocks + 1) * sizeof(*blocks));
    if (!blocks) {
        bench->out_of_memory = true;
        return;
    }
    bench->blocks = blocks;
    blocks[bench->n_blocks].block = *block;
    snprintf(blocks[bench->n_blocks++].name, sizeof(blocks->name), "%s", block->name);
}

static void make_options(const BenchValues *values, MienBenchOptions *bench_options)
{
    mien_bench_options_init(bench_options);
    bench_options->threads = values->threads;
    bench_options->repeats = values->repeats;
    bench_options->progress = stay_quiet;
    if (values->cpu_mask >= 0)
        bench_options->cpu_mask = (uint64_t)values->cpu_mask;
    bench_options->device = values->device;
    bench_options->allow_software = values->allow_software;
    bench_options->precision = (MienPrecision)values->precision;
    bench_options->max_batch = values->max_batch;
    bench_options->seconds = values->seconds;
}

/* True if somebody sees how far it has come. */
static bool is_watched(const BenchValues *values)
{
    return !values->common.quiet && isatty(STDERR_FILENO);
}

static bool is_cpu(const BenchValues *values)
{
    return strcmp(values->device, "cpu") == 0;
}

/* Adds a network if it can be run; one round alone shows that. A missing model is no failure, a
 * wrong one is. */
static CliExit add_network(Bench *bench, const BenchValues *values, const CliStore *store,
                           size_t which)
{
    const char *name = network_names[which];
    const MienCatalogEntry *entry = mien_model_catalog_find(places[which].model);
    char *path = cli_store_find(store, entry);
    if (!path) {
        cli_warn("%s: skipped: %s is not on this machine; get it with: mien models fetch %s", name,
                 entry->file, entry->name);
        return CLI_OK;
    }
    free(path);
    path = NULL;
    MienModel *model = NULL;
    CliExit status = cli_store_load(store, entry, &model, &path);
    free(path);
    if (status != CLI_OK)
        return status;
    MienBenchOptions one_round;
    make_options(values, &one_round);
    one_round.repeats = 1;
    MienError error = {0};
    MienBenchResult result;
    double peak;
    if (mien_bench_networks(&one_round, 1, &model, &places[which].network, &result, &peak,
                            &error) != MIEN_OK) {
        cli_warn("%s: skipped: %s", name, error.text);
        mien_model_destroy(model);
        return CLI_OK;
    }
    bench->names[bench->n] = name;
    bench->models[bench->n] = model;
    bench->networks[bench->n++] = places[which].network;
    return CLI_OK;
}

static double gmac_s(const MienBenchResult *result)
{
    return result->best_ms > 0 ? result->macs / result->best_ms * 1e-6 : 0;
}

static void print_blocks(CliWriter *out, const Bench *bench, size_t network)
{
    char line[256];
    for (size_t i = 0; i < bench->n_blocks; i++) {
        const MienBenchBlock *block = &bench->blocks[i].block;
        if (block->network != network)
            continue;
        snprintf(line, sizeof(line), "  %-44s %9.2f %9.4f %12.1f%%\n", bench->blocks[i].name,
                 block->macs * 1e-6, block->best_ms, block->share_of_peak * 100);
        cli_put(out, line);
    }
}

static void print_pipeline(CliWriter *out, const CliPipelineBench *pipeline)
{
    char line[256];
    double slowest =
        pipeline->decode_ms > pipeline->frame_ms ? pipeline->decode_ms : pipeline->frame_ms;
    snprintf(line, sizeof(line),
             "\n%zu frames: decoding %.3f ms, the face %.3f ms a frame; %zu of them tracked: "
             "%.3f ms\n",
             pipeline->n_frames, pipeline->decode_ms, pipeline->frame_ms, pipeline->n_tracked,
             pipeline->tracked_ms);
    cli_put(out, line);
    if (pipeline->frames_per_second == 0)
        return;
    snprintf(line, sizeof(line),
             "mien run, whose stages work side by side: %.0f frames a second, of %.0f that the "
             "slower of the two allows\n",
             pipeline->frames_per_second, slowest > 0 ? 1000 / slowest : 0);
    cli_put(out, line);
}

static void print_table(CliWriter *out, const Bench *bench, const BenchValues *values)
{
    char line[256];
    snprintf(line, sizeof(line), "FMA peak of one thread: %.1f GMAC/s; %d thread%s, %d rounds\n\n",
             bench->peak, (int)values->threads, values->threads > 1 ? "s" : "",
             (int)values->repeats);
    cli_put(out, line);
    snprintf(line, sizeof(line), "%-26s %9s %9s %9s %9s %13s\n", "NETWORK", "MMAC", "BEST ms",
             "MEDIAN ms", "GMAC/s", "SHARE OF PEAK");
    cli_put(out, line);
    for (size_t i = 0; i < bench->n; i++) {
        const MienBenchResult *result = &bench->results[i];
        snprintf(line, sizeof(line), "%-26s %9.2f %9.3f %9.3f %9.1f %12.1f%%\n", bench->names[i],
                 result->macs * 1e-6, result->best_ms, result->median_ms, gmac_s(result),
                 result->share_of_peak * 100);
        cli_put(out, line);
        print_blocks(out, bench, i);
    }
    if (values->pipeline)
        print_pipeline(out, &bench->pipeline);
}

static void put_number(CliWriter *out, const char *key, double value, int decimals)
{
    cli_put(out, key);
    cli_put_fixed(out, value, decimals);
}

static void print_json_blocks(CliWriter *out, const Bench *bench, size_t network)
{
    bool first = true;
    for (size_t i = 0; i < bench->n_blocks; i++) {
        const MienBenchBlock *block = &bench->blocks[i].block;
        if (block->network != network)
            continue;
        cli_put(out, first ? ",\"blocks\":[" : ",");
        cli_put(out, "\n {\"name\":");
        cli_put_json(out, bench->blocks[i].name);
        put_number(out, ",\"ms\":", block->best_ms, 6);
        put_number(out, ",\"macs\":", block->macs, 0);
        put_number(out, ",\"share_of_peak\":", block->share_of_peak, 6);
        cli_put(out, "}");
        first = false;
    }
    if (!first)
        cli_put(out, "]");
}

static void print_json_pipeline(CliWriter *out, const Bench *bench, const BenchValues *values)
{
    const CliPipelineBench *pipeline = &bench->pipeline;
    cli_put(out, ",\n\"pipeline\":{\"input\":");
    cli_put_json(out, values->pipeline);
    cli_put(out, ",\"frames\":");
    cli_put_int(out, (int64_t)pipeline->n_frames);
    cli_put(out, ",\"tracked\":");
    cli_put_int(out, (int64_t)pipeline->n_tracked);
    put_number(out, ",\"decode_ms\":", pipeline->decode_ms, 6);
    put_number(out, ",\"frame_ms\":", pipeline->frame_ms, 6);
    put_number(out, ",\"tracked_ms\":", pipeline->tracked_ms, 6);
    if (pipeline->frames_per_second > 0)
        put_number(out, ",\"frames_per_second\":", pipeline->frames_per_second, 1);
    cli_put(out, "}");
}

static void print_json_head(CliWriter *out)
{
    cli_put(out, "{\"schema\":\"mien.bench/1\",\"version\":");
    cli_put_json(out, mien_version());
    cli_put(out, ",\"build\":");
    cli_put_json(out, mien_build_info());
}

static void print_json_device(CliWriter *out, const Bench *bench, const BenchValues *values)
{
    print_json_head(out);
    cli_bench_device_json(out, &bench->device, bench->n_shown, bench->names);
    if (values->pipeline)
        print_json_pipeline(out, bench, values);
    cli_put(out, "}\n");
}

static void print_json(CliWriter *out, const Bench *bench, const BenchValues *values)
{
    print_json_head(out);
    cli_put(out, ",\"threads\":");
    cli_put_int(out, values->threads);
    cli_put(out, ",\"repeats\":");
    cli_put_int(out, values->repeats);
    put_number(out, ",\"fma_peak_gmac_s\":", bench->peak, 4);
    cli_put(out, ",\"networks\":[");
    for (size_t i = 0; i < bench->n; i++) {
        const MienBenchResult *result = &bench->results[i];
        cli_put(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        cli_put_json(out, bench->names[i]);
        put_number(out, ",\"ms\":", result->best_ms, 6);
        put_number(out, ",\"median_ms\":", result->median_ms, 6);
        put_number(out, ",\"macs\":", result->macs, 0);
        put_number(out, ",\"gmac_s\":", gmac_s(result), 4);
        put_number(out, ",\"share_of_peak\":", result->share_of_peak, 6);
        print_json_blocks(out, bench, i);
        cli_put(out, "}");
    }
    cli_put(out, "\n]");
    if (values->pipeline)
        print_json_pipeline(out, bench, values);
    cli_put(out, "}\n");
}

static MienModel *model_of(const Bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->n; i++)
        if (strcmp(bench->names[i], name) == 0)
            return bench->models[i];
    return NULL;
}

/* Few passes: each decodes the video again. */
static CliExit measure_pipeline(Bench *bench, const BenchValues *values)
{
    MienEngineOptions engine_options;
    mien_engine_options_init(&engine_options);
    engine_options.mode = MIEN_MODE_VIDEO;
    engine_options.model = model_of(bench, "face_mesh");
    engine_options.detector = model_of(bench, "face_detector_short");
    engine_options.threads = values->threads;
    engine_options.device = values->device;
    engine_options.allow_software = values->allow_software;
    engine_options.precision = (MienPrecision)values->precision;
    if (values->cpu_mask >= 0)
        engine_options.cpu_mask = (uint64_t)values->cpu_mask;
    if (!engine_options.model || !engine_options.detector)
        return cli_fail(CLI_MODEL, "--pipeline needs face_mesh and face_detector_short; get them "
                                   "with: mien models fetch");
    int32_t passes = values->repeats < 5 ? values->repeats : 5;
    return cli_bench_pipeline(values->pipeline, &engine_options, passes,
                              is_watched(values) ? show_pass : NULL, &bench->pipeline);
}

/* Networks, and the frame if there are the models for it. */
static CliExit measure_device(Bench *bench, const BenchValues *values,
                              MienBenchOptions *bench_options)
{
    MienError error = {0};
    bench->n_shown = bench->n;
    bench_options->batch = cli_bench_keep_batch;
    bench_options->batch_user = &bench->device;
    if (model_of(bench, "face_mesh") && model_of(bench, "face_detector_short")) {
        bench_options->frame_model = model_of(bench, "face_mesh");
        bench_options->frame_detector = model_of(bench, "face_detector_short");
    }
    if (values->network == FRAME_ALONE)
        bench->n_shown = 0;
    MienStatus status = mien_bench_device(bench_options, bench->n_shown, bench->models,
                                          bench->networks, &bench->device.device, &error);
    if (bench_options->progress == show_progress)
        show_progress(bench, 1, 1);
    if (status == MIEN_E_DEVICE && !*bench->device.device.id)
        return cli_refuse_device(values->device, &error);
    if (status != MIEN_OK)
        return cli_fail(status == MIEN_E_DEVICE     ? CLI_DEVICE
                        : status == MIEN_E_ARGUMENT ? CLI_USAGE
                                                    : CLI_INTERNAL,
                        "%s", error.text);
    return bench->device.out_of_memory ? cli_fail(CLI_INTERNAL, "out of memory") : CLI_OK;
}

static CliExit measure_cpu(Bench *bench, const BenchValues *values, MienBenchOptions *bench_options)
{
    MienError error = {0};
    bench_options->block_user = bench;
    if (values->blocks)
        bench_options->block = keep_block;
    if (mien_bench_networks(bench_options, bench->n, bench->models, bench->networks, bench->results,
                            &bench->peak, &error) != MIEN_OK)
        return cli_fail(CLI_INTERNAL, "%s", error.text);
    return bench->out_of_memory ? cli_fail(CLI_INTERNAL, "out of memory") : CLI_OK;
}

static void print(CliWriter *out, const Bench *bench, const BenchValues *values)
{
    if (is_cpu(values)) {
        (values->json ? print_json : print_table)(out, bench, values);
    } else if (values->json) {
        print_json_device(out, bench, values);
    } else {
        cli_bench_device_table(out, &bench->device, bench->names);
        if (values->pipeline)
            print_pipeline(out, &bench->pipeline);
    }
}

static CliExit measure(Bench *bench, const BenchValues *values)
{
    if (bench->n == 0)
        return cli_fail(CLI_MODEL, "no network to measure; get the models with: mien models fetch");
    MienBenchOptions bench_options;
    make_options(values, &bench_options);
    bench_options.user = bench;
    if (is_watched(values))
        bench_options.progress = show_progress;
    CliExit status = is_cpu(values) ? measure_cpu(bench, values, &bench_options)
                                    : measure_device(bench, values, &bench_options);
    if (status == CLI_OK && values->pipeline)
        status = measure_pipeline(bench, values);
    if (status != CLI_OK)
        return status;
    static CliWriter out;
    cli_writer_init(&out, STDOUT_FILENO);
    print(&out, bench, values);
    int failed = cli_writer_flush(&out);
    return failed ? cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(failed))
                  : cli_interrupt_exit();
}

static CliExit check_values(BenchValues *values)
{
    if (!values->device)
        values->device = "cpu";
    if (values->max_batch == 0)
        values->max_batch = strncmp(values->device, "vulkan", 6) == 0 ? 1024 : 4096;
    if (values->network == FRAME_ALONE && is_cpu(values))
        return cli_fail(CLI_USAGE, "bench: --network frame is for devices; of the CPU, --pipeline "
                                   "measures the frames of a video");
    if (values->blocks && !is_cpu(values))
        return cli_fail(CLI_USAGE, "bench: --blocks is for the CPU");
    return CLI_OK;
}

static bool is_wanted(const BenchValues *values, size_t network)
{
    bool is_frame = values->network == FRAME_ALONE;
    if ((values->pipeline || is_frame) &&
        (strcmp(network_names[network], "face_mesh") == 0 ||
         strcmp(network_names[network], "face_detector_short") == 0))
        return true;
    if (values->network < 0) /* not said */
        return !values->pipeline;
    return values->network == (int32_t)N_NETWORKS || values->network == (int32_t)network;
}

int cmd_bench(int argc, char **argv)
{
    BenchValues values = {
        .network = -1, .threads = 1, .repeats = 200, .cpu_mask = -1, .seconds = 1};
    CliList operands = {0};
    CliStore store = {0};
    int status = cli_args_parse(&command, argc, argv, &values, &values.common, &operands);
    if (status == CLI_OK)
        status = (int)check_values(&values);
    if (status == CLI_OK)
        status = (int)cli_store_open(&store, values.model_dir);
    cli_interrupt_init();
    Bench bench = {0};
    for (size_t i = 0; i < N_NETWORKS && status == CLI_OK; i++)
        if (is_wanted(&values, i))
            status = (int)add_network(&bench, &values, &store, i);
    if (status == CLI_OK)
        status = (int)measure(&bench, &values);
    for (size_t i = 0; i < bench.n; i++)
        mien_model_destroy(bench.models[i]);
    free(bench.blocks);
    cli_bench_device_free(&bench.device);
    cli_store_close(&store);
    cli_list_free(&operands);
    return status == CLI_ARGS_DONE ? CLI_OK : status;
}
