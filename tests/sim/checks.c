/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in GPU notices what is wrong with a kernel: each of these kernels has one fault, and
 * the one beside it has none. */
#include "sim/checks_kernel.h"
#include "support/test.h"

/* Runs two blocks of 32 threads, along x, y or z, on 64 floats; returns the driver's code. */
static int run(int32_t fault, int axis, float out[64])
{
    uint64_t memory = sim_memory_alloc(64 * sizeof(float), 0);
    CheckArgs args = {(float *)(uintptr_t)memory, 32, fault};
    SimGrid grid = {1 + (axis == 0), 1 + (axis == 1), 1 + (axis == 2), 32, 32 * sizeof(float), 1};
    for (int i = 0; i < 64; i++)
        args.data[i] = (float)i;
    assert_true(sim_memory_check(memory, 64 * sizeof(float), 0, SIM_WRITTEN));
    int code = sim_run(&sim_checked_turn, &args, &grid);
    memcpy(out, args.data, 64 * sizeof(float));
    assert_true(sim_memory_free(memory));
    assert_int_equal(sim_memory_used(), 0);
    return code;
}

static void sound_kernel_runs(void **state)
{
    (void)state;
    float out[64];
    for (int round = 0; round < 6; round++) { /* in several orders */
        assert_int_equal(run(NONE, round / 2, out), 0);
        for (int i = 0; i < 64; i++)
            assert_true(out[i] == (float)(i / 32 * 32 + 31 - i % 32));
    }
}

static int32_t n_turns;

int32_t sim_check_turn(void)
{
    return n_turns++;
}

/* What hangs on an order of threads, warps or blocks shows, as none comes every time. */
static void orders_change(void **state)
{
    (void)state;
    enum { N_THREADS = 64, ROUNDS = 6 };
    bool rising = false, falling = false, mixed = false;        /* threads of a warp */
    bool warps[2] = {false, false}, blocks[2] = {false, false}; /* whether the second is first */
    uint64_t memory = sim_memory_alloc(2 * N_THREADS * sizeof(float), 0);
    CheckArgs args = {(float *)(uintptr_t)memory, N_THREADS, NONE};
    SimGrid grid = {2, 1, 1, N_THREADS, 0, 1};
    for (int round = 0; round < ROUNDS; round++) {
        n_turns = 0;
        assert_int_equal(sim_run(&sim_checked_order, &args, &grid), 0);
        assert_int_equal(n_turns, 2 * N_THREADS);
        for (int i = 0; i < 2 * N_THREADS; i += 32) {
            int n_up = 0;
            for (int k = 1; k < 32; k++)
                n_up += args.data[i + k] > args.data[i + k - 1];
            rising |= n_up == 31;
            falling |= n_up == 0;
            mixed |= n_up > 0 && n_up < 31;
        }
        warps[args.data[32] < args.data[0]] = true;
        blocks[args.data[N_THREADS] < args.data[0]] = true;
    }
    assert_true(rising && falling && mixed);
    assert_true(warps[0] && warps[1]);
    assert_true(blocks[0] && blocks[1]);
    assert_true(sim_memory_free(memory));
}

static void faults_are_noticed(void **state)
{
    (void)state;
    float out[64];
    for (int32_t fault = BEYOND_END; fault <= LATE_READ; fault++)
        for (int round = 0; round < 3; round++)
            assert_int_equal(run(fault, round, out), 700);
    assert_int_equal(run(LEAVES, 0, out), 719);
    assert_int_equal(run(NONE, 0, out), 0);
}

/* Small integers, whose sums are exact. */
static void warps_multiply(void **state)
{
    (void)state;
    uint64_t memory = sim_memory_alloc(768 * sizeof(float), 0);
    CheckArgs args = {(float *)(uintptr_t)memory, 0, NONE};
    SimGrid grid = {1, 1, 1, 32, 0, 1};
    for (int i = 0; i < 512; i++)
        args.data[i] = (float)(i * 7 % 23 - 11);
    assert_true(sim_memory_check(memory, 512 * sizeof(float), 0, SIM_WRITTEN));
    assert_int_equal(sim_run(&sim_checked_multiply, &args, &grid), 0);
    for (int row = 0; row < 16; row++)
        for (int column = 0; column < 16; column++) {
            float sum = 0;
            for (int k = 0; k < 16; k++)
                sum += args.data[16 * row + k] * args.data[256 + 16 * column + k];
            assert_true(args.data[512 + 16 * row + column] == sum);
        }
    args.fault = ALONE;
    assert_int_equal(sim_run(&sim_checked_multiply, &args, &grid), 719);
    assert_true(sim_memory_free(memory));
}

/* Two clusters of four blocks. */
static void clusters_meet(void **state)
{
    (void)state;
    static const struct {
        int32_t fault;
        int code;
    } cases[] = {{NONE, 0}, {NO_BARRIER, 700}, {BLOCKS_MEET, 700}, {LEAVES, 719}, {NONE, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t memory = sim_memory_alloc((8 + 256) * sizeof(float), 0);
        CheckArgs args = {(float *)(uintptr_t)memory, 0, cases[i].fault};
        SimGrid grid = {8, 1, 1, 32, 0, 4};
        assert_int_equal(sim_run(&sim_checked_meet, &args, &grid), cases[i].code);
        for (int k = 0; k < 256 && cases[i].code == 0; k++)
            assert_true(args.data[8 + k] == (k < 128 ? 6 : 22));
        assert_true(sim_memory_free(memory));
    }
    CheckArgs args = {NULL, 0, NONE};
    SimGrid odd = {6, 1, 1, 32, 0, 4};
    assert_int_equal(sim_run(&sim_checked_meet, &args, &odd), 1);
}

static void memory_is_limited(void **state)
{
    (void)state;
    assert_true(sim_memory_alloc(SIZE_MAX, 0) == 0);
    assert_true(sim_memory_alloc(0, 0) == 0);
    uint64_t a = sim_memory_alloc(100, 0), b = sim_memory_alloc(1, 0), c = sim_memory_alloc(100, 0);
    assert_true(a && b > a + 100 && c > b + 1);
    assert_false(sim_memory_check(a, 101, 0, 0));
    assert_false(sim_memory_check(a, 100, 1, 0));
    assert_true(sim_memory_check(a, 100, 0, SIM_COPIED));
    assert_true(sim_memory_check(a, 100, 1, 0));
    assert_false(sim_memory_free(a + 1));
    assert_true(sim_memory_free(b));
    assert_true(sim_memory_alloc(1, 0) == b);
    assert_true(sim_memory_free(a) && sim_memory_free(b) && sim_memory_free(c));
    assert_false(sim_memory_free(a));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_kernel_runs),  cmocka_unit_test(orders_change),
        cmocka_unit_test(faults_are_noticed), cmocka_unit_test(warps_multiply),
        cmocka_unit_test(clusters_meet),      cmocka_unit_test(memory_is_limited),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
