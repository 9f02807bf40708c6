/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA back end: its device, its plans, and what its files share. */
#ifndef MIENI_BACKEND_CUDA_CUDA_H
#define MIENI_BACKEND_CUDA_CUDA_H

#include "backend/backend.h"
#include "backend/cuda/driver.h"
#include "backend/cuda/kernels/args.h"
#include "base/arena.h"

/* Faces of one launch, at most; and those up to which every number of them has a graph. */
#define MIENI_CUDA_MAX_FACES 512
#define MIENI_CUDA_MAX_GRAPH_FACES 8

typedef enum CudaKernel {
#define MIENI_KERNEL_ID(name) CUDA_KERNEL_##name,
    MIENI_CUDA_KERNEL_LIST(MIENI_KERNEL_ID)
#undef MIENI_KERNEL_ID
        CUDA_N_KERNELS
} CudaKernel;

/* Memory of the device and the pinned memory of the host that is copied to or from it. Where both
 * are one (integrated devices) it is the same memory, and nothing is copied. */
typedef struct CudaBuffer {
    CuPointer device;
    unsigned char *host;  /* NULL: none */
    unsigned char *spare; /* takes turns with `host`, when a run needs it; NULL: none */
    size_t bytes;
    bool mapped; /* host and device are one */
} CudaBuffer;

/* A picture that lies in the upload buffer. */
typedef struct CudaFrame {
    uint64_t serial;       /* of its view; 0: nobody can ask for it again */
    const MieniView *view; /* while a run stages it */
    size_t offset;         /* bytes from the beginning of the buffer */
} CudaFrame;

/* Jobs and pictures on their way up: [job_room] CudaJob, then the pictures. */
typedef struct CudaFrames {
    CudaBuffer buffer;
    uint64_t generation; /* grows when the buffer is replaced */
    size_t job_room;     /* without a move of the pictures */
    int32_t n_frames;
    CudaFrame frames[MIENI_CUDA_MAX_FACES];
    size_t end; /* bytes in use */
} CudaFrames;

struct MieniDevice {
    const CudaDriver *cuda;
    const MieniLog *log;
    int32_t index;
    CuDevice ordinal;
    CuContext context; /* NULL: not retained */
    CuStream stream;
    CuModule modules[CUDA_N_KERNELS];
    CuFunction kernels[CUDA_N_KERNELS];
    int32_t n_multiprocessors;
    size_t cache_bytes; /* of all multiprocessors together (L2) */
    bool is_integrated;
    bool is_half;           /* computes in half precision */
    bool has_products;      /* its kernels multiply with matrix instructions */
    int32_t cluster_blocks; /* that wait for each other; 1: there are no clusters */
    bool can_overlap;       /* a launch may be placed before the one in front has ended */
    bool overlaps;          /* and the next launches are */
    bool is_lost;           /* a call failed for good: nothing is asked of it any more */
    bool is_ahead;          /* a run goes on while what it handed in is not done */
    CuEvent arrived;        /* behind what a run has handed in; NULL: no run needed it yet */
    char isa[16];
    CudaFrames frames;
    MieniDeviceCounts counts;
    int32_t repeats;   /* of the kernels of a run that is timed; 0: none is */
    CuEvent events[2]; /* before and behind them */
};

typedef union CudaArgs {
    CudaConvArgs conv;
    CudaPlanesArgs planes;
    CudaNormArgs norm;
    CudaMatrixArgs matrix;
    CudaCropArgs crop;
    CudaBoxesArgs boxes;
    CudaLandmarksArgs landmarks;
} CudaArgs;

/* A launch. */
typedef struct CudaStep {
    CudaKernel kernel;
    MieniOpKind kind;
    size_t constants; /* floats from the beginning of the plan's constants */
    CudaArgs args;
    int32_t items; /* work of a face, of which MIENI_CUDA_THREADS are a block; conv-like: see
                      steps.c */
    uint32_t shared_bytes;
    int32_t rank; /* steps of one rank need nothing from each other */
} CudaStep;

/* What a kernel reads: its own arguments, those of branches, or those of a chain. */
typedef union CudaLaunchArgs {
    CudaArgs one;
    CudaPlanesArgs planes[CUDA_MAX_BRANCHES];
    CudaMatrixArgs matrix[CUDA_MAX_BRANCHES];
    CudaChainArgs chain;
} CudaLaunchArgs;

/* Steps that are one launch for a few faces: some beside each other (branches), each of which may
 * be the first of a row of steps (a chain). */
typedef struct CudaGroup {
    int32_t first, n_steps; /* of the plan's, rank by rank */
    int32_t n_branches;
    CudaKernel kernel;
    int32_t n_blocks; /* of a face and a branch */
    uint32_t shared_bytes;
    CudaLaunchArgs args;
} CudaGroup;

struct MieniDevicePlan {
    MieniDevice *device;
    MieniArena *arena;
    int32_t n_tensors;
    CudaPlane *tensors; /* data is set when there is memory */
    size_t *offsets;    /* of them, floats from the beginning of a face's activations */
    int32_t *ranks;     /* of operations, in the order of launches (order.c) */
    int32_t n_steps;
    CudaStep *steps;
    int32_t n_groups;
    CudaGroup *groups; /* by their first step */
    bool has_crop, has_boxes, has_landmarks;
    int32_t n_landmarks;
    int32_t n_outputs;
    size_t output_floats[MIENI_OP_MAX_INPUTS];
    int32_t capacity;                                                      /* faces of one launch */
    size_t activation_floats, input_floats, result_floats, scratch_floats; /* of a face */
    CuPointer constants, activations, scratch;
    CudaBuffer input_buffer, results;
    uint64_t generation; /* of the upload buffer that the graphs know */
    /* By number of faces; the first is that of `capacity`, when it is more. */
    CuGraphExec graphs[MIENI_CUDA_MAX_GRAPH_FACES + 1];
};

/* device.c. Fills `error` for a code; the device is lost if it says so. Returns MIEN_E_DEVICE. */
MienStatus mieni_cuda_fail(MieniDevice *device, CuResult code, const char *what, MienError *error);

/* Device memory, zero bytes allowed; on failure nothing is allocated. */
MienStatus mieni_cuda_alloc(MieniDevice *device, size_t bytes, CuPointer *pointer,
                            MienError *error);
void mieni_cuda_free(MieniDevice *device, CuPointer pointer);
MienStatus mieni_cuda_buffer_create(MieniDevice *device, size_t bytes, CudaBuffer *buffer,
                                    MienError *error);
void mieni_cuda_buffer_destroy(MieniDevice *device, CudaBuffer *buffer);
/* Gives it a spare; without memory for one MIEN_E_DEVICE, and the device is not lost. */
MienStatus mieni_cuda_buffer_double(MieniDevice *device, CudaBuffer *buffer, MienError *error);
MienStatus mieni_cuda_upload(MieniDevice *device, const CudaBuffer *buffer, size_t bytes,
                             MienError *error);
MienStatus mieni_cuda_download(MieniDevice *device, const CudaBuffer *buffer, size_t bytes,
                               MienError *error);

/* frames.c. Puts jobs and those pictures that are not there yet into the upload buffer, and sends
 * them: one copy. `end` is how many of the jobs it took, at least one. */
MienStatus mieni_cuda_frames_send(MieniDevice *device, const MieniJob *jobs, size_t n, size_t *end,
                                  MienError *error);

/* order.c. The operations in the order of their launches, and lifetimes to go with it; sets ranks.
 * Owner of both lists: the device's plan. */
MienStatus mieni_cuda_order(MieniDevicePlan *plan, const MieniPlan *from, MieniPlan *ordered,
                            MienError *error);

/* layout.c. Gives every tensor its precision, strides and place; sets activation_floats. */
MienStatus mieni_cuda_layout(MieniDevicePlan *plan, const MieniPlan *from, MienError *error);

/* pack.c. Floats and tables of an operation, one behind the other, in words of 4 bytes. The layout
 * is made. */
size_t mieni_cuda_constant_words(const MieniDevicePlan *plan, const MieniPlan *from,
                                 const MieniOp *op);
void mieni_cuda_pack(const MieniDevicePlan *plan, const MieniPlan *from, const MieniOp *op,
                     float *words);

/* pack_half.c. Whether an operation runs in half precision, and its weights then. */
bool mieni_cuda_is_half(const MieniDevicePlan *plan, const MieniOp *op);
size_t mieni_cuda_half_words(const MieniDevicePlan *plan, const MieniOp *op);
void mieni_cuda_pack_half(const MieniDevicePlan *plan, const MieniOp *op, float *words);

/* Products of one sum of the dense part; 0 if there is none. */
size_t mieni_cuda_n_products(const MieniOp *op);

static inline size_t mieni_cuda_n_taps(const MieniOp *op)
{
    return (size_t)op->shape.kernel_height * (size_t)op->shape.kernel_width;
}

static inline bool mieni_cuda_is_depthwise(const MieniOp *op)
{
    return op->kind == MIENI_OP_DEPTHWISE || op->kind == MIENI_OP_DEPTHWISE_POINTWISE;
}

/* steps.c. Fills kernel and arguments of a step, when the plan has its memory. */
void mieni_cuda_step_init(const MieniDevicePlan *plan, CudaStep *step, const MieniOp *op);
void mieni_cuda_step_init_copy(CudaStep *step, const CudaPlane *in, const CudaPlane *out);
CuResult mieni_cuda_step_launch(const MieniDevicePlan *plan, const CudaStep *step, int32_t n_faces);

/* time.c. Marks the beginning (0) and the end (1) of kernels that are timed, and adds what lay
 * between the marks. */
CuResult mieni_cuda_mark(const MieniDevice *device, int which);
CuResult mieni_cuda_note_time(MieniDevice *device);
void mieni_cuda_time_finish(MieniDevice *device);
MienStatus mieni_cuda_time(MieniDevice *device, int32_t repeats, MienError *error);
MienStatus mieni_cuda_peak(MieniDevice *device, double *macs_a_ms, MienError *error);

/* run.c. A launch of a kernel. */
typedef struct CudaLaunch {
    CudaKernel kernel;
    int32_t grid_x, grid_y, grid_z, threads;
    int32_t cluster; /* blocks that wait for each other; 1: none */
    uint32_t shared_bytes;
} CudaLaunch;
CuResult mieni_cuda_launch(const MieniDevice *device, const CudaLaunch *launch, void *args);

/* groups.c. Finds the groups of a plan that has its steps. */
MienStatus mieni_cuda_make_groups(MieniDevicePlan *plan, MienError *error);
CuResult mieni_cuda_group_launch(const MieniDevicePlan *plan, const CudaGroup *group,
                                 int32_t n_faces);

static inline int32_t mieni_cuda_over(int32_t n, int32_t divisor)
{
    return (n + divisor - 1) / divisor;
}

/* Of four channels. */
static inline int32_t mieni_cuda_groups(const CudaPlane *plane)
{
    return mieni_cuda_over(plane->channels, 4);
}

/* Bytes of a row in shared memory for matrix instructions; as kernels/products.h has it. */
static inline int32_t mieni_cuda_product_row(const CudaPlane *in)
{
    return (mieni_cuda_over(in->channels, 16) | 1) * 32;
}

MienStatus mieni_cuda_plan_create(MieniDevice *device, const MieniPlan *plan, MieniDevicePlan **out,
                                  MienError *error);
void mieni_cuda_plan_destroy(MieniDevicePlan *plan);
MienStatus mieni_cuda_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error);

#endif
