/* SPDX-License-Identifier: Apache-2.0 */
/* A comparer that cannot fail is worth nothing: each is shown a right result, then one with a
 * single wrong thing in it. */
#include "harness.h"

#include <math.h>
#include <stdio.h>

static int n_wrong;

static void expect(bool condition, const char *what)
{
    if (!condition) {
        printf("FAILED self-check: %s\n", what);
        n_wrong++;
    }
}

static void check_values_agree(void)
{
    const float big = 1000.0f;
    expect(values_agree(1.0f, 1.0f, FLOAT), "equal values agree");
    expect(values_agree(1.00009f, 1.0f, FLOAT), "the absolute tolerance counts");
    expect(!values_agree(1.00012f, 1.0f, FLOAT), "beyond the absolute tolerance is wrong");
    expect(values_agree(big + 0.009f, big, FLOAT), "the relative tolerance counts");
    expect(!values_agree(big + 0.011f, big, FLOAT), "beyond both tolerances is wrong");
    expect(!values_agree(NAN, 1.0f, FLOAT), "NaN is wrong");
    expect(!values_agree(1.0f, NAN, FLOAT), "a number for NaN is wrong");
    expect(!values_agree(INFINITY, 1e30f, FLOAT), "infinity is wrong");
    expect(!values_agree(-INFINITY, INFINITY, FLOAT), "the other infinity is wrong");
    expect(values_agree(INFINITY, INFINITY, FLOAT), "the same infinity agrees");
    expect(values_agree(1.0f + 1.9f * MIENI_TOLERANCE_HALF, 1.0f, HALF), "halves are less exact");
    expect(!values_agree(1.0f + 2.1f * MIENI_TOLERANCE_HALF, 1.0f, HALF), "but not any value");
    expect(!values_agree(nextafterf(1.0f, 2.0f), 1.0f, EXACT), "one unit is wrong if exact");
    expect(!values_agree(-0.0f, 0.0f, EXACT), "the other zero is wrong if exact");
    expect(values_agree(-0.0f, -0.0f, EXACT), "the same zero agrees");
}

/* A 4x3x5 plane whose rows 1 and 2 were written rightly; the one float `change` floats from pixel
 * (2, 1) is then made `value`. Returns whether the checker found a fault. */
static bool finds(Test *test, ptrdiff_t change, float value, bool apply)
{
    case_begin(test, "self-check");
    TestPlane got = plane_make(test, 4, 3, 5, (Layout){8, 1, 8}, FILL_POISON);
    Written written = {1, 3, 0, 5};
    float *want = test_alloc(test, 4 * 3 * 5 * sizeof(float), sizeof(float));

    for (int i = 0; i < 4 * 3 * 5; i++)
        want[i] = (float)i;
    for (int32_t y = 1; y < 3; y++)
        for (int32_t x = 0; x < 3; x++)
            for (int32_t c = 0; c < 8; c++)
                mieni_plane_at(&got.plane, y, x)[c] = c < 5 ? want[(y * 3 + x) * 5 + c] : 0.0f;
    if (apply)
        mieni_plane_at(&got.plane, 2, 1)[change] = value;
    plane_check(test, &got, written, want, FLOAT);
    bool found = test->fault[0] != '\0';
    case_end(test);
    return found;
}

static void check_planes(Test *test)
{
    const ptrdiff_t row = (3 + 2) * 8 + 8;
    expect(!finds(test, 0, 0.0f, false), "a right plane passes");
    expect(finds(test, 4, 0.0f, true), "a wrong last channel is found");
    expect(finds(test, 0, NAN, true), "a NaN is found");
    expect(finds(test, 5, 1.0f, true), "a lane that is not zero is found");
    expect(finds(test, 16, 1.0f, true), "a written border is found");
    expect(finds(test, 24, 1.0f, true), "a written row gap is found");
    expect(finds(test, row, 1.0f, true), "a row written behind the last is found");
    expect(finds(test, -2 * row, 1.0f, true), "a row written before the first is found");

    test->spoil = true;
    expect(finds(test, 0, 0.0f, false), "a spoiled plane is found");
    test->spoil = false;
}

static void check_arrays_and_blocks(Test *test)
{
    float got[3] = {1.0f, 2.0f, 3.0f};
    const float want[3] = {1.0f, 2.0f, 3.0f};

    case_begin(test, "self-check");
    array_check(test, "array", got, want, 3, EXACT);
    expect(test->fault[0] == '\0', "a right array passes");
    got[2] = nextafterf(3.0f, 4.0f);
    array_check(test, "array", got, want, 3, EXACT);
    expect(test->fault[0] != '\0', "a wrong array is found");
    case_end(test);

    case_begin(test, "self-check");
    TestPlane plane = plane_make(test, 1, 1, 1, layout_tight(1), FILL_ORDINARY);
    plane_check_untouched(test, &plane, "input");
    expect(test->fault[0] == '\0', "an untouched input passes");
    plane.block[0] = 7.0f;
    plane_check_untouched(test, &plane, "input");
    expect(test->fault[0] != '\0', "a written input is found");
    case_end(test);

    for (int front = 0; front < 2; front++) {
        case_begin(test, "self-check");
        test->guard_front = front;
        float *block = test_alloc(test, 4, 4);
        block[front ? 1 : -1] = 0.0f;
        int n_failed = test->n_failed;
        case_end(test);
        expect(test->n_failed == n_failed + 1, "a write beside a block is found");
    }
}

int harness_self_check(void)
{
    MieniKernels none = {.isa = "none"};
    Test test = {.ref = &none, .tested = &none, .op = "self-check", .quiet = true};

    n_wrong = 0;
    check_values_agree();
    check_planes(&test);
    check_arrays_and_blocks(&test);
    return n_wrong;
}
