/* SPDX-License-Identifier: Apache-2.0 */
#include "model/flexbuffer.h"

#include "support/flatbuilder.h"
#include "support/test.h"

static const int32_t subset[] = {4, 0, -7, 2000000000};

static uint8_t *make(size_t *size)
{
    FxMap *map = fx_create();
    fx_f32(map, "angle", -1.5f);
    fx_i32(map, "left", 33);
    fx_i32(map, "negative", -5);
    fx_vector(map, "subset", 4, subset);
    return fx_finish(map, size);
}

static void values_by_key(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = make(&size);
    MieniFlexMap map;
    assert_true(mieni_flex_map_open(&map, data, size));
    assert_int_equal(map.count, 4);
    int32_t number = 0;
    float real = 0;
    assert_true(mieni_flex_i32(&map, "left", &number));
    assert_int_equal(number, 33);
    assert_true(mieni_flex_i32(&map, "negative", &number));
    assert_int_equal(number, -5);
    assert_true(mieni_flex_f32(&map, "angle", &real));
    assert_true(real == -1.5f);
    MieniFlexVector vector;
    assert_true(mieni_flex_vector_open(&map, "subset", &vector));
    assert_int_equal(vector.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(mieni_flex_vector_i32(&vector, i, &number));
        assert_int_equal(number, subset[i]);
    }
    assert_false(mieni_flex_vector_i32(&vector, 4, &number));
    /* Missing, a beginning of a key, more than a key, and other types. */
    assert_false(mieni_flex_i32(&map, "right", &number));
    assert_false(mieni_flex_i32(&map, "lef", &number));
    assert_false(mieni_flex_i32(&map, "leftt", &number));
    assert_false(mieni_flex_i32(&map, "", &number));
    assert_false(mieni_flex_i32(&map, "angle", &number));
    assert_false(mieni_flex_i32(&map, "subset", &number));
    assert_false(mieni_flex_f32(&map, "left", &real));
    assert_false(mieni_flex_vector_open(&map, "left", &vector));
    free(data);
}

/* Byte by byte, as the format's page describes it: {"a": 200, "b": -2} with 8-bit values, and 16,
 * 64 bits and doubles where the width says so. */
static void all_widths(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {'a', 0,   'b',  0,      2,      5, 4,      2, 1,
                                    2,   200, 0xfe, 2 << 2, 1 << 2, 4, 9 << 2, 1};
    MieniFlexMap map;
    int32_t number;
    assert_true(mieni_flex_map_open(&map, bytes, sizeof(bytes)));
    assert_true(mieni_flex_i32(&map, "a", &number));
    assert_int_equal(number, 200);
    assert_true(mieni_flex_i32(&map, "b", &number));
    assert_int_equal(number, -2);

    /* One value of 64 bits; its bits and its type are what the cases differ in. */
    static const struct {
        uint8_t type;
        uint64_t bits;
        bool is_i32, is_f32;
        int32_t number;
        float real;
    } cases[] = {
        {1, 5, true, false, 5, 0},
        {1, UINT64_MAX, true, false, -1, 0},
        {1, UINT64_C(0x7fffffff), true, false, INT32_MAX, 0},
        {1, UINT64_C(0x80000000), false, false, 0, 0},
        {1, UINT64_C(0xffffffff80000000), true, false, INT32_MIN, 0},
        {1, UINT64_C(0xffffffff7fffffff), false, false, 0, 0},
        {2, UINT64_C(0x7fffffff), true, false, INT32_MAX, 0},
        {2, UINT64_C(0x80000000), false, false, 0, 0},
        {2, UINT64_MAX, false, false, 0, 0}, /* not -1 */
        {3, UINT64_C(0x3ff8000000000000), false, true, 0, 1.5f},
        {4, 5, false, false, 0, 0},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        uint8_t file[64] = {'k', 0, 1, 3};
        size_t at = 4;
        const uint64_t numbers[] = {1, 1, 1, cases[i].bits}; /* keys, their width, count, value */
        for (size_t k = 0; k < 4; k++)
            for (int byte = 0; byte < 8; byte++)
                file[at++] = (uint8_t)(numbers[k] >> (8 * byte));
        file[at++] = (uint8_t)(cases[i].type << 2 | 3);
        file[at] = 9;
        at++;
        file[at++] = 9 << 2 | 3;
        file[at++] = 1;
        float real = 0;
        number = 0;
        assert_true(mieni_flex_map_open(&map, file, at));
        assert_int_equal(mieni_flex_i32(&map, "k", &number), cases[i].is_i32);
        assert_int_equal(mieni_flex_f32(&map, "k", &real), cases[i].is_f32);
        if (cases[i].is_i32)
            assert_int_equal(number, cases[i].number);
        if (cases[i].is_f32)
            assert_true(real == cases[i].real);
    }
}

static void what_is_no_map(void **state)
{
    (void)state;
    MieniFlexMap map;
    static const uint8_t number[] = {5, 1 << 2, 1};
    static const uint8_t odd_width[] = {0, 0, 0, 0, 0, 9 << 2, 3};
    static const uint8_t far_root[] = {0, 0, 0, 200, 9 << 2, 1};
    assert_false(mieni_flex_map_open(&map, NULL, 0));
    assert_false(mieni_flex_map_open(&map, number, 0));
    assert_false(mieni_flex_map_open(&map, number, 2));
    assert_false(mieni_flex_map_open(&map, number, sizeof(number)));
    assert_false(mieni_flex_map_open(&map, odd_width, sizeof(odd_width)));
    assert_false(mieni_flex_map_open(&map, far_root, sizeof(far_root)));
}

/* More keys than any operation has options: looking one up must not take a while. */
static void too_many_keys(void **state)
{
    (void)state;
    enum { N = 10000 };
    uint8_t *file = calloc(N * 9 + 64, 1);
    assert_non_null(file);
    size_t at = 1; /* an empty key at 0 */
    const uint32_t head[] = {1, 4, N};
    /* Keys and values are the same slots: the map only has to look like one. */
    for (size_t i = 0; i < 3; i++, at += 4)
        memcpy(file + at, &head[i], 4);
    size_t values = at;
    at += N * 5;
    uint32_t back = (uint32_t)(at - values);
    memcpy(file + at, &back, 4);
    at += 4;
    file[at++] = 9 << 2 | 2;
    file[at++] = 4;
    MieniFlexMap map;
    assert_false(mieni_flex_map_open(&map, file, at));
    free(file);
}

/* Every end and every changed byte of a map, read as the planner does. The sanitizers look on. */
static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = make(&size);
    static const char *const keys[] = {"angle", "left", "subset", ""};
    for (size_t at = 0; at < size; at++)
        for (int value = 0; value < 256; value++) {
            /* Instead of a zero: without the first bytes, since what leads leads backwards. */
            size_t length = value == 0 ? at : size;
            uint8_t *copy = malloc(length + 1);
            assert_non_null(copy);
            memcpy(copy, data + size - length, length);
            copy[at] = (uint8_t)value;
            MieniFlexMap map;
            if (mieni_flex_map_open(&map, copy, length))
                for (size_t k = 0; k < MIENI_COUNT_OF(keys); k++) {
                    int32_t number;
                    float real;
                    MieniFlexVector vector;
                    mieni_flex_i32(&map, keys[k], &number);
                    mieni_flex_f32(&map, keys[k], &real);
                    if (mieni_flex_vector_open(&map, keys[k], &vector))
                        for (size_t i = 0; i <= vector.count; i++)
                            mieni_flex_vector_i32(&vector, i, &number);
                }
            free(copy);
        }
    free(data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_by_key),         cmocka_unit_test(all_widths),
    cmocka_unit_test(what_is_no_map),        cmocka_unit_test(too_many_keys),
    cmocka_unit_test(any_byte_may_be_wrong),
};

TEST_MAIN(tests)
