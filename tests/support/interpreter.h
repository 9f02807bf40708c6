/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a graph of TFLite operations one by one, as their definitions say, in double precision: what
 * a plan, with everything fused, must equal. Slow; knows all operations but the three custom ones.
 */
#ifndef MIEN_TESTS_SUPPORT_INTERPRETER_H
#define MIEN_TESTS_SUPPORT_INTERPRETER_H

#include "model/graph.h"

/*
 * An element: its value, and how large the sums that made it were before anything cancelled out.
 * What a program with 32-bit floats may be off by is in proportion to `magnitude`.
 */
typedef struct InterpreterValue {
    double value, magnitude;
} InterpreterValue;

typedef struct Interpreter {
    const MieniGraph *graph;
    InterpreterValue **tensors; /* [n_tensors], NULL where not computed */
    double work;                /* products that may still be computed */
    const char *problem;        /* why the last run ended early, or NULL */
} Interpreter;

/* False if an operation is not known, its shapes contradict each other, or the work exceeds
 * `work`; `problem` says which. Free with interpreter_finish in any case. */
bool interpreter_run(Interpreter *interpreter, const MieniGraph *graph, const float *input,
                     double work);

/* The element of `got` [n] that is furthest off output `index`, in units of what is allowed: up to
 * 1 is right. NaN if something is NaN or infinite on either side. */
double interpreter_compare(const Interpreter *interpreter, int32_t index, const float *got);

void interpreter_finish(Interpreter *interpreter);

#endif
