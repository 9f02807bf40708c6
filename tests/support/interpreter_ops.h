/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the interpreter share. */
#ifndef MIEN_TESTS_SUPPORT_INTERPRETER_OPS_H
#define MIEN_TESTS_SUPPORT_INTERPRETER_OPS_H

#include "support/interpreter.h"

/* A tensor of up to four dimensions, missing ones in front being 1. */
typedef struct InterpreterView {
    InterpreterValue *data;
    int32_t shape[4];
    size_t n;
} InterpreterView;

InterpreterView interpreter_view(const Interpreter *interpreter, int32_t tensor);

/* Notes the first problem and returns false. */
bool interpreter_stop(Interpreter *interpreter, const char *problem);

/* The operations of a mixer block: transposition, means and what layer norms do with them. */
bool interpreter_run_mixer(Interpreter *interpreter, const MieniGraphOp *op,
                           const InterpreterView *in, InterpreterView *out);

#endif
