/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, launches, graphs and events. Work is done as late as a driver may do it, when somebody
 * waits for it: what is changed or taken too early shows. That it failed shows where it is waited
 * for, and in later calls. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cuda.h"
#include "cuda_objects.h"

#define INVALID_VALUE 1
#define INVALID_CONTEXT 201
#define INVALID_HANDLE 400
#define NOT_READY 600

typedef struct Node {
    const SimKernel *kernel;
    SimGrid grid;
    unsigned char args[SIM_MAX_ARGS];
} Node;

typedef struct Graph {
    size_t n_nodes;
    Node *nodes;
} Graph;

struct SimStream {
    Graph *records; /* NULL unless it captures */
};
typedef SimStream Stream;

/* What was handed in, and is not done; of all streams of a device, in their order. */
typedef struct Work {
    struct Work *next;
    void (*run)(void *data);
    _Alignas(16) unsigned char data[];
} Work;

static struct {
    Work *first, *last;
} queues[SIM_MAX_DEVICES];

void sim_work_add(SimStream *stream, void (*run)(void *data), const void *data, size_t bytes)
{
    Work *work = sim_object_new(sizeof(*work) + bytes, &sim_counts.queued);
    int device = sim_device();
    work->run = run;
    memcpy(work->data, data, bytes);
    if (queues[device].last)
        queues[device].last->next = work;
    else
        queues[device].first = work;
    queues[device].last = work;
    if (!stream)
        sim_work_finish();
}

/* False if there is none. Behind a loss nothing is done any more. */
static int run_next(void)
{
    int device = sim_device();
    Work *work = queues[device].first;
    if (!work)
        return 0;
    queues[device].first = work->next;
    if (!work->next)
        queues[device].last = NULL;
    if (!sim_loss())
        work->run(work->data);
    sim_object_delete(work);
    return 1;
}

void sim_work_finish(void)
{
    while (run_next())
        continue;
}

int sim_work_is_left(void)
{
    return queues[sim_device()].first != NULL;
}

void sim_work_forget(int device)
{
    while (queues[device].first) {
        Work *work = queues[device].first;
        queues[device].first = work->next;
        sim_object_delete(work);
    }
    queues[device].last = NULL;
}

SIM_EXPORT int cuStreamCreate(Stream **stream, unsigned flags)
{
    int code = sim_enter("cuStreamCreate");
    (void)flags;
    if (!code && !sim_has_context())
        code = INVALID_CONTEXT;
    if (!code)
        *stream = sim_object_new(sizeof(**stream), &sim_counts.streams);
    return sim_leave(code);
}

SIM_EXPORT int cuStreamDestroy_v2(Stream *stream)
{
    int code = sim_enter("cuStreamDestroy");
    if (!code) {
        sim_work_finish();
        sim_object_delete(stream);
    }
    return sim_leave(code);
}

static int synchronize(const char *name)
{
    int code = sim_enter(name);
    sim_counts.synchronizations++;
    if (!code) {
        sim_work_finish();
        code = sim_loss();
    }
    if (!code)
        code = (int)sim_number("MIEN_SIM_LAUNCH", OK);
    return sim_leave(code);
}

SIM_EXPORT int cuCtxSynchronize(void)
{
    return synchronize("cuCtxSynchronize");
}

SIM_EXPORT int cuStreamSynchronize(Stream *stream)
{
    return stream ? synchronize("cuStreamSynchronize") : INVALID_HANDLE;
}

static void run_node(void *data)
{
    const Node *node = data;
    int code = sim_run(node->kernel, node->args, &node->grid);
    sim_counts.launches++;
    sim_counts.launches_of[sim_device() % 4]++;
    if (code)
        sim_lose(code);
}

/* Grows when the number of nodes is a power of two. */
static void add_node(Graph *graph, const Node *node)
{
    size_t n = graph->n_nodes;
    if ((n & (n - 1)) == 0) {
        Node *nodes = sim_object_new((n ? 2 * n : 1) * sizeof(*nodes), NULL);
        if (n > 0)
            memcpy(nodes, graph->nodes, n * sizeof(*nodes));
        sim_object_delete(graph->nodes);
        graph->nodes = nodes;
    }
    graph->nodes[graph->n_nodes++] = *node;
}

static void launch(const SimKernel *kernel, const SimGrid *grid, Stream *stream, void **parameters)
{
    Node node = {.kernel = kernel, .grid = *grid};
    memcpy(node.args, parameters[0], kernel->args_bytes);
    if (stream && stream->records)
        add_node(stream->records, &node);
    else
        sim_work_add(stream, run_node, &node, sizeof(node));
}

SIM_EXPORT int cuLaunchKernel(const SimKernel *kernel, unsigned gx, unsigned gy, unsigned gz,
                              unsigned bx, unsigned by, unsigned bz, unsigned shared,
                              Stream *stream, void **parameters, void **extra)
{
    int code = sim_enter("cuLaunchKernel");
    (void)extra;
    if (!code && (!kernel || by != 1 || bz != 1 || kernel->args_bytes > sizeof(((Node *)0)->args)))
        code = INVALID_VALUE;
    if (!code) {
        const SimGrid grid = {gx, gy, gz, bx, shared, 1};
        launch(kernel, &grid, stream, parameters);
    }
    return sim_leave(code);
}

#ifndef SIM_OLD_DRIVER

enum { CLUSTER = 4, OVERLAPS = 6 }; /* CUlaunchAttributeID */

typedef struct Attribute {
    int id;
    char unused[4];
    unsigned value[16];
} Attribute;

typedef struct Config {
    unsigned grid[3], block[3], shared;
    Stream *stream;
    const Attribute *attributes;
    unsigned n_attributes;
} Config;

/* Knows two attributes: the size of clusters, and overlap, of which it makes nothing. */
SIM_EXPORT int cuLaunchKernelEx(const Config *config, const SimKernel *kernel, void **parameters,
                                void **extra)
{
    int code = sim_enter("cuLaunchKernelEx"), major = 8;
    unsigned cluster = 1;
    (void)extra;
    sscanf(sim_text("MIEN_SIM_CC", "8.6"), "%d", &major);
    if (!code && major < 9)
        code = INVALID_VALUE;
    for (unsigned i = 0; !code && i < config->n_attributes; i++) {
        const Attribute *attribute = &config->attributes[i];
        if (attribute->id == CLUSTER && attribute->value[1] == 1 && attribute->value[2] == 1)
            cluster = attribute->value[0];
        else if (attribute->id == OVERLAPS && attribute->value[0] == 1)
            sim_counts.overlaps++;
        else
            code = INVALID_VALUE;
    }
    if (!code && (!kernel || config->block[1] != 1 || config->block[2] != 1 || cluster == 0 ||
                  config->grid[0] % cluster))
        code = INVALID_VALUE;
    if (!code) {
        const SimGrid grid = {config->grid[0],  config->grid[1], config->grid[2],
                              config->block[0], config->shared,  cluster};
        launch(kernel, &grid, config->stream, parameters);
    }
    return sim_leave(code);
}

#endif

SIM_EXPORT int cuStreamBeginCapture_v2(Stream *stream, int mode)
{
    int code = sim_enter("cuStreamBeginCapture");
    (void)mode;
    if (!code && stream->records)
        code = INVALID_HANDLE;
    if (!code)
        stream->records = sim_object_new(sizeof(Graph), &sim_counts.graphs);
    return sim_leave(code);
}

SIM_EXPORT int cuStreamEndCapture(Stream *stream, Graph **graph)
{
    int code = sim_enter("cuStreamEndCapture");
    if (!code && !stream->records)
        code = INVALID_HANDLE;
    if (!code) {
        *graph = stream->records;
        stream->records = NULL;
    }
    return sim_leave(code);
}

/* What is instantiated is a copy. */
static int instantiate(Graph **made, const Graph *graph)
{
    int code = sim_enter("cuGraphInstantiate");
    if (!code) {
        *made = sim_object_new(sizeof(**made), &sim_counts.graphs);
        for (size_t i = 0; i < graph->n_nodes; i++)
            add_node(*made, &graph->nodes[i]);
    }
    return sim_leave(code);
}

#ifdef SIM_OLD_DRIVER
SIM_EXPORT int cuGraphInstantiate(Graph **made, const Graph *graph, void **node, char *log,
                                  size_t log_bytes)
{
    (void)node;
    (void)log;
    (void)log_bytes;
    return instantiate(made, graph);
}
#else
SIM_EXPORT int cuGraphInstantiateWithFlags(Graph **made, const Graph *graph, uint64_t flags)
{
    return flags ? INVALID_VALUE : instantiate(made, graph);
}
#endif

static void run_graph(void *data)
{
    Graph *graph;
    memcpy(&graph, data, sizeof(Graph *));
    for (size_t i = 0; i < graph->n_nodes && !sim_loss(); i++)
        run_node(&graph->nodes[i]);
}

SIM_EXPORT int cuGraphLaunch(Graph *graph, Stream *stream)
{
    int code = sim_enter("cuGraphLaunch");
    if (!code) {
        sim_counts.graph_launches++;
        sim_work_add(stream, run_graph, &graph, sizeof(Graph *));
    }
    return sim_leave(code);
}

static int destroy(const char *name, Graph *graph)
{
    int code = sim_enter(name);
    if (!code) {
        sim_work_finish(); /* it may be of it */
        sim_object_delete(graph->nodes);
        sim_object_delete(graph);
    }
    return sim_leave(code);
}

SIM_EXPORT int cuGraphDestroy(Graph *graph)
{
    return destroy("cuGraphDestroy", graph);
}

SIM_EXPORT int cuGraphExecDestroy(Graph *graph)
{
    return destroy("cuGraphExecDestroy", graph);
}

/* Time passes where work is done, that is, on the host. */
typedef struct Event {
    struct timespec time;
    int n_left; /* records that are not reached */
} Event;

SIM_EXPORT int cuEventCreate(Event **event, unsigned flags)
{
    int code = sim_enter("cuEventCreate");
    (void)flags;
    if (!code)
        *event = sim_object_new(sizeof(**event), &sim_counts.events);
    return sim_leave(code);
}

static void reach(void *data)
{
    Event *event;
    memcpy(&event, data, sizeof(Event *));
    clock_gettime(CLOCK_MONOTONIC, &event->time);
    event->n_left--;
}

SIM_EXPORT int cuEventRecord(Event *event, Stream *stream)
{
    int code = sim_enter("cuEventRecord");
    if (!code && !stream)
        code = INVALID_HANDLE;
    if (!code) {
        event->n_left++;
        sim_work_add(stream, reach, &event, sizeof(Event *));
    }
    return sim_leave(code);
}

/* What was handed in behind it is left undone. */
SIM_EXPORT int cuEventSynchronize(const Event *event)
{
    int code = sim_enter("cuEventSynchronize");
    if (!code) {
        while (event->n_left > 0 && run_next())
            continue;
        code = sim_loss();
        sim_counts.waits_ahead += (uint64_t)sim_work_is_left();
    }
    return sim_leave(code);
}

SIM_EXPORT int cuEventElapsedTime(float *ms, const Event *begin, const Event *end)
{
    int code = sim_enter("cuEventElapsedTime");
    if (!code && (begin->n_left > 0 || end->n_left > 0))
        code = NOT_READY;
    if (!code)
        *ms = (float)((double)(end->time.tv_sec - begin->time.tv_sec) * 1e3 +
                      (double)(end->time.tv_nsec - begin->time.tv_nsec) * 1e-6);
    return sim_leave(code);
}

SIM_EXPORT int cuEventDestroy_v2(Event *event)
{
    int code = sim_enter("cuEventDestroy");
    if (!code) {
        sim_work_finish();
        sim_object_delete(event);
    }
    return sim_leave(code);
}
