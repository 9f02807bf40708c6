/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/compare.h"

#include <math.h>

static double distance(double dx, double dy)
{
    return sqrt(dx * dx + dy * dy);
}

static size_t position_of(const int32_t *indices, size_t n, int32_t landmark)
{
    for (size_t i = 0; i < n; i++)
        if ((indices ? indices[i] : (int32_t)i) == landmark)
            return i;
    fail_msg("landmark %d is not among the wanted points", (int)landmark);
    return 0;
}

Difference compare_points(const float *got, const float *want, const int32_t *indices, size_t n,
                          int width, int height)
{
    size_t a = position_of(indices, n, 33), b = position_of(indices, n, 263);
    double eyes = distance((want[2 * a] - want[2 * b]) * (double)width,
                           (want[2 * a + 1] - want[2 * b + 1]) * (double)height);
    Difference difference = {0, 0};
    for (size_t i = 0; i < n; i++) {
        double d = distance((got[2 * i] - want[2 * i]) * (double)width,
                            (got[2 * i + 1] - want[2 * i + 1]) * (double)height) /
                   eyes;
        difference.mean += d / (double)n;
        if (!(d <= difference.worst))
            difference.worst = d;
    }
    return difference;
}

void face_points(const MienFace *face, const int32_t *indices, size_t n, float *points)
{
    for (size_t i = 0; i < n; i++) {
        const MienLandmark *landmark = &face->landmarks[indices ? indices[i] : (int32_t)i];
        points[2 * i] = landmark->x;
        points[2 * i + 1] = landmark->y;
    }
}

Difference compare_face(const MienFace *face, const float *want, const int32_t *indices, size_t n,
                        int width, int height)
{
    float *got = calloc(2 * n, sizeof(*got));
    assert_non_null(got);
    face_points(face, indices, n, got);
    Difference difference = compare_points(got, want, indices, n, width, height);
    free(got);
    return difference;
}

const MienFace *nearest_face(const MienResult *result, const float *want, const int32_t *indices,
                             size_t n)
{
    const MienFace *nearest = NULL;
    double least = INFINITY;
    for (size_t k = 0; k < mien_result_n_faces(result); k++) {
        const MienFace *face = mien_result_face(result, k);
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            const MienLandmark *got = &face->landmarks[indices ? indices[i] : (int32_t)i];
            sum += distance(got->x - want[2 * i], got->y - want[2 * i + 1]);
        }
        if (sum < least) {
            least = sum;
            nearest = face;
        }
    }
    return nearest;
}

static MienModel *load_model(const char *file)
{
    char name[128];
    snprintf(name, sizeof(name), "models/%s", file);
    MienModel *model;
    MienError error = {0};
    if (mien_model_load_file(test_need_data(name), &model, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return model;
}

MienEngine *open_engine_with(MienEngineOptions *options, const char *model, const char *detector)
{
    options->model = load_model(model);
    options->detector = load_model(detector);
    MienEngine *engine;
    MienError error = {0};
    MienStatus status = mien_engine_create(options, &engine, &error);
    mien_model_destroy(options->model);
    mien_model_destroy(options->detector);
    if (status != MIEN_OK)
        fail_msg("%s", error.text);
    return engine;
}

MienEngine *open_engine(MienMode mode, const char *model, const char *detector, int32_t max_faces,
                        uint64_t cpu_mask)
{
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = mode;
    options.max_faces = max_faces;
    options.cpu_mask = cpu_mask;
    return open_engine_with(&options, model, detector);
}
