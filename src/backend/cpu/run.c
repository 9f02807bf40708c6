/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan. Several jobs are shared out over the threads, a job a thread; a single job shares
 * out the rows of its large operations instead. Either way a value is computed by the same
 * instructions: results do not depend on the number of threads.
 */
#include <math.h>
#include <time.h>

#include "backend/cpu/cpu.h"

/* Below this many multiply-adds handing over rows costs more than it saves. */
#define MIN_SHARED_MACS 100e3
/* Pieces a thread. More would let others do more of what a thread that is held up leaves, but every
 * piece taken costs a trip of a cache line from core to core. */
#define PIECES_PER_THREAD 1

/* A job on its way through the steps. */
typedef struct Run {
    MieniDevicePlan *plan;
    MieniJob *job;
    CpuWorkspace *workspace; /* whose activations the job uses */
    const CpuStep *step;     /* NULL: the input is read */
    int32_t n_rows, rows_per_piece;
} Run;

static MieniPlane plane_of(const Run *run, int32_t tensor)
{
    MieniPlane plane = run->plan->tensors[tensor].plane;
    plane.data = run->workspace->activations + run->plan->tensors[tensor].offset;
    return plane;
}

static void run_conv(const Run *run, float *scratch, int32_t row_begin, int32_t row_end)
{
    const MieniOp *op = &run->step->op;
    MieniConvArgs args = {.shape = &op->shape,
                          .packed = run->step->packed,
                          .in = plane_of(run, op->inputs[0]),
                          .out = plane_of(run, op->output),
                          .scratch = scratch};
    if (op->residual >= 0)
        args.residual = plane_of(run, op->residual);
    run->step->kernel->run(&args, row_begin, row_end);
}

static void decode_boxes(const Run *run)
{
    const MieniOp *op = &run->step->op;
    run->job->n_detections = run->plan->device->kernels.decode_boxes(
        plane_of(run, op->inputs[0]).data, plane_of(run, op->inputs[1]).data, op->boxes.anchors,
        op->boxes.n_anchors, op->boxes.side, op->boxes.min_score, run->job->detections);
}

static void decode_landmarks(const Run *run, float *scratch)
{
    const MieniKernels *kernels = &run->plan->device->kernels;
    const MieniOp *op = &run->step->op;
    const float *points = plane_of(run, op->inputs[0]).data;
    if (op->landmarks.n_refinements) {
        const float *raw[MIENI_OP_MAX_INPUTS];
        for (int32_t i = 0; i < op->landmarks.n_refinements; i++)
            raw[i] = plane_of(run, op->inputs[1 + i]).data;
        kernels->refine_landmarks(points, op->landmarks.n_refinements, op->landmarks.refinements,
                                  raw, scratch);
        points = scratch;
    }
    kernels->decode_landmarks(points, op->landmarks.n_landmarks, op->landmarks.side,
                              &run->job->projection, run->job->landmarks);
    run->job->presence = 1 / (1 + expf(-*plane_of(run, op->inputs[op->n_inputs - 1]).data));
}

/* Parts of a concatenation are tight. */
static void write_constant(const float *constant, const MieniPlane *out)
{
    memcpy(out->data, constant,
           (size_t)out->height * (size_t)out->width * (size_t)out->channels * sizeof(float));
}

static void run_rows(const Run *run, float *scratch, int32_t row_begin, int32_t row_end)
{
    const MieniKernels *kernels = &run->plan->device->kernels;
    const MieniOp *op = &run->step->op;
    MieniPlane in = {0}, second = {0}, out = {0};
    if (op->n_inputs > 0)
        in = plane_of(run, op->inputs[0]);
    if (op->n_inputs > 1)
        second = plane_of(run, op->inputs[1]);
    if (op->output >= 0)
        out = plane_of(run, op->output);
    switch (op->kind) {
    case MIENI_OP_CONV:
    case MIENI_OP_POINTWISE:
    case MIENI_OP_DEPTHWISE:
    case MIENI_OP_DEPTHWISE_POINTWISE:
    case MIENI_OP_FULLY_CONNECTED:
        run_conv(run, scratch, row_begin, row_end);
        break;
    case MIENI_OP_RESIZE_ADD:
        kernels->resize_add(&in, &second, &out, row_begin, row_end);
        break;
    case MIENI_OP_DEPTH_TO_SPACE:
        kernels->depth_to_space(&in, &out);
        break;
    case MIENI_OP_LANDMARKS_TO_MATRIX:
        kernels->landmarks_to_matrix(&op->matrix, in.data, out.data);
        break;
    case MIENI_OP_SAMPLE_BILINEAR:
        kernels->sample_bilinear(&in, second.data, &out);
        break;
    case MIENI_OP_TRANSFORM_LANDMARKS:
        kernels->transform_landmarks(in.data, out.width, second.data, op->scale, out.data);
        break;
    case MIENI_OP_CONSTANT:
        write_constant(op->constant, &out);
        break;
    case MIENI_OP_CENTER_POINTS:
        kernels->center_points(&in, &out);
        break;
    case MIENI_OP_LAYER_NORM:
        kernels->layer_norm(&op->norm, &in, &out);
        break;
    case MIENI_OP_TRANSPOSE:
        if (op->residual >= 0)
            second = plane_of(run, op->residual);
        kernels->transpose(&in, op->scale, &second, &out);
        break;
    case MIENI_OP_CROP:
        kernels->crop(run->job->picture, &run->job->crop, &out, row_begin, row_end);
        break;
    case MIENI_OP_DECODE_BOXES:
        decode_boxes(run);
        break;
    case MIENI_OP_DECODE_LANDMARKS:
        decode_landmarks(run, scratch);
        break;
    }
}

/* The lanes behind the last channel hold zeros, whatever tensor had the memory in the last run. */
static void read_input(const Run *run, int32_t row_begin, int32_t row_end)
{
    MieniPlane plane = plane_of(run, run->plan->input);
    ptrdiff_t row_floats = (ptrdiff_t)plane.width * plane.channels;
    for (int32_t y = row_begin; y < row_end; y++) {
        const float *in = run->job->input + y * row_floats;
        float *row = mieni_plane_at(&plane, y, 0);
        if (plane.pixel_stride == plane.channels) {
            memcpy(row, in, (size_t)row_floats * sizeof(*row));
            continue;
        }
        for (int32_t x = 0; x < plane.width; x++)
            for (ptrdiff_t c = 0; c < plane.pixel_stride; c++)
                row[x * plane.pixel_stride + c] =
                    c < plane.channels ? in[x * plane.channels + c] : 0;
    }
}

/* Zeroes what lies around the rows of a plane that has a border. From the end of a row to the start
 * of the next it is one piece. */
static void zero_border(const MieniPlane *plane, int32_t row_begin, int32_t row_end)
{
    if (plane->border == 0)
        return;
    size_t beside = (size_t)(plane->border * plane->pixel_stride);
    size_t beyond = beside + (size_t)(plane->border * plane->row_stride); /* first or last row */
    if (row_begin == 0)
        memset(plane->data - beyond, 0, beyond * sizeof(float));
    for (int32_t y = row_begin; y < row_end; y++)
        memset(mieni_plane_at(plane, y, plane->width), 0,
               (y + 1 < plane->height ? 2 * beside : beyond) * sizeof(float));
}

static void run_piece(void *user, int32_t index, int32_t thread)
{
    const Run *run = user;
    int32_t begin = index * run->rows_per_piece;
    int32_t end = MIENI_MIN(begin + run->rows_per_piece, run->n_rows);
    if (run->step)
        run_rows(run, run->plan->device->workspaces[thread].scratch, begin, end);
    else
        read_input(run, begin, end);
    int32_t filled = run->step ? run->step->op.output : run->plan->input;
    if (filled < 0)
        return;
    MieniPlane plane = plane_of(run, filled);
    bool by_rows = run->n_rows == plane.height;
    zero_border(&plane, by_rows ? begin : 0, by_rows ? end : plane.height);
}

static void write_outputs(const Run *run)
{
    for (int32_t i = 0; i < run->plan->n_outputs; i++) {
        if (!run->job->outputs[i])
            continue;
        MieniPlane plane = plane_of(run, run->plan->outputs[i]); /* outputs are tight */
        memcpy(run->job->outputs[i], plane.data,
               (size_t)plane.height * (size_t)plane.row_stride * sizeof(float));
    }
}

/* Runs a step's rows, or shares them out over the pool in multiples of `unit`. */
static void run_step(Run *run, int32_t n_rows, int32_t unit, int32_t thread, bool share)
{
    run->n_rows = run->rows_per_piece = n_rows;
    if (!share || n_rows <= unit) {
        run_piece(run, 0, thread);
        return;
    }
    int32_t n_pieces = mieni_pool_n_threads(run->plan->device->pool) * PIECES_PER_THREAD;
    int32_t rows = (n_rows + n_pieces - 1) / n_pieces;
    run->rows_per_piece = (rows + unit - 1) / unit * unit;
    n_pieces = (n_rows + run->rows_per_piece - 1) / run->rows_per_piece;
    mieni_pool_run(run->plan->device->pool, n_pieces, run_piece, run);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* `share`: rows of large steps go over the pool; else the calling thread does it all. best_ms:
 * NULL, or the fastest time of every step so far. */
static void run_job(MieniDevicePlan *plan, MieniJob *job, int32_t thread, bool share,
                    double *best_ms)
{
    Run run = {.plan = plan, .job = job, .workspace = &plan->device->workspaces[thread]};
    if (job->input)
        run_step(&run, plan->tensors[plan->input].plane.height, 1, thread, share);
    for (int32_t i = 0; i < plan->n_steps; i++) {
        const CpuStep *step = run.step = &plan->steps[i];
        bool large = step->op.macs >= MIN_SHARED_MACS || step->op.kind == MIENI_OP_CROP;
        double start = best_ms ? now_ms() : 0;
        run_step(&run, step->n_rows, step->row_unit, thread, share && large);
        if (best_ms)
            best_ms[i] = MIENI_MIN(best_ms[i], now_ms() - start);
    }
    write_outputs(&run);
}

typedef struct Batch {
    MieniDevicePlan *plan;
    MieniJob *jobs;
} Batch;

static void run_one_of_batch(void *user, int32_t index, int32_t thread)
{
    const Batch *batch = user;
    run_job(batch->plan, &batch->jobs[index], thread, false, NULL);
}

static void run_alone(MieniDevicePlan *plan, MieniJob *job, double *best_ms)
{
    mieni_pool_begin(plan->device->pool);
    run_job(plan, job, 0, mieni_pool_n_threads(plan->device->pool) > 1, best_ms);
    mieni_pool_end(plan->device->pool);
}

void mieni_cpu_plan_time(MieniDevicePlan *plan, MieniJob *job, double *best_ms)
{
    run_alone(plan, job, best_ms);
}

MienStatus mieni_cpu_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    (void)error; /* a CPU does not fail half-way */
    if (n == 1) {
        run_alone(plan, jobs, NULL);
        return MIEN_OK;
    }
    Batch batch = {plan, jobs};
    mieni_pool_run(plan->device->pool, (int32_t)n, run_one_of_batch, &batch);
    return MIEN_OK;
}
