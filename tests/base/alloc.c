/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "support/test.h"

static bool all_zero(const void *data, size_t bytes)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < bytes; i++)
        if (p[i])
            return false;
    return true;
}

static void memory_is_zero_and_aligned(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 100001};
    for (size_t i = 0; i < MIENI_COUNT_OF(sizes); i++) {
        /* The allocator likes to give back what was just freed: dirty it first. */
        void *dirty = malloc(sizes[i] + 128);
        assert_non_null(dirty);
        memset(dirty, 0xa5, sizes[i] + 128);
        free(dirty);
        void *block = mieni_alloc(sizes[i], 1);
        void *aligned = mieni_alloc_aligned(sizes[i]);
        assert_true(block && aligned);
        assert_true(all_zero(block, sizes[i]));
        memset(aligned, 0xa5, sizes[i]);
        assert_int_equal((uintptr_t)aligned % MIENI_ALIGNMENT, 0);
        mieni_free(block);
        mieni_free(aligned);
    }
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(mieni_alloc(SIZE_MAX / 2, 3));
    assert_null(mieni_alloc_aligned(SIZE_MAX));
    assert_null(mieni_alloc_aligned(SIZE_MAX - MIENI_ALIGNMENT + 1));
    int *block = mieni_alloc(1, sizeof(*block));
    assert_non_null(block);
    *block = 7;
    assert_null(mieni_realloc(block, 1, SIZE_MAX / 2, sizeof(*block)));
    assert_int_equal(*block, 7);
    mieni_free(block);
}

static void growing_keeps_and_zeroes(void **state)
{
    (void)state;
    size_t n = 3;
    uint16_t *block = mieni_realloc(NULL, 0, n, sizeof(*block));
    assert_non_null(block);
    assert_true(all_zero(block, n * sizeof(*block)));
    for (size_t i = 0; i < n; i++)
        block[i] = (uint16_t)(i + 1);
    uint16_t *grown = mieni_realloc(block, n, 1000, sizeof(*block));
    assert_non_null(grown);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(grown[i], i + 1);
    assert_true(all_zero(grown + n, (1000 - n) * sizeof(*grown)));
    mieni_free(grown);
}

static void allocations_are_counted(void **state)
{
    (void)state;
    uint64_t n = mieni_alloc_count(), bytes = mieni_alloc_bytes();
    mieni_free(mieni_alloc(10, 3));
    mieni_free(mieni_alloc_aligned(100));
    mieni_free(mieni_realloc(NULL, 0, 7, 2));
    assert_int_equal(mieni_alloc_count() - n, 3);
    assert_int_equal(mieni_alloc_bytes() - bytes, 30 + 100 + 14);
}

/* Which of ten allocations fail. */
static uint32_t failures(void)
{
    uint32_t bits = 0;
    for (int i = 0; i < 10; i++) {
        void *block = i % 3 == 0   ? mieni_alloc(1, 1)
                      : i % 3 == 1 ? mieni_alloc_aligned(1)
                                   : mieni_realloc(NULL, 0, 1, 1);
        bits |= (uint32_t)(block == NULL) << i;
        mieni_free(block);
    }
    mieni_alloc_fail_at(-1, false);
    return bits;
}

static void failures_can_be_ordered(void **state)
{
    (void)state;
    assert_int_equal(failures(), 0);
    mieni_alloc_fail_at(0, false);
    assert_int_equal(failures(), 1);
    mieni_alloc_fail_at(4, false);
    assert_int_equal(failures(), 1 << 4);
    mieni_alloc_fail_at(0, true);
    assert_int_equal(failures(), 0x3ff);
    mieni_alloc_fail_at(7, true);
    assert_int_equal(failures(), 0x380);
    mieni_alloc_fail_at(10, true);
    assert_int_equal(failures(), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(memory_is_zero_and_aligned), cmocka_unit_test(sizes_that_overflow_are_refused),
    cmocka_unit_test(growing_keeps_and_zeroes),   cmocka_unit_test(allocations_are_counted),
    cmocka_unit_test(failures_can_be_ordered),
};

TEST_MAIN(tests)
