/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
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
    bool json;
} BenchValues;

/* Networks by the names of mien.bench/1, the model that each is in, and its place there. The last
 * choice stands for all of them. */
static const char *const network_names[] = {"face_mesh",
                                            "face_mesh_attention",
                                            "face_detector_short",
                                            "face_detector_full_sparse",
                                            "face_landmarks_v2",
                                            "face_blendshapes",
                                            "all",
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

/* clang-format off */
static const CliOption options[] = {
    {"network", 0, CLI_CHOICE, offsetof(BenchValues, network), "NAME", "the network to measure, or all (default all)", 0, 0, network_names},
    {"threads", 't', CLI_INT, offsetof(BenchValues, threads), "N", "threads that compute (default 1)", 1, 64, NULL},
    {"repeats", 0, CLI_INT, offsetof(BenchValues, repeats), "N", "rounds; each runs the FMA loop and every network once (default 200)", 1, 1000000, NULL},
    {"model-dir", 0, CLI_TEXT, offsetof(BenchValues, model_dir), "DIR", "look for models here first", 0, 0, NULL},
    {"json", 0, CLI_FLAG, offsetof(BenchValues, json), NULL, "for programs: JSON (mien.bench/1)", 0, 0, NULL},
    CLI_COMMON_OPTIONS(BenchValues, common),
};
/* clang-format on */

static const CliCommand command = {
    .name = "bench",
    .summary = "Measures networks against the best rate of the core's multiply-add units.",
    .usage = "[--network NAME|all]",
    .examples = "mien bench\nmien bench --network face_mesh --threads 4\nmien bench --json\n",
    .notes =
        "Networks: face_mesh, face_mesh_attention, face_detector_short,\n"
        "face_detector_full_sparse, face_landmarks_v2, face_blendshapes. One whose model is not\n"
        "on this machine is left out, with a word on standard error.\n",
    .options = options,
    .operand_name = "argument",
};

/* What is measured: the networks whose models are here and can be run. */
typedef struct Bench {
    size_t n;
    const char *names[N_NETWORKS];
    MienModel *models[N_NETWORKS];
    size_t networks[N_NETWORKS];
    MienBenchResult results[N_NETWORKS];
    double peak;
} Bench;

static int interrupted(void *user, int32_t round, int32_t n_rounds)
{
    (void)user;
    (void)round;
    (void)n_rounds;
    return cli_interrupted(NULL);
}

static void make_options(const BenchValues *values, MienBenchOptions *bench_options)
{
    mien_bench_options_init(bench_options);
    bench_options->threads = values->threads;
    bench_options->repeats = values->repeats;
    bench_options->progress = interrupted;
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
    }
}

static void put_number(CliWriter *out, const char *key, double value, int decimals)
{
    cli_put(out, key);
    cli_put_fixed(out, value, decimals);
}

static void print_json(CliWriter *out, const Bench *bench, const BenchValues *values)
{
    cli_put(out, "{\"schema\":\"mien.bench/1\",\"version\":");
    cli_put_json(out, mien_version());
    cli_put(out, ",\"build\":");
    cli_put_json(out, mien_build_info());
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
        cli_put(out, "}");
    }
    cli_put(out, "\n]}\n");
}

static CliExit measure(Bench *bench, const BenchValues *values)
{
    if (bench->n == 0)
        return cli_fail(CLI_MODEL, "no network to measure; get the models with: mien models fetch");
    MienBenchOptions bench_options;
    make_options(values, &bench_options);
    MienError error = {0};
    if (mien_bench_networks(&bench_options, bench->n, bench->models, bench->networks,
                            bench->results, &bench->peak, &error) != MIEN_OK)
        return cli_fail(CLI_INTERNAL, "%s", error.text);
    static CliWriter out;
    cli_writer_init(&out, STDOUT_FILENO);
    if (values->json)
        print_json(&out, bench, values);
    else
        print_table(&out, bench, values);
    int failed = cli_writer_flush(&out);
    return failed ? cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(failed))
                  : cli_interrupt_exit();
}

int cmd_bench(int argc, char **argv)
{
    BenchValues values = {.network = (int32_t)N_NETWORKS, .threads = 1, .repeats = 200};
    CliList operands = {0};
    CliStore store = {0};
    int status = cli_args_parse(&command, argc, argv, &values, &values.common, &operands);
    if (status == CLI_OK)
        status = (int)cli_store_open(&store, values.model_dir);
    cli_interrupt_init();
    Bench bench = {0};
    for (size_t i = 0; i < N_NETWORKS && status == CLI_OK; i++)
        if (values.network == (int32_t)N_NETWORKS || values.network == (int32_t)i)
            status = (int)add_network(&bench, &values, &store, i);
    if (status == CLI_OK)
        status = (int)measure(&bench, &values);
    for (size_t i = 0; i < bench.n; i++)
        mien_model_destroy(bench.models[i]);
    cli_store_close(&store);
    cli_list_free(&operands);
    return status == CLI_ARGS_DONE ? CLI_OK : status;
}
