/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark: plausible numbers, early end, refusals. How fast it is, is no matter of tests. */
#include "mien/bench.h"

#include "base/base.h"
#include "engine/fixture.h"

#define N_MODELS 4

static const char *const files[N_MODELS] = {MESH, SHORT_RANGE, ATTENTION, FULL_RANGE};
static const size_t networks[N_MODELS] = {0};

static void get_models(MienModel *models[N_MODELS])
{
    for (int i = 0; i < N_MODELS; i++)
        models[i] = fixture_model(files[i]);
}

static MienBenchOptions quick(void)
{
    MienBenchOptions options;
    mien_bench_options_init(&options);
    options.repeats = 3;
    return options;
}

static void numbers_are_plausible(void **state)
{
    (void)state;
    MienModel *models[N_MODELS];
    get_models(models);
    MienBenchOptions options = quick();
    options.repeats = 10; /* one of them is hardly disturbed by other programs */
    for (options.threads = 1; options.threads <= 2; options.threads++) {
        MienBenchResult results[N_MODELS] = {{0}};
        double peak = 0;
        assert_int_equal(
            mien_bench_networks(&options, N_MODELS, models, networks, results, &peak, NULL),
            MIEN_OK);
        assert_true(peak > 0.01 && peak < 1000);
        for (int i = 0; i < N_MODELS; i++) {
            assert_true(results[i].macs > 10e6 && results[i].macs < 1e9);
            assert_true(results[i].best_ms > 0);
            assert_true(results[i].median_ms >= results[i].best_ms);
            assert_true(results[i].share_of_peak > 0 && results[i].share_of_peak <= 1.05);
            double share = results[i].macs / results[i].best_ms * 1e-6 / (peak * options.threads);
            assert_true(share > 0.999 * results[i].share_of_peak &&
                        share < 1.001 * results[i].share_of_peak);
        }
        assert_true(results[2].macs > results[0].macs);
    }
}

typedef struct Progress {
    int32_t calls, stop_after, n_rounds;
} Progress;

static int count(void *user, int32_t round, int32_t n_rounds)
{
    Progress *progress = user;
    assert_int_equal(round, ++progress->calls);
    progress->n_rounds = n_rounds;
    return round == progress->stop_after;
}

static void progress_is_told_and_can_end_it(void **state)
{
    (void)state;
    MienModel *model = fixture_model(SHORT_RANGE);
    MienBenchOptions options = quick();
    options.repeats = 5;
    options.progress = count;
    static const int32_t stops[] = {0, 1, 3, 5}, calls[] = {5, 1, 3, 5};
    for (int i = 0; i < 4; i++) {
        Progress progress = {.stop_after = stops[i]};
        options.user = &progress;
        MienBenchResult result = {0};
        double peak = 0;
        assert_int_equal(mien_bench_networks(&options, 1, &model, networks, &result, &peak, NULL),
                         MIEN_OK);
        assert_int_equal(progress.calls, calls[i]);
        assert_int_equal(progress.n_rounds, 5);
        assert_true(result.best_ms > 0 && result.median_ms >= result.best_ms && peak > 0);
    }
}

typedef struct Blocks {
    double macs[2], ms[2];
    int n;
} Blocks;

static void add_block(void *user, const MienBenchBlock *block)
{
    Blocks *blocks = user;
    assert_true(block->network < 2 && block->best_ms >= 0 && block->macs >= 0);
    assert_non_null(block->name);
    blocks->macs[block->network] += block->macs;
    blocks->ms[block->network] += block->best_ms;
    blocks->n++;
}

/* Blocks are all of a network: their multiply-adds, and about its time. */
static void blocks_add_up(void **state)
{
    (void)state;
    MienModel *models[N_MODELS];
    get_models(models);
    Blocks blocks = {.n = 0};
    MienBenchOptions options = quick();
    options.block = add_block;
    options.block_user = &blocks;
    MienBenchResult results[2];
    double peak;
    assert_int_equal(mien_bench_networks(&options, 2, models, networks, results, &peak, NULL),
                     MIEN_OK);
    assert_true(blocks.n > 40);
    for (int i = 0; i < 2; i++) {
        assert_true(blocks.macs[i] == results[i].macs);
        assert_true(blocks.ms[i] > 0.2 * results[i].best_ms);
    }
}

static void networks_of_a_bundle_are_numbered(void **state)
{
    (void)state;
    MienModel *bundle = fixture_model("face_landmarker.task");
    MienBenchOptions options = quick();
    options.repeats = 1;
    MienBenchResult result = {0};
    MienError error = {0};
    double peak = 0;
    size_t network = 3;
    assert_int_equal(mien_bench_networks(&options, 1, &bundle, &network, &result, &peak, &error),
                     MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "networks[0] is 3");
    assert_true(peak == 0 && result.macs == 0);
    network = 0;
    assert_int_equal(mien_bench_networks(&options, 1, &bundle, &network, &result, &peak, NULL),
                     MIEN_OK);
    assert_true(result.macs > 0);
}

static void nothing_but_the_peak_is_fine(void **state)
{
    (void)state;
    MienModel *model = NULL;
    MienBenchResult result = {.macs = -1};
    MienBenchOptions options = quick();
    double peak = 0;
    assert_int_equal(mien_bench_networks(&options, 0, &model, networks, &result, &peak, NULL),
                     MIEN_OK);
    assert_true(peak > 0 && result.macs == -1);
}

static void refused(const MienBenchOptions *options, const char *word)
{
    MienModel *model = fixture_model(SHORT_RANGE);
    MienBenchResult result = {.macs = -1};
    MienError error = {0};
    double peak = -1;
    assert_int_equal(mien_bench_networks(options, 1, &model, networks, &result, &peak, &error),
                     MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, word);
    assert_true(peak == -1 && result.macs == -1);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    const MienBenchOptions good = quick();
    static const int32_t bad_threads[] = {0, -1, 65}, bad_repeats[] = {0, INT32_MIN, 1000001};
    for (int i = 0; i < 3; i++) {
        MienBenchOptions options = good;
        options.threads = bad_threads[i];
        refused(&options, "threads");
        options = good;
        options.repeats = bad_repeats[i];
        refused(&options, "repeats");
        options = good;
        options.struct_size += (size_t)i - 3;
        refused(&options, "struct_size");
    }
    refused(NULL, "NULL");

    MienModel *models[2] = {fixture_model(SHORT_RANGE), NULL};
    MienBenchResult results[2];
    MienError error = {0};
    double peak;
    assert_int_equal(mien_bench_networks(&good, 2, models, networks, results, &peak, &error),
                     MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "models[1] is NULL");
    assert_int_equal(mien_bench_networks(&good, 1, NULL, networks, results, &peak, NULL),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_bench_networks(&good, 1, models, NULL, results, &peak, NULL),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_bench_networks(&good, 1, models, networks, NULL, &peak, NULL),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_bench_networks(&good, 1, models, networks, results, NULL, NULL),
                     MIEN_E_ARGUMENT);
}

static void a_lack_of_memory_is_told(void **state)
{
    (void)state;
    MienModel *model = fixture_model(SHORT_RANGE);
    MienBenchOptions options = quick();
    options.repeats = 1;
    int n = 0;
    for (MienStatus status = MIEN_E_NOMEM; status != MIEN_OK; n++) {
        MienBenchResult result;
        MienError error = {0};
        double peak;
        mieni_alloc_fail_at(n, n % 2);
        status = mien_bench_networks(&options, 1, &model, networks, &result, &peak, &error);
        mieni_alloc_fail_at(-1, false);
        if (status != MIEN_OK)
            assert_error(&error, MIEN_E_NOMEM, "");
        assert_true(n < 1000);
    }
    assert_true(n > 20);
}

/* Rows of a device, which here is the CPU: it has no clock of its own and counts nothing. */
typedef struct Rows {
    int32_t n_networks, n_frames, last_batch;
} Rows;

static void note_row(void *user, const MienBenchBatch *row)
{
    Rows *rows = user;
    bool is_frame = row->network == MIEN_BENCH_FRAME;
    int32_t *n = is_frame ? &rows->n_frames : &rows->n_networks;
    assert_true(row->network == 0 || is_frame);
    assert_int_equal(row->batch, 1 << *n);
    assert_true(row->runs >= 3 && row->runs <= 5);
    assert_true(row->best_ms > 0 && row->best_ms <= row->median_ms &&
                row->median_ms <= row->p99_ms);
    assert_true(row->macs > 10e6 * row->batch);
    assert_true(row->device_ms == 0 && row->floor_ms == 0 && row->copies_up == 0);
    ++*n;
}

static void device_is_measured(void **state)
{
    (void)state;
    MienModel *models[N_MODELS];
    get_models(models);
    MienBenchOptions options = quick();
    Rows rows = {0};
    MienBenchDevice device;
    options.repeats = 5;
    options.max_batch = 2;
    options.frame_model = models[0];
    options.frame_detector = models[1];
    options.batch = note_row;
    options.batch_user = &rows;
    assert_int_equal(mien_bench_device(&options, 1, &models[1], networks, &device, NULL), MIEN_OK);
    assert_string_equal(device.id, "cpu");
    assert_int_equal(rows.n_networks, 2);
    assert_int_equal(rows.n_frames, 2);
    Progress progress = {.stop_after = 1};
    rows = (Rows){0};
    options.progress = count;
    options.user = &progress;
    assert_int_equal(mien_bench_device(&options, 1, &models[1], networks, &device, NULL), MIEN_OK);
    assert_int_equal(rows.n_networks + rows.n_frames, 1);
}

static void device_options_are_checked(void **state)
{
    (void)state;
    MienBenchDevice device;
    MienError error;
    MienBenchOptions options = quick();
    options.max_batch = 4097;
    assert_int_equal(mien_bench_device(&options, 0, NULL, NULL, &device, &error), MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "max_batch");
    options = quick();
    options.seconds = 0;
    assert_int_equal(mien_bench_device(&options, 0, NULL, NULL, &device, &error), MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "seconds");
    options = quick();
    options.device = "nonsense";
    assert_int_equal(mien_bench_device(&options, 0, NULL, NULL, &device, &error), MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "nonsense");
    assert_int_equal(mien_bench_device(&options, 0, NULL, NULL, NULL, &error), MIEN_E_ARGUMENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_plausible),
        cmocka_unit_test(progress_is_told_and_can_end_it),
        cmocka_unit_test(blocks_add_up),
        cmocka_unit_test(networks_of_a_bundle_are_numbered),
        cmocka_unit_test(nothing_but_the_peak_is_fine),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_lack_of_memory_is_told),
        cmocka_unit_test(device_is_measured),
        cmocka_unit_test(device_options_are_checked),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
