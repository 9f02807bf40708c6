/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/network.h"

#include <math.h>

#include "base/rng.h"
#include "cpu/sha256.h"
#include "cpu/flags.h"
#include "image/crop.h"
#include "mien/engine.h"
#include "model/task.h"
#include "support/picture.h"

static const void *find_member(const void *file, size_t *size, const char *member)
{
    MieniTask task;
    MienError error = {0};
    if (mieni_task_read(&task, file, *size, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < task.n_members; i++) {
        if (strcmp(task.members[i].name, member) != 0)
            continue;
        *size = task.members[i].size_bytes;
        return task.members[i].data;
    }
    fail_msg("the bundle has no %s", member);
    return NULL;
}

static const MieniLog silent;

static Network *open_with(const char *path, const char *member, const MieniDeviceOptions *options)
{
    Network *network = calloc(1, sizeof(*network));
    assert_non_null(network);
    size_t size;
    network->file = test_read_file(path, &size);
    const void *data = member ? find_member(network->file, &size, member) : network->file;
    MienError error = {0};
    if (mieni_graph_read(data, size, &network->graph, &error) != MIEN_OK ||
        mieni_plan_create(network->graph, &network->plan, &error) != MIEN_OK ||
        mieni_backend_cpu.open(0, options, &network->device, &error) != MIEN_OK ||
        mieni_backend_cpu.plan_create(network->device, network->plan, &network->device_plan,
                                      &error) != MIEN_OK)
        fail_msg("%s: %s", path, error.text);
    network->n_outputs = network->plan->n_outputs;
    for (int32_t i = 0; i < network->n_outputs; i++) {
        const MieniTensor *tensor = &network->plan->tensors[network->plan->outputs[i]];
        network->output_floats[i] =
            (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels;
        network->outputs[i] = calloc(network->output_floats[i], sizeof(float));
        assert_non_null(network->outputs[i]);
    }
    return network;
}

Network *network_open_file(const char *path, const char *member, uint64_t cpu_mask, int32_t threads)
{
    MieniDeviceOptions options = {.threads = threads, .cpu_mask = cpu_mask, .log = &silent};
    return open_with(path, member, &options);
}

static Network *open_model(const char *model, const MieniDeviceOptions *options)
{
    char path[128];
    snprintf(path, sizeof(path), "models/%s", model);
    char *member = strchr(path, ':');
    if (member)
        *member++ = 0;
    return open_with(test_need_data(path), member, options);
}

Network *network_open(const char *model, uint64_t cpu_mask, int32_t threads)
{
    MieniDeviceOptions options = {.threads = threads, .cpu_mask = cpu_mask, .log = &silent};
    return open_model(model, &options);
}

Network *network_open_in(const char *model, MienPrecision precision)
{
    MieniDeviceOptions options = {
        .threads = 1, .cpu_mask = MIEN_CPU_ALL, .precision = precision, .log = &silent};
    Network *network = open_model(model, &options);
    if (mieni_device_precision(&mieni_backend_cpu, network->device) == precision)
        return network;
    network_close(network);
    return NULL;
}

void network_run(Network *network, const float *input)
{
    MieniJob job = {.input = input};
    memcpy(job.outputs, network->outputs, sizeof(job.outputs));
    assert_int_equal(mieni_backend_cpu.plan_run(network->device_plan, 1, &job, NULL), MIEN_OK);
}

void network_check_output(const Network *network, int32_t i, const char *what,
                          const GoldenTensor *want, bool same)
{
    const float *values = want->data;
    double worst = 0, largest = 0;
    assert_int_equal(want->n_elements, network->output_floats[i]);
    for (size_t k = 0; k < want->n_elements; k++) {
        worst = fmax(worst, fabs((double)network->outputs[i][k] - (double)values[k]));
        largest = fmax(largest, fabs((double)values[k]));
    }
    printf("%s: off by at most %.2g, values up to %.4g\n", what, worst, largest);
    test_compare_floats(what, network->outputs[i], values, want->n_elements, same ? 0 : 1e-3,
                        same ? 0 : 1e-4);
}

bool network_is_fused(uint64_t cpu_mask)
{
    return (mieni_cpu_flags() & cpu_mask & (MIENI_CPU_AVX2 | MIENI_CPU_NEON)) != 0;
}

void network_close(Network *network)
{
    for (int32_t i = 0; i < network->n_outputs; i++)
        free(network->outputs[i]);
    mieni_backend_cpu.plan_destroy(network->device_plan);
    mieni_backend_cpu.close(network->device);
    mieni_plan_destroy(network->plan);
    mieni_graph_destroy(network->graph);
    free(network->file);
    free(network);
}

void golden_check_sha256(const char *what, const void *data, size_t size_bytes,
                         const GoldenTensor *sha256)
{
    char hex[65], want[65];
    mieni_sha256_hex(data, size_bytes, hex);
    assert_int_equal(sha256->n_elements, 32);
    for (int i = 0; i < 32; i++)
        snprintf(want + 2 * i, 3, "%02x", ((const uint8_t *)sha256->data)[i]);
    if (strcmp(hex, want) != 0)
        fail_msg("%s is not what the golden file was made with: SHA-256 %s, not %s", what, hex,
                 want);
}

uint8_t *golden_picture(const char *file, const GoldenTensor *sha256, int *width, int *height)
{
    char name[128];
    snprintf(name, sizeof(name), "testdata/%s", file);
    uint8_t *pixels = test_read_rgb24(test_need_data(name), width, height);
    if (sha256)
        golden_check_sha256(file, pixels, (size_t)*width * (size_t)*height * 3, sha256);
    return pixels;
}

static void text_of(const GoldenTensor *tensor, char *text, size_t size)
{
    assert_true(tensor->n_elements < size);
    memcpy(text, tensor->data, tensor->n_elements);
    text[tensor->n_elements] = 0;
}

static int32_t flag_of(const Golden *golden, const char *name)
{
    const GoldenTensor *tensor = golden_find(golden, name);
    return tensor ? *(const int32_t *)tensor->data : 0;
}

void golden_crop(const char *file, const GoldenTensor *sha256, MieniRect *rect,
                 const MieniCropSpec *spec, float *input)
{
    int width, height;
    uint8_t *pixels = golden_picture(file, sha256, &width, &height);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixels, 0);
    MieniView view;
    MieniCrop crop;
    MieniKernels kernels;
    mieni_kernels_init(&kernels, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    assert_int_equal(mieni_crop_init(&crop, &view, rect, spec), MIEN_OK);
    MieniPlane plane = {.data = input,
                        .height = spec->height,
                        .width = spec->width,
                        .channels = 3,
                        .row_stride = 3 * spec->width,
                        .pixel_stride = 3};
    kernels.crop(&view, &crop, &plane, 0, spec->height);
    free(pixels);
}

static void cut_crop(const Golden *golden, int32_t side, float low, float high, float *input)
{
    char file[64];
    text_of(golden_get(golden, "picture", GOLDEN_U8), file, sizeof(file));
    const float *r = golden_get(golden, "rect", GOLDEN_F32)->data;
    MieniRect rect = {r[0], r[1], r[2], r[3], r[4]};
    MieniCropSpec spec = {.width = side,
                          .height = side,
                          .border = flag_of(golden, "border_zero") ? MIENI_BORDER_ZERO
                                                                   : MIENI_BORDER_REPLICATE,
                          .keep_aspect = flag_of(golden, "keep_aspect"),
                          .range_max = 255};
    golden_crop(file, golden_get(golden, "picture_rgb_sha256", GOLDEN_U8), &rect, &spec, input);
    /* The scripts round twice. */
    const float scale = (high - low) / 255.0f;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)3 * side * side; i++) {
        float scaled = input[i] * scale;
        input[i] = scaled + low;
    }
}

float *golden_input(const Golden *golden, int32_t side, float low, float high)
{
    size_t n = side ? (size_t)side * (size_t)side * 3 : 2 * 146;
    float *input = calloc(n, sizeof(*input));
    assert_non_null(input);
    const GoldenTensor *noise = golden_find(golden, "noise");
    uint64_t state = (uint64_t)(uint32_t)flag_of(golden, "seed");
    if (golden_find(golden, "picture")) {
        cut_crop(golden, side, low, high, input);
        /* The scripts add decimal noise in double; the file holds it as float. */
        double amplitude = noise ? rint(*(const float *)noise->data * 1e6) / 1e6 : 0;
        for (size_t i = 0; i < n && noise; i++)
            input[i] += mieni_rng_float(&state, -amplitude, amplitude);
    } else {
        for (size_t i = 0; i < n; i++)
            input[i] = mieni_rng_float(&state, low, high);
    }
    golden_check_sha256("the input", input, n * sizeof(*input),
                        golden_get(golden, "input_sha256", GOLDEN_U8));
    return input;
}
