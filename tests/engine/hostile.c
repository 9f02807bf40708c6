/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged weights: a model whose structure is sound but whose numbers are not. Nothing crashes,
 * and nobody gets to see a number that is none.
 */
#include <math.h>

#include "base/rng.h"
#include "engine/engine_private.h"
#include "engine/frames.h"

/* The file of a model, and where its constants lie. */
typedef struct Weights {
    const char *file;
    unsigned char *data;
    size_t size;
    MieniGraph *graph;
} Weights;

static void read_weights(Weights *weights, const char *file)
{
    char name[128];
    snprintf(name, sizeof(name), "models/%s", file);
    const char *path = test_need_data(name);
    weights->file = file;
    weights->data = test_read_file(path, &weights->size);
    MienError error;
    if (mieni_graph_read(weights->data, weights->size, &weights->graph, &error) != MIEN_OK)
        fail_msg("%s", error.text);
}

static void finish_weights(Weights *weights)
{
    mieni_graph_destroy(weights->graph);
    free(weights->data);
}

/* The bytes of a dense floating-point constant; NULL if the tensor is none. */
static unsigned char *constant_of(const Weights *weights, int32_t index, size_t *size)
{
    const MieniGraphTensor *tensor = &weights->graph->tensors[index];
    if (!tensor->data || tensor->sparsity || tensor->type == MIENI_TYPE_I32)
        return NULL;
    *size = tensor->n_elements * (tensor->type == MIENI_TYPE_F16 ? 2 : 4);
    return weights->data + ((const unsigned char *)tensor->data - weights->data);
}

static void fill(unsigned char *to, size_t size, MieniType type, int pattern)
{
    enum { N_PATTERNS = 5 };
    static const uint32_t f32[N_PATTERNS] = {0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff,
                                             0xff7fffff}; /* NaN, infinities, largest values */
    static const uint16_t f16[N_PATTERNS] = {0x7e00, 0x7c00, 0xfc00, 0x7bff, 0xfbff};
    size_t width = type == MIENI_TYPE_F16 ? sizeof(f16[0]) : sizeof(f32[0]);
    for (size_t at = 0; at < size; at += width)
        memcpy(to + at, width == 2 ? (const void *)&f16[pattern] : (const void *)&f32[pattern],
               width);
}

/* Every number that is handed out is one. */
static void check_result(const MienResult *result)
{
    for (size_t i = 0; i < mien_result_n_faces(result); i++) {
        const MienFace *face = mien_result_face(result, i);
        assert_true(face->score >= 0 && face->score <= 1);
        assert_true(face->presence >= 0 && face->presence <= 1);
        for (int32_t k = 0; k < face->n_landmarks; k++)
            assert_true(isfinite(face->landmarks[k].x) && isfinite(face->landmarks[k].y) &&
                        isfinite(face->landmarks[k].z));
    }
}

/* Runs a few frames with the damaged model; returns the number of faces. */
static size_t run(const Weights *weights, bool is_detector, uint64_t cpu_mask)
{
    MienModel *model;
    if (mien_model_load_memory(weights->data, weights->size, &model, NULL) != MIEN_OK)
        return 0;
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    *(is_detector ? &options.detector : &options.model) = model;
    options.cpu_mask = cpu_mask;
    options.max_faces = 2;
    MienEngine *engine;
    MienStatus status = mien_engine_create(&options, &engine, NULL);
    mien_model_destroy(model);
    if (status != MIEN_OK)
        return 0;
    MienImage portrait = frames_portrait();
    size_t n_faces = 0;
    for (int64_t i = 0; i < 2; i++) {
        const MienResult *result = fixture_process(engine, &portrait, i);
        check_result(result);
        n_faces += mien_result_n_faces(result);
    }
    mien_engine_destroy(engine);
    return n_faces;
}

/* One constant after the other, `stride` apart; restores each. Returns how many were damaged. */
static int damage_constants(const char *file, bool is_detector, int stride, uint64_t cpu_mask)
{
    Weights weights;
    read_weights(&weights, file);
    assert_true(run(&weights, is_detector, cpu_mask) == 2); /* unharmed, it finds the face */
    int n_constants = 0, n_damaged = 0;
    for (int32_t i = 0; i < weights.graph->n_tensors; i++) {
        size_t size;
        unsigned char *constant = constant_of(&weights, i, &size);
        if (!constant || n_constants++ % stride != 0)
            continue;
        unsigned char *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, constant, size);
        fill(constant, size, weights.graph->tensors[i].type, n_damaged++ % 5);
        run(&weights, is_detector, cpu_mask);
        memcpy(constant, copy, size);
        free(copy);
    }
    finish_weights(&weights);
    return n_damaged;
}

static void damaged_detectors_are_survived(void **state)
{
    (void)state;
    assert_true(damage_constants(SHORT_RANGE, true, 4, MIEN_CPU_ALL) > 10);
    assert_true(damage_constants(SHORT_RANGE, true, 11, 0) > 3);
    assert_true(damage_constants(FULL_RANGE, true, 16, MIEN_CPU_ALL) > 3);
}

static void damaged_meshes_are_survived(void **state)
{
    (void)state;
    assert_true(damage_constants(MESH, false, 5, MIEN_CPU_ALL) > 5);
    assert_true(damage_constants(MESH, false, 13, 0) > 2);
}

static void damaged_attention_is_survived(void **state)
{
    (void)state;
    assert_true(damage_constants(ATTENTION, false, 12, MIEN_CPU_ALL) > 5);
    assert_true(damage_constants(ATTENTION, false, 61, 0) > 2);
}

/* With no number left, there is no face; in a picture that has one. */
static void nothing_but_nan_finds_no_face(void **state)
{
    (void)state;
    static const char *const files[] = {SHORT_RANGE, FULL_RANGE, MESH, ATTENTION};
    for (int k = 0; k < 4; k++) {
        Weights weights;
        read_weights(&weights, files[k]);
        for (int32_t i = 0; i < weights.graph->n_tensors; i++) {
            size_t size;
            unsigned char *constant = constant_of(&weights, i, &size);
            if (constant)
                fill(constant, size, weights.graph->tensors[i].type, 0);
        }
        assert_int_equal(run(&weights, k < 2, MIEN_CPU_ALL), 0);
        assert_int_equal(run(&weights, k < 2, 0), 0);
        finish_weights(&weights);
    }
}

/* Random bytes of the weights, many at a time. */
static void flipped_bits_are_survived(void **state)
{
    (void)state;
    static const char *const files[] = {SHORT_RANGE, MESH};
    uint64_t random = 20;
    for (int k = 0; k < 2; k++) {
        for (int round = 0; round < 8; round++) {
            Weights weights;
            read_weights(&weights, files[k]);
            for (int32_t i = 0; i < weights.graph->n_tensors; i++) {
                size_t size;
                unsigned char *constant = constant_of(&weights, i, &size);
                for (int n = 0; constant && n < 1 << (round / 2); n++)
                    constant[mieni_rng_next(&random) % size] ^=
                        (unsigned char)(1u << mieni_rng_next(&random) % 8);
            }
            run(&weights, k == 0, MIEN_CPU_ALL);
            finish_weights(&weights);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_detectors_are_survived),
        cmocka_unit_test(damaged_meshes_are_survived),
        cmocka_unit_test(damaged_attention_is_survived),
        cmocka_unit_test(nothing_but_nan_finds_no_face),
        cmocka_unit_test(flipped_bits_are_survived),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
