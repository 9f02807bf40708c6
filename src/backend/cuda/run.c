/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: one copy up, one launch, one copy down. For a few faces the launch is a graph
 * that was recorded once; it finds all that differs from frame to frame in the upload buffer. What
 * is too much for one launch goes in parts, for which pinned memory is there twice.
 */
#include "backend/cuda/cuda.h"

CuResult mieni_cuda_launch(const MieniDevice *device, const CudaLaunch *launch, void *args)
{
    const CudaDriver *cuda = device->cuda;
    CuFunction function = device->kernels[launch->kernel];
    unsigned x = (unsigned)launch->grid_x, y = (unsigned)launch->grid_y;
    unsigned z = (unsigned)launch->grid_z;
    unsigned threads = (unsigned)launch->threads;
    void *parameters[] = {args};
    CuLaunchAttribute attributes[2];
    unsigned n = 0;
    if (launch->cluster > 1)
        attributes[n++] = (CuLaunchAttribute){.id = CU_LAUNCH_CLUSTER,
                                              .value.cluster = {(unsigned)launch->cluster, 1, 1}};
    if (device->overlaps)
        attributes[n++] = (CuLaunchAttribute){.id = CU_LAUNCH_OVERLAPS, .value.overlaps = 1};
    if (n == 0)
        return cuda->launch(function, x, y, z, threads, 1, 1, launch->shared_bytes, device->stream,
                            parameters, NULL);
    const CuLaunchConfig config = {.grid = {x, y, z},
                                   .block = {threads, 1, 1},
                                   .shared_bytes = launch->shared_bytes,
                                   .stream = device->stream,
                                   .attributes = attributes,
                                   .n_attributes = n};
    return cuda->launch_extended(&config, function, parameters, NULL);
}

static CuResult launch_steps(const MieniDevicePlan *plan, int32_t n_faces)
{
    CuResult code = 0;
    int32_t group = 0, n_groups = n_faces <= MIENI_CUDA_MAX_GRAPH_FACES ? plan->n_groups : 0;
    for (int32_t i = 0; i < plan->n_steps && code == 0;) {
        if (group < n_groups && plan->groups[group].first == i) {
            i += plan->groups[group].n_steps;
            code = mieni_cuda_group_launch(plan, &plan->groups[group++], n_faces);
        } else {
            code = mieni_cuda_step_launch(plan, &plan->steps[i++], n_faces);
        }
    }
    return code;
}

/* Kernels of a run. */
static int32_t count_launches(const MieniDevicePlan *plan, int32_t n_faces)
{
    int32_t n = plan->n_steps;
    for (int32_t i = 0; i < plan->n_groups && n_faces <= MIENI_CUDA_MAX_GRAPH_FACES; i++)
        n -= plan->groups[i].n_steps - 1;
    return n;
}

static CuResult instantiate(const CudaDriver *cuda, CuGraphExec *made, CuGraph graph)
{
    if (cuda->graph_instantiate)
        return cuda->graph_instantiate(made, graph, 0);
    return cuda->graph_instantiate_old(made, graph, NULL, NULL, 0);
}

/* The place of the graph for so many faces, or NULL: they are launched one by one. */
static CuGraphExec *graph_of(MieniDevicePlan *plan, int32_t n_faces)
{
    if (n_faces <= MIENI_CUDA_MAX_GRAPH_FACES)
        return &plan->graphs[n_faces];
    return n_faces == plan->capacity ? &plan->graphs[0] : NULL;
}

static CuResult capture(MieniDevicePlan *plan, int32_t n_faces, CuGraphExec *made)
{
    const CudaDriver *cuda = plan->device->cuda;
    CuStream stream = plan->device->stream;
    CuGraph graph = NULL;
    CuResult code = cuda->capture_begin(stream, CU_CAPTURE_THREAD_LOCAL);
    if (code)
        return code;
    code = launch_steps(plan, n_faces);
    CuResult ended = cuda->capture_end(stream, &graph);
    if (code == 0)
        code = ended;
    if (code == 0)
        code = instantiate(cuda, made, graph);
    if (graph)
        cuda->graph_destroy(graph);
    return code;
}

/* With launches that overlap where they can; a driver that does not record them gets others. */
static CuResult record(MieniDevicePlan *plan, int32_t n_faces, CuGraphExec *made)
{
    MieniDevice *device = plan->device;
    device->overlaps = device->can_overlap;
    CuResult code = capture(plan, n_faces, made);
    if (code && device->overlaps) {
        mieni_log(device->log, MIEN_LOG_INFO, "cuda", "device %d: launches do not overlap: %s (%d)",
                  (int)device->index, mieni_cuda_code_name(code), code);
        device->can_overlap = device->overlaps = false;
        code = capture(plan, n_faces, made);
    }
    device->overlaps = false;
    return code;
}

/* Graphs that know an upload buffer which is no more are of no use. */
static void drop_old_graphs(MieniDevicePlan *plan)
{
    if (plan->generation == plan->device->frames.generation)
        return;
    for (int32_t i = 0; i <= MIENI_CUDA_MAX_GRAPH_FACES; i++) {
        if (plan->graphs[i])
            plan->device->cuda->graph_exec_destroy(plan->graphs[i]);
        plan->graphs[i] = NULL;
    }
    plan->generation = plan->device->frames.generation;
}

/* `graph`: recorded, or NULL. */
static CuResult launch_once(MieniDevicePlan *plan, int32_t n_faces, CuGraphExec graph)
{
    MieniDevice *device = plan->device;
    uint64_t n = (uint64_t)count_launches(plan, n_faces);
    device->counts.launches += n;
    device->counts.submissions += graph ? 1 : n;
    return graph ? device->cuda->graph_launch(graph, device->stream) : launch_steps(plan, n_faces);
}

static MienStatus launch(MieniDevicePlan *plan, int32_t n_faces, MienError *error)
{
    MieniDevice *device = plan->device;
    drop_old_graphs(plan);
    CuGraphExec *graph = graph_of(plan, n_faces);
    CuResult code = graph && !*graph ? record(plan, n_faces, graph) : 0;
    if (code == 0)
        code = mieni_cuda_mark(device, 0);
    for (int32_t i = 0; i < MIENI_MAX(device->repeats, 1) && code == 0; i++)
        code = launch_once(plan, n_faces, graph ? *graph : NULL);
    if (code == 0)
        code = mieni_cuda_mark(device, 1);
    return code ? mieni_cuda_fail(device, code, "launching kernels", error) : MIEN_OK;
}

/* Sends what the jobs need; `end` is how many of them it took. */
static MienStatus send(MieniDevicePlan *plan, const MieniJob *jobs, size_t n, size_t *end,
                       MienError *error)
{
    if (plan->has_crop)
        return mieni_cuda_frames_send(plan->device, jobs, n, end, error);
    size_t bytes = plan->input_floats * sizeof(float);
    for (size_t i = 0; i < n; i++)
        memcpy(plan->input_buffer.host + i * bytes, jobs[i].input, bytes);
    *end = n;
    return mieni_cuda_upload(plan->device, &plan->input_buffer, n * bytes, error);
}

static void take_boxes(const float *results, MieniJob *job)
{
    job->n_detections = (int32_t)results[0];
    memcpy(job->detections, results + 1, (size_t)job->n_detections * sizeof(*job->detections));
}

static void take_results(const MieniDevicePlan *plan, const float *results, MieniJob *job)
{
    if (plan->has_boxes) {
        take_boxes(results, job);
    } else if (plan->has_landmarks) {
        job->presence = results[0];
        memcpy(job->landmarks, results + 1, (size_t)plan->n_landmarks * sizeof(*job->landmarks));
    }
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        if (job->outputs[i])
            memcpy(job->outputs[i], results, plan->output_floats[i] * sizeof(float));
        results += plan->output_floats[i];
    }
}

/* Jobs that go through together. */
typedef struct Part {
    MieniJob *jobs;
    size_t n;
} Part;

/* Hands in as many of n jobs as go together. */
static MienStatus hand_in(MieniDevicePlan *plan, Part *part, size_t n, MienError *error)
{
    MienStatus status = send(plan, part->jobs, n, &part->n, error);
    if (status == MIEN_OK)
        status = launch(plan, (int32_t)part->n, error);
    if (status == MIEN_OK)
        status = mieni_cuda_download(plan->device, &plan->results,
                                     part->n * plan->result_floats * sizeof(float), error);
    return status;
}

/* `code`: what waiting for them gave. */
static MienStatus take_part(const MieniDevicePlan *plan, const Part *part,
                            const unsigned char *memory, CuResult code, MienError *error)
{
    if (code)
        return mieni_cuda_fail(plan->device, code, "computing", error);
    const float *results = (const float *)(const void *)memory;
    for (size_t i = 0; i < part->n; i++)
        take_results(plan, results + i * plan->result_floats, &part->jobs[i]);
    return MIEN_OK;
}

/* Waits for all that was handed in; `part` is the last of it. */
static MienStatus finish(MieniDevicePlan *plan, const Part *part, MienError *error)
{
    MieniDevice *device = plan->device;
    CuResult code = device->cuda->stream_synchronize(device->stream);
    device->is_ahead = false;
    if (code == 0)
        code = mieni_cuda_note_time(device);
    return take_part(plan, part, plan->results.host, code, error);
}

static CudaBuffer *input_of(MieniDevicePlan *plan)
{
    return plan->has_crop ? &plan->device->frames.buffer : &plan->input_buffer;
}

/*
 * Makes what a run needs to go on before the device is done. *can: whether there is all of it.
 * There is none where host and device share memory, for want of memory, or when kernels are timed.
 */
static MienStatus prepare_ahead(MieniDevicePlan *plan, bool *can, MienError *error)
{
    MieniDevice *device = plan->device;
    MienError problem = {.reason = ""};
    *can = false;
    if (plan->results.mapped || device->repeats > 0)
        return MIEN_OK;
    MienStatus status = mieni_cuda_buffer_double(device, input_of(plan), &problem);
    if (status == MIEN_OK)
        status = mieni_cuda_buffer_double(device, &plan->results, &problem);
    if (status == MIEN_OK && !device->arrived) {
        CuResult code = device->cuda->event_create(&device->arrived, CU_EVENT_NO_TIMING);
        if (code)
            status = mieni_cuda_fail(device, code, "making events", &problem);
    }
    *can = status == MIEN_OK;
    if (!device->is_lost)
        return MIEN_OK;
    if (error)
        *error = problem;
    return status;
}

static void swap(CudaBuffer *buffer)
{
    unsigned char *host = buffer->host;
    buffer->host = buffer->spare;
    buffer->spare = host;
}

/* Leaves the device to what was handed in; the next jobs have the other pinned memory. */
static MienStatus go_ahead(MieniDevicePlan *plan, MienError *error)
{
    MieniDevice *device = plan->device;
    CuResult code = device->cuda->event_record(device->arrived, device->stream);
    if (code)
        return mieni_cuda_fail(device, code, "computing", error);
    device->is_ahead = true;
    swap(input_of(plan));
    swap(&plan->results);
    return MIEN_OK;
}

/* Part by part; each is put together while the device has the one before it. */
static MienStatus run_parts(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    MieniDevice *device = plan->device;
    MienStatus status = MIEN_OK;
    Part before = {.n = 0}; /* handed in, not waited for */
    for (size_t done = 0; done < n && status == MIEN_OK;) {
        Part part = {.jobs = jobs + done};
        bool can = false;
        status = hand_in(plan, &part, MIENI_MIN(n - done, (size_t)plan->capacity), error);
        done += part.n;
        if (status == MIEN_OK && before.n > 0)
            status = take_part(plan, &before, plan->results.spare,
                               device->cuda->event_synchronize(device->arrived), error);
        if (status == MIEN_OK && done < n)
            status = prepare_ahead(plan, &can, error);
        before.n = can ? part.n : 0;
        before.jobs = part.jobs;
        if (status == MIEN_OK)
            status = can ? go_ahead(plan, error) : finish(plan, &part, error);
    }
    return status;
}

MienStatus mieni_cuda_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    MieniDevice *device = plan->device;
    if (device->is_lost)
        return mieni_fail(error, MIEN_E_DEVICE, "gpu-lost",
                          "device cuda:%d was lost in an earlier call; create a new engine",
                          (int)device->index);
    device->cuda->context_push(device->context);
    MienStatus status = run_parts(plan, n, jobs, error);
    /* Nothing is on its way any more when the caller goes on. */
    if (status != MIEN_OK && !device->is_lost) {
        CuResult code = device->cuda->stream_synchronize(device->stream);
        if (code)
            mieni_cuda_fail(device, code, "computing", NULL);
    }
    device->is_ahead = false;
    device->cuda->context_pop(NULL);
    return status;
}
