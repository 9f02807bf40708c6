/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `mien models inspect`. */
#include "graph/plan.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct Printer {
    int (*write)(void *user, const char *line);
    void *user;
    bool stopped;
} Printer;

MIENI_PRINTF(2, 3) static void print(Printer *printer, const char *format, ...)
{
    if (printer->stopped)
        return;
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    printer->stopped = printer->write(printer->user, line) != 0;
}

static void print_layers(Printer *printer, const MieniGraph *graph)
{
    print(printer, "layers: %d operations, %d tensors", (int)graph->n_ops, (int)graph->n_tensors);
    for (int32_t i = 0; i < graph->n_ops; i++) {
        const MieniGraphOp *op = &graph->ops[i];
        const MieniGraphTensor *out = &graph->tensors[op->output];
        char shape[64] = "";
        size_t length = 0;
        for (int32_t k = 0; k < out->rank; k++)
            length += (size_t)snprintf(shape + length, sizeof(shape) - length, "%s%d", k ? "x" : "",
                                       (int)out->shape[k]);
        print(printer, "  %4d  %-24s  %-16s  %s", (int)i, op->name, shape, out->name);
    }
}

static const char *activation_name(MieniActivation activation)
{
    static const char *const names[] = {"", " + relu", " + prelu", " + sigmoid"};
    return names[activation];
}

static void describe_block(const MieniPlan *plan, const MieniOp *op, char *text, size_t size)
{
    if (!op->shape.out_channels) {
        snprintf(text, size, "%s", mieni_op_kind_name(op->kind));
        return;
    }
    const MieniConvShape *shape = &op->shape;
    char residual[48] = "";
    if (op->residual >= 0)
        snprintf(residual, sizeof(residual), " + %sresidual%s",
                 shape->residual == MIENI_RESIDUAL_MAXPOOL ? "pooled " : "",
                 plan->tensors[op->residual].channels < shape->out_channels ? " (padded)" : "");
    snprintf(text, size, "%s %dx%d/%d %d>%d%s%s", mieni_op_kind_name(op->kind),
             (int)shape->kernel_height, (int)shape->kernel_width, (int)shape->stride,
             (int)shape->in_channels, (int)shape->out_channels, residual,
             activation_name(shape->activation));
}

static size_t tensor_bytes(const MieniTensor *tensor)
{
    return (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels *
           sizeof(float);
}

static void print_blocks(Printer *printer, const MieniPlan *plan)
{
    const MieniTensor *input = &plan->tensors[plan->input];
    print(printer, "blocks: %d, input %dx%dx%d", (int)plan->n_ops, (int)input->height,
          (int)input->width, (int)input->channels);
    size_t activation_bytes = 0;
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        const MieniTensor *out = &plan->tensors[op->output];
        char block[128], shape[48];
        describe_block(plan, op, block, sizeof(block));
        snprintf(shape, sizeof(shape), "%dx%dx%d", (int)out->height, (int)out->width,
                 (int)out->channels);
        print(printer, "  %4d  %-60s  %-12s  %8.3f MMAC", (int)i, block, shape, op->macs / 1e6);
        activation_bytes += tensor_bytes(out);
    }
    print(printer, "multiply-adds: %.2f million", plan->macs / 1e6);
    print(printer, "weights: %zu bytes as float32", plan->weight_bytes);
    print(printer, "activations: %zu bytes written for a face", activation_bytes);
}

MienStatus mieni_plan_print(const MieniGraph *graph, const MieniPlan *plan,
                            int (*write)(void *user, const char *line), void *user)
{
    Printer printer = {.write = write, .user = user};
    print_layers(&printer, graph);
    if (plan)
        print_blocks(&printer, plan);
    return MIEN_OK;
}
