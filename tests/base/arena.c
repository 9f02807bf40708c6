/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/rng.h"
#include "support/test.h"

static void pieces_are_apart_zero_and_aligned(void **state)
{
    (void)state;
    enum { N = 2000 };
    static struct {
        uint8_t *data;
        size_t size;
    } pieces[N];
    MieniArena *arena = mieni_arena_create();
    assert_non_null(arena);
    uint64_t seed = 7;
    for (int i = 0; i < N; i++) {
        /* Mostly small, now and then larger than a block. */
        size_t limit = mieni_rng_below(&seed, 20) ? 200 : 40000;
        size_t size = mieni_rng_below(&seed, (uint32_t)limit);
        pieces[i].size = size;
        pieces[i].data = mieni_arena_alloc(arena, size, 1);
        assert_non_null(pieces[i].data);
        assert_int_equal((uintptr_t)pieces[i].data % 16, 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i].data[k], 0);
        memset(pieces[i].data, i & 0xff, size);
    }
    for (int i = 0; i < N; i++)
        for (size_t k = 0; k < pieces[i].size; k++)
            if (pieces[i].data[k] != (i & 0xff))
                fail_msg("piece %d of %zu bytes was overwritten at %zu", i, pieces[i].size, k);
    mieni_arena_destroy(arena);
}

static void overflow_is_refused(void **state)
{
    (void)state;
    MieniArena *arena = mieni_arena_create();
    assert_non_null(arena);
    assert_null(mieni_arena_alloc(arena, SIZE_MAX, 1));
    assert_null(mieni_arena_alloc(arena, SIZE_MAX / 2 + 1, 2));
    assert_null(mieni_arena_alloc(arena, 1, SIZE_MAX - 16));
    assert_non_null(mieni_arena_alloc(arena, 0, SIZE_MAX));
    mieni_arena_destroy(arena);
}

static void texts_are_copied(void **state)
{
    (void)state;
    MieniArena *arena = mieni_arena_create();
    assert_non_null(arena);
    char text[] = "landmarks";
    const char *copy = mieni_arena_text(arena, text, 4);
    memset(text, 'x', sizeof(text) - 1);
    assert_string_equal(copy, "land");
    assert_string_equal(mieni_arena_text(arena, NULL, 0), "");
    mieni_arena_destroy(arena);
}

/* Many pieces cost few allocations, and memory in proportion. */
static void small_pieces_share_blocks(void **state)
{
    (void)state;
    uint64_t n = mieni_alloc_count(), bytes = mieni_alloc_bytes();
    MieniArena *arena = mieni_arena_create();
    assert_non_null(arena);
    for (int i = 0; i < 10000; i++)
        assert_non_null(mieni_arena_alloc(arena, 1, 16));
    assert_true(mieni_alloc_count() - n <= 15);
    assert_true(mieni_alloc_bytes() - bytes <= 200000);
    mieni_arena_destroy(arena);
}

static void no_memory_is_null(void **state)
{
    (void)state;
    mieni_alloc_fail_at(0, false);
    assert_null(mieni_arena_create());
    MieniArena *arena = mieni_arena_create();
    assert_non_null(arena);
    mieni_alloc_fail_at(0, false);
    assert_null(mieni_arena_alloc(arena, 1, 1));
    assert_non_null(mieni_arena_alloc(arena, 1, 1));
    mieni_alloc_fail_at(0, true);
    assert_non_null(mieni_arena_alloc(arena, 1, 1)); /* room in the block */
    assert_null(mieni_arena_alloc(arena, 1, 100000));
    mieni_alloc_fail_at(-1, false);
    mieni_arena_destroy(arena);
    mieni_arena_destroy(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pieces_are_apart_zero_and_aligned),
    cmocka_unit_test(overflow_is_refused),
    cmocka_unit_test(texts_are_copied),
    cmocka_unit_test(small_pieces_share_blocks),
    cmocka_unit_test(no_memory_is_null),
};

TEST_MAIN(tests)
