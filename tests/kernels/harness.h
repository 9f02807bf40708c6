/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cases of the kernel comparison share: memory that notices strangers, planes as the back
 * end lays them out, and the comparers.
 *
 * Every block ends (in half of the cases: begins) at a page that may not be touched, with poison on
 * the other side, so that reading or writing past it stops the program and writing on the other
 * side is found. What a kernel has no business with is poisoned with NaN: if it is read, it shows
 * in the result.
 */
#ifndef MIEN_TESTS_KERNELS_HARNESS_H
#define MIEN_TESTS_KERNELS_HARNESS_H

#include "kernels/kernels.h"

typedef struct Test {
    const MieniKernels *ref;
    const MieniKernels *tested;
    bool is_ref;  /* `tested` is the reference itself */
    bool is_half; /* `tested` has dense products in half precision */
    uint64_t rng;
    bool spoil; /* self-check: corrupts one result of each case, which must be noticed */
    bool quiet;
    bool guard_front; /* blocks of this case begin, instead of end, at a guard page */
    const char *op;
    char what[256];  /* the case, for messages */
    char fault[256]; /* what was wrong with it, empty so far if nothing */
    int n_passed, n_failed;
} Test;

/* A case: begin, work, check…, end. Memory lives until the end. */
void case_begin(Test *test, const char *format, ...) MIENI_PRINTF(2, 3);
void case_fault(Test *test, const char *format, ...) MIENI_PRINTF(2, 3); /* keeps the first */
void case_end(Test *test);

/* Poisoned memory, as aligned as asked for, which is a power of two. */
void *test_alloc(Test *test, size_t size_bytes, size_t alignment);
/* Poisons n floats. */
void poison(float *floats, size_t n);
bool is_poison(float value);

/* Random numbers. */
float random_float(Test *test, float low, float high);
int32_t random_below(Test *test, int32_t n);
int32_t random_between(Test *test, int32_t low, int32_t high); /* both inclusive */
bool random_bool(Test *test);

/* How a plane lies in memory. */
typedef struct Layout {
    int32_t pixel_stride, border, row_gap;
} Layout;

Layout layout_padded(Test *test, int32_t channels,
                     int32_t border); /* sometimes wider than needed */
Layout layout_tight(int32_t channels);

typedef enum Fill {
    FILL_ORDINARY, /* -1 .. 1 */
    FILL_SPECIAL,  /* 0, -0, denormals, tiny, large: never negative but for -0 */
    FILL_POISON    /* an output */
} Fill;

typedef struct TestPlane {
    MieniPlane plane;
    float *block;  /* with border */
    float *before; /* a copy, to see what was written */
    size_t n_floats;
} TestPlane;

/* Borders and lanes are zero, gaps between rows poisoned. */
TestPlane plane_make(Test *test, int32_t height, int32_t width, int32_t channels, Layout layout,
                     Fill fill);

/* What a kernel was asked to write. */
typedef struct Written {
    int32_t row_begin, row_end;
    int32_t channel_begin, channel_end;
} Written;

Written written_all(const MieniPlane *plane);

typedef enum Class {
    EXACT, /* the same bits */
    EQUAL, /* the same number: zeros of either sign */
    FLOAT, /* within the tolerance of kernels.h */
    HALF   /* within that for half precision */
} Class;

/* Compares what was written with `want` [height][width][channels], and all else with what was
 * there: zeros in lanes, nothing in borders and gaps. */
void plane_check(Test *test, const TestPlane *got, Written written, const float *want, Class class);

/* The plane must be as it was made. */
void plane_check_untouched(Test *test, const TestPlane *plane, const char *name);

/* The numbers inside a plane, [height][width][channels]. */
float *plane_values(Test *test, const MieniPlane *plane);

/* Compares plain arrays. */
void array_check(Test *test, const char *name, float *got, const float *want, size_t n,
                 Class class);

/* True if `got` is as good as `want`. */
bool values_agree(float got, float want, Class class);

/* Proves that every comparer fails when it should; returns the number of those that do not. */
int harness_self_check(void);

/* Prints the case in hand if a guard page is touched. */
void harness_catch_faults(const Test *test);

#endif
