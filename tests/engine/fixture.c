/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/fixture.h"

#define MAX_MODELS 8
#define BLANK_BYTES ((size_t)2048 * 2048 * 3)

static struct {
    const char *file;
    MienModel *model;
} models[MAX_MODELS];
static int n_models;

static uint8_t *blank;

MienModel *fixture_model(const char *file)
{
    for (int i = 0; i < n_models; i++)
        if (strcmp(models[i].file, file) == 0)
            return models[i].model;
    assert_true(n_models < MAX_MODELS);
    char name[128];
    snprintf(name, sizeof(name), "models/%s", file);
    MienError error;
    MienModel *model;
    if (mien_model_load_file(test_need_data(name), &model, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    models[n_models].file = file;
    models[n_models++].model = model;
    return model;
}

MienEngineOptions fixture_options(MienMode mode)
{
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = mode;
    options.model = fixture_model(MESH);
    options.detector = fixture_model(SHORT_RANGE);
    return options;
}

MienEngine *fixture_engine(const MienEngineOptions *options)
{
    MienEngine *engine;
    MienError error;
    if (mien_engine_create(options, &engine, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return engine;
}

const MienResult *fixture_process(MienEngine *engine, const MienImage *image, int64_t timestamp_us)
{
    const MienResult *result = NULL;
    if (mien_engine_process(engine, image, timestamp_us, &result) != MIEN_OK)
        fail_msg("%s", mien_engine_message(engine));
    assert_non_null(result);
    return result;
}

MienResult *fixture_keep(MienEngine *engine, const MienImage *image, int64_t timestamp_us)
{
    MienResult *clone;
    assert_int_equal(mien_result_clone(fixture_process(engine, image, timestamp_us), &clone),
                     MIEN_OK);
    return clone;
}

static bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Both there and the same, or neither. */
static bool same_part(const void *a, const void *b, int32_t n, size_t size)
{
    return a && b ? memcmp(a, b, (size_t)n * size) == 0 : a == b;
}

static bool same_extras(const MienFace *a, const MienFace *b)
{
    return a->n_blendshapes == b->n_blendshapes && a->n_keypoints == b->n_keypoints &&
           same_part(a->blendshapes, b->blendshapes, a->n_blendshapes, sizeof(float)) &&
           same_part(a->transform, b->transform, 16, sizeof(float)) &&
           same_part(a->keypoints, b->keypoints, a->n_keypoints, sizeof(*a->keypoints)) &&
           memcmp(a->quaternion, b->quaternion, sizeof(a->quaternion)) == 0 &&
           same_bits(a->yaw, b->yaw) && same_bits(a->pitch, b->pitch) &&
           same_bits(a->roll, b->roll);
}

static bool same_face(const MienFace *a, const MienFace *b)
{
    if (!same_extras(a, b))
        return false;
    return a->face_id == b->face_id && same_bits(a->score, b->score) &&
           same_bits(a->presence, b->presence) && same_bits(a->box_x, b->box_x) &&
           same_bits(a->box_y, b->box_y) && same_bits(a->box_width, b->box_width) &&
           same_bits(a->box_height, b->box_height) && a->n_landmarks == b->n_landmarks &&
           same_part(a->landmarks, b->landmarks, a->n_landmarks, sizeof(*a->landmarks));
}

bool same_result(const MienResult *a, const MienResult *b)
{
    if (mien_result_timestamp_us(a) != mien_result_timestamp_us(b) ||
        mien_result_n_faces(a) != mien_result_n_faces(b))
        return false;
    for (size_t i = 0; i < mien_result_n_faces(a); i++)
        if (!same_face(mien_result_face(a, i), mien_result_face(b, i)))
            return false;
    return true;
}

void assert_same_result(const char *what, const MienResult *got, const MienResult *want)
{
    assert_int_equal(mien_result_timestamp_us(got), mien_result_timestamp_us(want));
    size_t n = mien_result_n_faces(want);
    if (mien_result_n_faces(got) != n)
        fail_msg("%s: %zu faces, not %zu", what, mien_result_n_faces(got), n);
    for (size_t i = 0; i < n; i++) {
        const MienFace *a = mien_result_face(got, i), *b = mien_result_face(want, i);
        if (!same_face(a, b))
            fail_msg("%s: face %zu (id %d, presence %.9g) differs from id %d, presence %.9g", what,
                     i, (int)a->face_id, (double)a->presence, (int)b->face_id, (double)b->presence);
    }
}

void assert_line(const char *text, const char *word)
{
    assert_true(strlen(text) > 0);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ')
            fail_msg("the text has a control character %d: %s", *at, text);
    if (!strstr(text, word))
        fail_msg("the text has no '%s': %s", word, text);
}

void assert_error(const MienError *error, MienStatus status, const char *word)
{
    assert_int_equal(error->status, status);
    assert_true(strlen(error->reason) > 0);
    assert_line(error->text, word);
}

MienImage fixture_blank(int32_t width, int32_t height)
{
    assert_true((size_t)width * (size_t)height * 3 <= BLANK_BYTES);
    if (!blank) {
        blank = malloc(BLANK_BYTES);
        assert_non_null(blank);
        memset(blank, 128, BLANK_BYTES);
    }
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, blank, 0);
    return image;
}

int fixture_finish(void **state)
{
    (void)state;
    while (n_models > 0)
        mien_model_destroy(models[--n_models].model);
    free(blank);
    blank = NULL;
    return 0;
}
