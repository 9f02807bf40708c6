/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares every kernel of every instruction set with the reference on seeded random cases, and the
 * reference with formulas in double.
 *
 *     test-kernels [--seed N] [--op NAME] [--isa NAME] [--no-spoiled] [--bench]
 *
 * Each case also runs with a spoiled result, which must be noticed. That is about the test, not
 * about the kernels: --no-spoiled leaves it out where it has been shown and would take long.
 *
 * Exit code: 0 if all agree, 1 if not, 77 if nothing was to be done. The last line counts the
 * cases.
 */
#include "cases.h"
#include "conv.h"
#include "cpu/flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_TABLES 4

/* Cases of one operation, and whether two tables have the same implementation of it. */
typedef struct Op {
    const char *name;
    void (*run)(Test *test);
    bool (*same)(const MieniKernels *a, const MieniKernels *b);
} Op;

#define CONV_OP(name)                                                                              \
    static void test_##name(Test *test)                                                            \
    {                                                                                              \
        test_conv_kind(test, KIND_##name);                                                         \
    }                                                                                              \
    static bool same_##name(const MieniKernels *a, const MieniKernels *b)                          \
    {                                                                                              \
        return a->name.run == b->name.run;                                                         \
    }
MIENI_CONV_KERNEL_LIST(CONV_OP)

#define OTHER_OP(name, class, arguments)                                                           \
    static bool same_##name(const MieniKernels *a, const MieniKernels *b)                          \
    {                                                                                              \
        return a->name == b->name;                                                                 \
    }
MIENI_KERNEL_LIST(OTHER_OP)
OTHER_OP(decode_boxes, FLOAT, ())
OTHER_OP(fma_loop, FLOAT, ())

#define CONV_ROW(name) {#name, test_##name, same_##name},
#define OTHER_ROW(name, class, arguments) {#name, test_##name, same_##name},
static const Op ops[] = {MIENI_CONV_KERNEL_LIST(CONV_ROW) MIENI_KERNEL_LIST(OTHER_ROW)
                             OTHER_ROW(decode_boxes, FLOAT, ()) OTHER_ROW(fma_loop, FLOAT, ())};

typedef struct Options {
    uint64_t seed;
    const char *op, *isa;
    bool no_spoiled, bench;
} Options;

static bool parse(int argc, char **argv, Options *options)
{
    *options = (Options){.seed = (uint64_t)time(NULL)};
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--bench") == 0)
            options->bench = true;
        else if (strcmp(argv[i], "--no-spoiled") == 0)
            options->no_spoiled = true;
        else if (strcmp(argv[i], "--seed") == 0 && has_value)
            options->seed = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--op") == 0 && has_value)
            options->op = argv[++i];
        else if (strcmp(argv[i], "--isa") == 0 && has_value)
            options->isa = argv[++i];
        else
            return false;
    }
    return true;
}

/* One table for each subset of the CPU's features, in rising order, that makes a difference. */
static int make_tables(MieniKernels tables[MAX_TABLES])
{
    uint64_t flags = mieni_cpu_flags(), subset = 0;
    int n = 1;

    mieni_kernels_init(&tables[0], 0);
    for (int bit = 0; bit < 64 && n < MAX_TABLES; bit++) {
        if (!(flags >> bit & 1))
            continue;
        subset |= UINT64_C(1) << bit;
        mieni_kernels_init(&tables[n], subset);
        if (strcmp(tables[n].isa, tables[n - 1].isa) != 0)
            n++;
    }
    return n;
}

/* A hole in a table is an error: the engine calls every entry without asking. */
static int count_holes(const MieniKernels *kernels)
{
    int n = 0;
#define COUNT_CONV(name)                                                                           \
    n += !kernels->name.packed_floats + !kernels->name.pack + !kernels->name.scratch_floats +      \
         !kernels->name.run;
#define COUNT_OTHER(name, class, arguments) n += !kernels->name;
    MIENI_CONV_KERNEL_LIST(COUNT_CONV)
    MIENI_KERNEL_LIST(COUNT_OTHER)
    COUNT_OTHER(decode_boxes, FLOAT, ())
    COUNT_OTHER(fma_loop, FLOAT, ())
    if (n > 0)
        printf("FAILED %s: %d entries of the table are empty\n", kernels->isa, n);
    return n;
}

/* Every case of every operation must notice a result that was spoiled by little more than the
 * tolerance. */
static int count_unnoticed(const Test *like, const Op *op)
{
    Test spoiled = *like;
    spoiled.spoil = spoiled.quiet = true;
    spoiled.n_passed = spoiled.n_failed = 0;
    spoiled.rng = 1;
    harness_catch_faults(&spoiled);
    op->run(&spoiled);
    if (spoiled.n_failed > 0 && spoiled.n_passed == 0)
        return 0;
    printf("FAILED %s: %d of %d spoiled results were not noticed\n", op->name, spoiled.n_passed,
           spoiled.n_passed + spoiled.n_failed);
    return 1;
}

/* `below`: the set that `tested` stands on. */
static void run_table(const Options *options, const MieniKernels *ref, const MieniKernels *below,
                      const MieniKernels *tested, Test *total)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(ops); i++) {
        const Op *op = &ops[i];
        if (options->op && strcmp(options->op, op->name) != 0)
            continue;
        if (tested != ref && op->same(below, tested))
            continue; /* this instruction set has none of its own */
        Test test = {.ref = ref,
                     .tested = tested,
                     .is_ref = tested == ref,
                     .is_half = strcmp(tested->isa, "neon-fp16") == 0,
                     .rng = options->seed,
                     .op = op->name};
        int n_unnoticed = options->no_spoiled ? 0 : count_unnoticed(&test, op);
        harness_catch_faults(&test);
        op->run(&test);
        printf("%-9s %-20s %5d passed, %d failed\n", tested->isa, op->name, test.n_passed,
               test.n_failed);
        total->n_passed += test.n_passed;
        total->n_failed += test.n_failed + n_unnoticed;
    }
}

int main(int argc, char **argv)
{
    static MieniKernels tables[MAX_TABLES];
    Options options;
    Test total = {.n_passed = 0};

    if (!parse(argc, argv, &options)) {
        fprintf(stderr, "usage: %s [--seed N] [--op NAME] [--isa NAME] [--no-spoiled] [--bench]\n",
                argv[0]);
        return 2;
    }
    int n_tables = make_tables(tables);
    if (options.bench) {
        for (int i = 0; i < n_tables; i++)
            if (!options.isa || strcmp(options.isa, tables[i].isa) == 0)
                bench_kernels(&tables[i]);
        return 0;
    }

    printf("seed %llu\n", (unsigned long long)options.seed);
    total.n_failed = harness_self_check();
    for (int i = 0; i < n_tables && total.n_failed == 0; i++)
        total.n_failed += count_holes(&tables[i]);
    bool sound = total.n_failed == 0;
    for (int i = 0; i < n_tables && sound; i++)
        if (!options.isa || strcmp(options.isa, tables[i].isa) == 0)
            run_table(&options, &tables[0], &tables[i > 0 ? i - 1 : 0], &tables[i], &total);
    printf("%d passed, %d failed\n", total.n_passed, total.n_failed);
    if (total.n_failed > 0)
        return 1;
    return total.n_passed > 0 ? 0 : 77;
}
