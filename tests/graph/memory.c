/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/memory.h"

#include "base/rng.h"
#include "support/test.h"

/* Fails if two buffers that live at the same time overlap. */
static void check(const MieniBuffer *buffers, size_t n, size_t alignment, size_t total)
{
    for (size_t i = 0; i < n; i++) {
        const MieniBuffer *a = &buffers[i];
        assert_int_equal(a->offset % alignment, 0);
        assert_true(a->offset + a->size_bytes <= total);
        for (size_t k = 0; k < i; k++) {
            const MieniBuffer *b = &buffers[k];
            bool same_bytes =
                a->offset < b->offset + b->size_bytes && b->offset < a->offset + a->size_bytes;
            bool same_time = a->first <= b->last && b->first <= a->last;
            if (same_bytes && same_time)
                fail_msg("buffers %zu and %zu overlap", k, i);
        }
    }
}

static size_t rounded_sum(const MieniBuffer *buffers, size_t n, size_t alignment)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += mieni_round_up(buffers[i].size_bytes, alignment);
    return sum;
}

/* What lives at the busiest step. */
static size_t busiest(const MieniBuffer *buffers, size_t n, int32_t n_steps)
{
    size_t most = 0;
    for (int32_t step = -1; step <= n_steps; step++) {
        size_t bytes = 0;
        for (size_t i = 0; i < n; i++)
            if (buffers[i].first <= step && step <= buffers[i].last)
                bytes += buffers[i].size_bytes;
        most = MIENI_MAX(most, bytes);
    }
    return most;
}

static void random_cases(void **state)
{
    (void)state;
    uint64_t seed = 3;
    static MieniBuffer buffers[120];
    for (int round = 0; round < 1500; round++) {
        size_t n = 1 + mieni_rng_below(&seed, round % 3 ? 12 : 120);
        size_t alignment = (size_t)1 << mieni_rng_below(&seed, 8);
        int32_t n_steps = 1 + (int32_t)mieni_rng_below(&seed, 40);
        for (size_t i = 0; i < n; i++) {
            int32_t first = (int32_t)mieni_rng_below(&seed, (uint32_t)n_steps + 1) - 1;
            int32_t length = (int32_t)mieni_rng_below(&seed, 6);
            uint32_t limit = mieni_rng_below(&seed, 5) ? 5000 : 2;
            buffers[i] = (MieniBuffer){.size_bytes = mieni_rng_below(&seed, limit),
                                       .first = first,
                                       .last = MIENI_MIN(first + length, n_steps)};
        }
        size_t total = mieni_memory_plan(buffers, n, alignment);
        check(buffers, n, alignment, total);
        assert_true(total <= rounded_sum(buffers, n, alignment));
        assert_true(total >= busiest(buffers, n, n_steps));
    }
}

/* A chain in which each step reads one buffer and writes the next needs two places. */
static void a_chain_takes_two_places(void **state)
{
    (void)state;
    MieniBuffer buffers[50];
    for (int32_t i = 0; i < 50; i++)
        buffers[i] = (MieniBuffer){.size_bytes = 1000, .first = i - 1, .last = i};
    size_t total = mieni_memory_plan(buffers, 50, 64);
    check(buffers, 50, 64, total);
    assert_true(total <= 2 * 1024);
}

static void memory_is_used_again(void **state)
{
    (void)state;
    /* The third fits the hole that the first left. */
    MieniBuffer buffers[] = {{.size_bytes = 64, .first = 0, .last = 1},
                             {.size_bytes = 64, .first = 0, .last = 9},
                             {.size_bytes = 60, .first = 2, .last = 3},
                             {.size_bytes = 100, .first = 2, .last = 3}};
    assert_int_equal(mieni_memory_plan(buffers, 4, 64), 228);
    assert_int_equal(buffers[0].offset, 0);
    assert_int_equal(buffers[1].offset, 64);
    assert_int_equal(buffers[2].offset, 0);
    assert_int_equal(buffers[3].offset, 128);
    assert_int_equal(mieni_memory_plan(NULL, 0, 64), 0);
}

/* As many as a hostile network may have, all alive at once: the plan must not take a while. */
static void many_buffers(void **state)
{
    (void)state;
    size_t n = 4096;
    MieniBuffer *buffers = calloc(n, sizeof(*buffers));
    assert_non_null(buffers);
    uint64_t seed = 5;
    for (size_t i = 0; i < n; i++) {
        buffers[i].size_bytes = 1 + mieni_rng_below(&seed, 1000);
        buffers[i].first = (int32_t)mieni_rng_below(&seed, 4096);
        buffers[i].last = 4096;
    }
    size_t total = mieni_memory_plan(buffers, n, 64);
    check(buffers, n, 64, total);
    free(buffers);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_cases),
    cmocka_unit_test(a_chain_takes_two_places),
    cmocka_unit_test(memory_is_used_again),
    cmocka_unit_test(many_buffers),
};

TEST_MAIN(tests)
