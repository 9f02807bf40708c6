/* SPDX-License-Identifier: Apache-2.0 */
/* Loading models: from files and memory, what is refused and how, what a model says of itself. */
#include <sys/stat.h>

#include "base/base.h"
#include "engine/fixture.h"

static void refused_file(const char *path, MienStatus status, const char *word)
{
    MienModel *model = (MienModel *)&status;
    MienError error = {0};
    assert_int_equal(mien_model_load_file(path, &model, &error), status);
    assert_null(model);
    assert_error(&error, status, word);
    assert_int_equal(mien_model_load_file(path, &model, NULL), status);
}

static const char *write_file(const char *name, const void *data, size_t size)
{
    const char *path = test_temporary(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void files_that_are_no_models_are_refused_by_name(void **state)
{
    (void)state;
    refused_file(test_temporary("missing.tflite"), MIEN_E_IO, "missing.tflite");
    refused_file(write_file("empty.tflite", "", 0), MIEN_E_FORMAT, "empty.tflite");
    refused_file(write_file("text.tflite", "hello, I am text", 16), MIEN_E_FORMAT, "text.tflite");
    const char *directory = test_temporary("directory.tflite");
    assert_int_equal(mkdir(directory, 0700), 0);
    refused_file(directory, MIEN_E_FORMAT, "directory.tflite");
    /* Nobody ever writes into it: it must not be waited for. */
    const char *fifo = test_temporary("pipe.tflite");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refused_file(fifo, MIEN_E_FORMAT, "pipe.tflite");
}

/* However odd the name, the text stays one line. */
static void error_text_is_one_line(void **state)
{
    (void)state;
    refused_file("no such\nfile\x1b[31m", MIEN_E_IO, "no such?file?[31m");
    refused_file(write_file("two\nlines.tflite", "x", 1), MIEN_E_FORMAT, "two?lines.tflite");
    char *path = malloc(2000);
    assert_non_null(path);
    memset(path, 'x', 1999);
    path[1999] = 0;
    refused_file(path, MIEN_E_IO, "xxxx");
    free(path);
}

static void null_pointers_are_refused(void **state)
{
    (void)state;
    MienModel *model = (MienModel *)&state;
    MienError error = {0};
    assert_int_equal(mien_model_load_file(NULL, &model, &error), MIEN_E_ARGUMENT);
    assert_null(model);
    assert_error(&error, MIEN_E_ARGUMENT, "NULL");
    assert_int_equal(mien_model_load_file("x", NULL, NULL), MIEN_E_ARGUMENT);
    model = (MienModel *)&state;
    assert_int_equal(mien_model_load_memory(NULL, 10, &model, NULL), MIEN_E_ARGUMENT);
    assert_null(model);
    assert_int_equal(mien_model_load_memory("x", 1, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_load_memory("", 0, &model, &error), MIEN_E_FORMAT);
    assert_null(model);

    assert_null(mien_model_retain(NULL));
    mien_model_destroy(NULL);
    assert_string_equal(mien_model_sha256(NULL), "");
    assert_null(mien_model_name(NULL));
    assert_int_equal(mien_model_n_networks(NULL), 0);
    assert_int_equal(mien_model_inspect(NULL, 0, NULL, NULL), MIEN_E_ARGUMENT);
    assert_null(mien_model_network_name(NULL, 0));
    assert_int_equal(mien_model_write_onnx(NULL, 0, NULL, NULL, NULL), MIEN_E_ARGUMENT);
}

static void catalogue_knows_its_models(void **state)
{
    (void)state;
    static const struct {
        const char *file, *name;
        size_t n_networks;
    } cases[] = {{MESH, "face_mesh", 1},
                 {ATTENTION, "face_mesh_attention", 1},
                 {SHORT_RANGE, "face_detector_short", 1},
                 {FULL_RANGE, "face_detector_full_sparse", 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const MienModel *model = fixture_model(cases[i].file);
        assert_string_equal(mien_model_name(model), cases[i].name);
        assert_int_equal(mien_model_n_networks(model), cases[i].n_networks);
        assert_int_equal(strlen(mien_model_sha256(model)), 64);
        const MienCatalogEntry *entry = mien_model_catalog_find(cases[i].name);
        assert_non_null(entry);
        assert_ptr_equal(entry, mien_model_catalog_find(cases[i].file));
    }
}

/* A copy from memory is the same model; one changed byte makes it another. */
static void memory_is_copied(void **state)
{
    (void)state;
    size_t size;
    unsigned char *data = test_read_file(test_need_data("models/" SHORT_RANGE), &size);
    MienModel *model, *other;
    assert_int_equal(mien_model_load_memory(data, size, &model, NULL), MIEN_OK);
    data[size / 2] ^= 1;
    assert_int_equal(mien_model_load_memory(data, size, &other, NULL), MIEN_OK);
    memset(data, 0xff, size);
    free(data);
    assert_string_equal(mien_model_sha256(model), mien_model_sha256(fixture_model(SHORT_RANGE)));
    assert_string_not_equal(mien_model_sha256(other), mien_model_sha256(model));
    assert_null(mien_model_name(other));
    mien_model_destroy(model);
    mien_model_destroy(other);
}

static void references_are_counted(void **state)
{
    (void)state;
    MienModel *model;
    assert_int_equal(mien_model_load_file(test_need_data("models/" SHORT_RANGE), &model, NULL),
                     MIEN_OK);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(mien_model_retain(model), model);
    for (int i = 0; i < 3; i++)
        mien_model_destroy(model);
    assert_int_equal(mien_model_n_networks(model), 1);
    mien_model_destroy(model);
}

typedef struct Report {
    int n_lines, stop_after;
    bool has_name;
} Report;

static int count_line(void *user, const char *line)
{
    Report *report = user;
    assert_null(strchr(line, '\n'));
    report->n_lines++;
    report->has_name = report->has_name || strncmp(line, "network: ", 9) == 0;
    return report->n_lines == report->stop_after;
}

static void inspect_reports_and_stops(void **state)
{
    (void)state;
    const MienModel *mesh = fixture_model(MESH);
    Report all = {0};
    assert_int_equal(mien_model_inspect(mesh, 0, count_line, &all), MIEN_OK);
    assert_true(all.n_lines > 20 && !all.has_name);
    for (int stop = 1; stop <= 5; stop++) {
        Report some = {.stop_after = stop};
        assert_int_equal(mien_model_inspect(mesh, 0, count_line, &some), MIEN_OK);
        assert_int_equal(some.n_lines, stop);
    }
    assert_int_equal(mien_model_inspect(mesh, 1, count_line, &all), MIEN_E_ARGUMENT);
    assert_int_equal(mien_model_inspect(mesh, 0, NULL, NULL), MIEN_E_ARGUMENT);
}

static void bundle_names_its_networks(void **state)
{
    (void)state;
    const MienModel *bundle = fixture_model("face_landmarker.task");
    assert_int_equal(mien_model_n_networks(bundle), 3);
    for (size_t i = 0; i < 3; i++)
        for (int stop = 0; stop <= 1; stop++) {
            Report report = {.stop_after = stop};
            assert_int_equal(mien_model_inspect(bundle, i, count_line, &report), MIEN_OK);
            assert_true(report.has_name);
            assert_int_equal(report.n_lines == 1, stop == 1);
        }
    assert_string_equal(mien_model_network_name(bundle, 0), "face_detector.tflite");
    assert_string_equal(mien_model_network_name(bundle, 2), "face_blendshapes.tflite");
    assert_null(mien_model_network_name(bundle, 3));
}

typedef struct Sink {
    size_t size_bytes, stop_after;
    unsigned char first;
} Sink;

static int take(void *user, const void *data, size_t size_bytes)
{
    Sink *sink = user;
    if (!sink->size_bytes)
        sink->first = *(const unsigned char *)data;
    sink->size_bytes += size_bytes;
    return sink->size_bytes >= sink->stop_after;
}

static void export_writes_onnx_and_stops(void **state)
{
    (void)state;
    const MienModel *mesh = fixture_model(MESH);
    Sink all = {.stop_after = SIZE_MAX}, none = {0};
    MienError error = {0};
    assert_string_equal(mien_model_network_name(mesh, 0), "");
    assert_null(mien_model_network_name(mesh, 1));
    assert_int_equal(mien_model_write_onnx(mesh, 0, take, &all, &error), MIEN_OK);
    assert_int_equal(all.first, 1 << 3); /* ir_version, a number */
    assert_true(all.size_bytes > 2000000);
    assert_int_equal(mien_model_write_onnx(mesh, 0, take, &none, &error), MIEN_E_IO);
    assert_error(&error, MIEN_E_IO, "could not be written");
    assert_int_equal(mien_model_write_onnx(mesh, 1, take, &all, &error), MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "no such network");
    assert_int_equal(mien_model_write_onnx(mesh, 0, NULL, NULL, NULL), MIEN_E_ARGUMENT);
}

static void load_survives_a_lack_of_memory(void **state)
{
    (void)state;
    size_t size;
    void *data = test_read_file(test_need_data("models/" SHORT_RANGE), &size);
    MienModel *model = NULL;
    int n = 0;
    for (MienStatus status = MIEN_E_NOMEM; status != MIEN_OK; n++) {
        MienError error = {0};
        model = (MienModel *)&state;
        mieni_alloc_fail_at(n, n % 2);
        status = mien_model_load_memory(data, size, &model, &error);
        mieni_alloc_fail_at(-1, false);
        if (status != MIEN_OK) {
            assert_null(model);
            assert_error(&error, MIEN_E_NOMEM, "out of memory");
        }
        assert_true(n < 100000);
    }
    assert_true(n > 2);
    assert_string_equal(mien_model_name(model), "face_detector_short");
    mien_model_destroy(model);
    free(data);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_no_models_are_refused_by_name),
        cmocka_unit_test(error_text_is_one_line),
        cmocka_unit_test(null_pointers_are_refused),
        cmocka_unit_test(catalogue_knows_its_models),
        cmocka_unit_test(memory_is_copied),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(inspect_reports_and_stops),
        cmocka_unit_test(bundle_names_its_networks),
        cmocka_unit_test(export_writes_onnx_and_stops),
        cmocka_unit_test(load_survives_a_lack_of_memory),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
