/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NULL where a pointer is wanted: every function of libmien, by itself and with whatever else it
 * wants. tests/house/abi.py looks that none is left out.
 */
#include "engine/fixture.h"
#include "mien/mien.h"

static int take_line(void *user, const char *line)
{
    (void)user;
    (void)line;
    return 0;
}

static int take_text(void *user, const char *text, size_t n)
{
    (void)user;
    (void)text;
    (void)n;
    return 0;
}

static void about_the_library(void **state)
{
    (void)state;
    assert_int_equal(mien_api_version(), MIEN_API_VERSION);
    assert_line(mien_version(), ".");
    assert_line(mien_build_info(), "ref");
    assert_non_null(mien_status_name(MIEN_OK));
    assert_non_null(mien_status_name((MienStatus)12345));
    assert_non_null(mien_status_text((MienStatus)-12345));
    assert_null(mien_blendshape_name(SIZE_MAX));
    size_t n = 7;
    assert_null(mien_topology_edges((MienTopology)-1, &n));
    assert_int_equal(n, 0);
    assert_null(mien_topology_edges((MienTopology)99, NULL));
    assert_non_null(mien_topology_edges(MIEN_TOPOLOGY_LIPS, NULL));
    assert_non_null(mien_topology_triangles(NULL));
    assert_null(mien_watch_slowdown_text(0));
    assert_non_null(mien_model_catalog(NULL));
    assert_null(mien_model_catalog_find(NULL));
}

static void options_and_images(void **state)
{
    (void)state;
    mien_engine_options_init(NULL);
    mien_bench_options_init(NULL);
    mien_doctor_options_init(NULL);
    mien_watch_options_init(NULL);
    mien_image_init(NULL, MIEN_PIXEL_RGB24, 4, 4, "x", 12);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_NV12, 4, 4, NULL, 0);
    assert_null(image.planes[0]);
}

static void devices(void **state)
{
    (void)state;
    size_t n = 0;
    MienDeviceInfo info;
    MienDeviceTest test;
    assert_int_equal(mien_device_list(NULL, 0, sizeof(info), NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_list(NULL, 1, sizeof(info), &n), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_list(&info, 1, 0, &n), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_test(NULL, sizeof(test), &test, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_test("cpu", sizeof(test), NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_test("cpu", 0, &test, NULL), MIEN_E_ARGUMENT);
}

static void models(void **state)
{
    (void)state;
    MienModel *model = NULL;
    assert_int_equal(mien_model_load_file(NULL, &model, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_load_file("x", NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_load_memory(NULL, 1, &model, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_load_memory("x", 1, NULL, NULL), MIEN_E_ARGUMENT);
    assert_null(mien_model_retain(NULL));
    assert_string_equal(mien_model_sha256(NULL), "");
    assert_null(mien_model_name(NULL));
    assert_int_equal(mien_model_n_networks(NULL), 0);
    assert_null(mien_model_network_name(NULL, 0));
    assert_int_equal(mien_model_inspect(NULL, 0, take_line, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_write_onnx(NULL, 0, NULL, NULL, NULL), MIEN_E_ARGUMENT);
    model = fixture_model(SHORT_RANGE);
    assert_null(mien_model_network_name(model, 1));
    assert_int_equal(mien_model_inspect(model, 0, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_write_onnx(model, 0, NULL, NULL, NULL), MIEN_E_ARGUMENT);
    mien_model_destroy(NULL);
}

static void engines(void **state)
{
    (void)state;
    MienEngine *engine = NULL;
    const MienResult *result = NULL;
    MienEngineInfo info = {.struct_size = sizeof(info)};
    MienStreamStats stats = {.struct_size = sizeof(stats)};
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienImage image = fixture_blank(8, 8);
    int64_t time = 0;
    assert_int_equal(mien_engine_create(NULL, &engine, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_create(&options, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process(NULL, &image, 0, &result), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process_batch(NULL, 1, &image, &time, NULL, &result),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_send(NULL, &image, 0), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_flush(NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_stream_stats(NULL, &stats), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_info(NULL, &info), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_import_memory(NULL, &image, 4096), MIEN_E_ARGUMENT);
    assert_non_null(mien_engine_message(NULL));
    assert_non_null(mien_engine_reason(NULL));
    mien_engine_release_memory(NULL, &image);
    mien_engine_reset(NULL);
    mien_engine_destroy(NULL);

    engine = fixture_engine(&options);
    assert_int_equal(mien_engine_process(engine, NULL, 0, &result), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process(engine, &image, 0, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process_batch(engine, 1, NULL, &time, NULL, &result),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process_batch(engine, 1, &image, &time, NULL, NULL),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process_batch(engine, 0, NULL, NULL, NULL, NULL), MIEN_OK);
    assert_int_equal(mien_engine_info(engine, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_import_memory(engine, NULL, 4096), MIEN_E_ARGUMENT);
    mien_engine_release_memory(engine, NULL);
    assert_int_equal(mien_engine_process(engine, &image, 0, &result), MIEN_OK);
    mien_engine_destroy(engine);
}

static void results(void **state)
{
    (void)state;
    MienResult *clone = NULL;
    assert_int_equal(mien_result_n_faces(NULL), 0);
    assert_null(mien_result_face(NULL, 0));
    assert_int_equal(mien_result_timestamp_us(NULL), 0);
    assert_int_equal(mien_result_clone(NULL, &clone), MIEN_E_ARGUMENT);
    mien_result_destroy(NULL);
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = fixture_engine(&options);
    MienImage image = fixture_blank(8, 8);
    assert_int_equal(mien_result_clone(fixture_process(engine, &image, 0), NULL), MIEN_E_ARGUMENT);
    mien_engine_destroy(engine);
}

static void measurements(void **state)
{
    (void)state;
    MienBenchOptions options;
    MienBenchResult result;
    MienBenchDevice device;
    double peak;
    size_t network = 0;
    mien_bench_options_init(&options);
    MienModel *model = fixture_model(SHORT_RANGE), *none = NULL;
    const MienStatus got[] = {
        mien_bench_networks(NULL, 1, &model, &network, &result, &peak, NULL),
        mien_bench_networks(&options, 1, NULL, &network, &result, &peak, NULL),
        mien_bench_networks(&options, 1, &none, &network, &result, &peak, NULL),
        mien_bench_networks(&options, 1, &model, NULL, &result, &peak, NULL),
        mien_bench_networks(&options, 1, &model, &network, NULL, &peak, NULL),
        mien_bench_networks(&options, 1, &model, &network, &result, NULL, NULL),
        mien_bench_device(NULL, 1, &model, &network, &device, NULL),
        mien_bench_device(&options, 1, NULL, &network, &device, NULL),
        mien_bench_device(&options, 1, &none, &network, &device, NULL),
        mien_bench_device(&options, 1, &model, NULL, &device, NULL),
        mien_bench_device(&options, 1, &model, &network, NULL, NULL),
    };
    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++)
        assert_int_equal(got[i], MIEN_E_ARGUMENT);
}

static void doctors(void **state)
{
    (void)state;
    MienCause cause;
    assert_int_equal(mien_cause_find(NULL, &cause), MIEN_E_ARGUMENT);
    assert_int_equal(mien_cause_find("no-libcuda", NULL), MIEN_E_ARGUMENT);
    size_t n = 7;
    assert_int_equal(mien_doctor_create(NULL, NULL, NULL), MIEN_E_ARGUMENT);
    assert_null(mien_doctor_verdict(NULL, MIEN_STACK_CUDA));
    assert_null(mien_doctor_device(NULL));
    assert_null(mien_doctor_smoke(NULL, &n));
    assert_int_equal(n, 0);
    n = 7;
    assert_null(mien_doctor_findings(NULL, &n));
    assert_int_equal(n, 0);
    assert_null(mien_doctor_findings(NULL, NULL));
    assert_int_equal(mien_doctor_write_text(NULL, take_text, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_doctor_write_json(NULL, 0, take_text, NULL), MIEN_E_ARGUMENT);
    mien_doctor_destroy(NULL);

    MienDoctor *doctor = NULL;
    MienDoctorOptions options;
    mien_doctor_options_init(&options);
    options.root = "/nonexistent"; /* an empty machine */
    assert_int_equal(mien_doctor_create(&options, &doctor, NULL), MIEN_OK);
    (void)mien_doctor_smoke(doctor, NULL);
    (void)mien_doctor_findings(doctor, NULL);
    assert_null(mien_doctor_verdict(doctor, (MienStack)3));
    assert_null(mien_doctor_device(doctor));
    assert_int_equal(mien_doctor_write_text(doctor, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_doctor_write_json(doctor, 1, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_doctor_write_json(doctor, 1, take_text, NULL), MIEN_OK);
    mien_doctor_destroy(doctor);
}

static void installations(void **state)
{
    (void)state;
    MienInstall *install = NULL;
    size_t n = 7;
    assert_int_equal(mien_install_create(NULL, NULL, &install, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_install_create("/", NULL, NULL, NULL), MIEN_E_ARGUMENT);
    assert_null(mien_install_verdicts(NULL, &n));
    assert_int_equal(n, 0);
    n = 7;
    assert_null(mien_install_facts(NULL, &n));
    assert_int_equal(n, 0);
    assert_null(mien_install_facts(NULL, NULL));
    assert_null(mien_install_verdicts(NULL, NULL));
    mien_install_destroy(NULL);
}

static void logs(void **state)
{
    (void)state;
    MienLogReader *reader = NULL;
    assert_int_equal(mien_log_reader_create(NULL), MIEN_E_ARGUMENT);
    mien_log_reader_feed(NULL, "x", 1);
    assert_null(mien_log_reader_finish(NULL));
    mien_log_reader_destroy(NULL);
    assert_int_equal(mien_log_reader_create(&reader), MIEN_OK);
    mien_log_reader_feed(reader, NULL, 5);
    mien_log_reader_feed(reader, NULL, 0);
    assert_non_null(mien_log_reader_finish(reader));
    mien_log_reader_destroy(reader);
}

static void watches(void **state)
{
    (void)state;
    MienWatch *watch = NULL;
    const MienWatchSample *sample = NULL;
    MienWatchOptions options;
    mien_watch_options_init(&options);
    options.root = "/nonexistent";
    assert_int_equal(mien_watch_create(&options, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_watch_sample(NULL, &sample), MIEN_E_ARGUMENT);
    mien_watch_destroy(NULL);
    if (mien_watch_create(&options, &watch, NULL) == MIEN_OK)
        assert_int_equal(mien_watch_sample(watch, NULL), MIEN_E_ARGUMENT);
    mien_watch_destroy(watch);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(about_the_library), cmocka_unit_test(options_and_images),
        cmocka_unit_test(devices),           cmocka_unit_test(models),
        cmocka_unit_test(engines),           cmocka_unit_test(results),
        cmocka_unit_test(measurements),      cmocka_unit_test(doctors),
        cmocka_unit_test(installations),     cmocka_unit_test(logs),
        cmocka_unit_test(watches),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
