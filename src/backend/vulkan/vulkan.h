/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Vulkan back end: any GPU with Vulkan 1.1 and a queue for compute. No optional feature is
 * needed. The loader is opened at run time.
 *
 * A plan has one descriptor layout (shaders/common.glsl): activations to read, activations to
 * write, tables (weights; for the crop pictures), and parameters and results. What goes to the
 * device and comes back lies in memory that stays mapped. One command buffer for each number of
 * jobs is recorded when that number comes up first, and submitted again from then on.
 */
#ifndef MIENI_BACKEND_VULKAN_VULKAN_H
#define MIENI_BACKEND_VULKAN_VULKAN_H

#include "backend/vulkan/loader.h"
#include "backend/vulkan/shaders.h"

/* Jobs and pictures that one submission may have; more go in turns. */
#define VULKAN_MAX_BATCH 1024
#define VULKAN_MAX_PICTURES 64

/* What shaders are given, in words: push constants and specialisation constants. */
#define VULKAN_PUSH_WORDS 32
/* What a descriptor set has: buffers at bindings of their own, and at one more those that pictures
 * were imported as. */
#define VULKAN_SET_BUFFERS 4
#define VULKAN_SET_DESCRIPTORS (VULKAN_SET_BUFFERS + MIENI_MAX_IMPORTS)
#define VULKAN_CONSTANTS 12

/* Sizes of buffers are multiples of it. */
#define VULKAN_BUFFER_STEP 256

/* Points between refinement and decoder. */
#define VULKAN_REFINED_FLOATS (3 * 478)

/* Parameters of a job, in words. Shaders count on these numbers. */
enum VulkanParameter {
    VULKAN_PARAMETER_MAP = 0, /* x, y of MieniCrop: each term's low word, high word */
    VULKAN_PARAMETER_BORDER = 32,
    VULKAN_PARAMETER_SCALE = 33,
    VULKAN_PARAMETER_OFFSET = 34,
    VULKAN_PARAMETER_PLANES = 35,    /* three bytes offsets */
    VULKAN_PARAMETER_ROW_BYTES = 38, /* of the three planes */
    VULKAN_PARAMETER_WIDTH = 41,
    VULKAN_PARAMETER_HEIGHT = 42,
    VULKAN_PARAMETER_FORMAT = 43,
    VULKAN_PARAMETER_COLOR = 44, /* y_offset, y_gain, r_v, g_u, g_v, b_u */
    VULKAN_PARAMETER_PROJECTION =
        50, /* origin, x, y, scale, offset (two each), depth of MieniProjection */
    VULKAN_PARAMETER_SHIFT = 60,
    VULKAN_PARAMETER_SCALE_REST = 61,
    VULKAN_PARAMETER_COLUMN_TIES = 62,
    VULKAN_PARAMETER_ROW_TIES = 70,
    VULKAN_PARAMETER_IMPORT = 78, /* VulkanPlace.import */
    VULKAN_PARAMETER_WORDS = 128
};

typedef struct VulkanBuffer {
    VkBuffer handle;
    VkDeviceMemory memory;
    VkDeviceSize size_bytes;
    void *mapped; /* NULL unless the host sees it */
} VulkanBuffer;

typedef struct VulkanPipeline {
    VulkanShader shader;
    uint32_t constants[VULKAN_CONSTANTS];
    VkPipeline handle;
} VulkanPipeline;

/* Pictures on the device, by the engine's serial number: one that is still there is not sent again.
 */
typedef struct VulkanSlot {
    uint64_t serial;      /* 0: none */
    const void *view;     /* whose pixels it holds during a run */
    uint64_t last_run;    /* that used it */
    bool is_new;          /* to be copied by this run */
    VkCommandBuffer copy; /* from the staging buffer, if there is one */
} VulkanSlot;

/* A block of the caller's memory that the device reads in place. */
typedef struct VulkanImport {
    const void *memory; /* NULL: none */
    VulkanBuffer buffer;
} VulkanImport;

/* Where the planes of a picture are: bytes from the beginning of a buffer, bytes from row to row.
 */
typedef struct VulkanPlace {
    uint32_t import; /* 0: in the buffer below; else in import number import - 1 */
    uint32_t offset[3], row_bytes[3];
} VulkanPlace;

typedef struct VulkanPictures {
    VulkanBuffer buffer, staging; /* staging only if the device cannot read what is mapped */
    size_t slot_bytes;
    int32_t n_slots;
    int32_t max_slots; /* 0: as many as are wanted; fewer once memory was short */
    VulkanSlot slots[VULKAN_MAX_PICTURES];
    VulkanImport imports[MIENI_MAX_IMPORTS];
    uint64_t generation; /* changes with the buffer and the imports */
    uint64_t run;
} VulkanPictures;

/* What a device has beyond Vulkan 1.1, and the tests do not mask. */
typedef struct VulkanFeatures {
    bool subgroups;    /* sums and bounds, in shaders that compute */
    bool half;         /* buffers of halves */
    bool half_is_fast; /* and arithmetic with them: not by conversions in software */
    bool timeline;     /* semaphores that count */
    bool import;       /* of the host's memory */
} VulkanFeatures;

struct MieniDevice {
    const VulkanLoader *loader;
    VulkanDeviceFunctions vk;
    VkPhysicalDevice physical;
    VkPhysicalDeviceLimits limits;
    VkDeviceSize max_buffer_bytes; /* that shaders can see at a time, and that are a fair share */
    VkPhysicalDeviceMemoryProperties memory;
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    VulkanFeatures features;
    MienPrecision precision;  /* in use */
    VkDeviceSize import_step; /* imported memory begins and ends at multiples of it */
    bool is_software;         /* a driver that computes on the CPU */
    bool is_direct;           /* the device computes in memory that the host has mapped */
    bool is_lost;             /* nothing more is sent */
    bool is_stuck;            /* it may still be at work: nothing is given back */
    uint64_t timeout_ns;
    VkCommandPool pool;
    VkSemaphore timeline; /* at the number of the last submission that is done */
    uint64_t n_submitted;
    VkFence fence; /* where there is no timeline */
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipelineCache cache;
    size_t cache_bytes; /* as it was read */
    char cache_path[512];
    VkShaderModule modules[VULKAN_N_SHADERS];
    int32_t n_pipelines, pipeline_capacity;
    VulkanPipeline *pipelines;
    VulkanPictures pictures;
    char isa[64];
    MieniLog log;
    MieniDeviceCounts counts;
    bool is_timed;       /* runs stand between two time stamps */
    uint32_t stamp_bits; /* that mean something */
    VkQueryPool queries; /* the stamps, and the command buffers that take them */
    VkCommandBuffer stamps[2];
};

/* Which dimension of a dispatch grows with the number of jobs. */
typedef enum VulkanGrid {
    VULKAN_GRID_JOBS,   /* z is the number of jobs */
    VULKAN_GRID_ROWS,   /* x: tiles of `tile` of jobs * rows, in turns beyond the limit */
    VULKAN_GRID_QUARTER /* y: groups of four jobs */
} VulkanGrid;

/* Floats of a job's activations; empty: begin == end. */
typedef struct VulkanSpan {
    uint32_t begin, end;
} VulkanSpan;

typedef struct VulkanStep {
    VkPipeline pipeline;
    int32_t n_reads;
    VulkanSpan reads[MIENI_OP_MAX_INPUTS + 2], written;
    bool waits; /* for the steps since the last one that did */
    VulkanGrid grid;
    uint32_t groups_x, groups_y;
    uint32_t rows, tile; /* VULKAN_GRID_ROWS */
    bool reads_pictures;
    int32_t results_word; /* push word that takes the place of results in `io`, or -1 */
    uint32_t push[VULKAN_PUSH_WORDS];
} VulkanStep;

/* A tensor that comes out as it is. */
typedef struct VulkanOutput {
    size_t offset, n_floats;
} VulkanOutput;

struct MieniDevicePlan {
    MieniDevice *device;
    int32_t n_steps;
    VulkanStep *steps;
    size_t job_floats; /* activations of a job */
    bool has_crop;
    size_t input_offset, input_floats; /* plans without a crop */
    int32_t n_outputs;                 /* 0 behind a decoder */
    VulkanOutput outputs[MIENI_OP_MAX_INPUTS];
    MieniOpKind last;
    int32_t n_landmarks;
    size_t result_words; /* of a job */

    int32_t max_batch; /* jobs that go at once; fewer once memory was short */
    int32_t capacity;  /* jobs that the buffers have room for; grows up to max_batch */
    size_t input_word, results_word; /* places in `io` */
    VulkanBuffer tables, activations;
    VulkanBuffer io;      /* parameters, inputs, results: what shaders see */
    VulkanBuffer staging; /* the same for the host, where it does not see `io` */
    VkDescriptorPool descriptors;
    VkDescriptorSet set, crop_set;
    VkCommandBuffer commands[VULKAN_MAX_BATCH + 1]; /* by number of jobs; NULL: not recorded */
    uint64_t picture_generation;
};

/* A failure of a Vulkan call as an error of mien; a lost device is marked. `what` is what was being
 * done. */
MienStatus mieni_vulkan_fail(MieniDevice *device, VkResult result, const char *what,
                             MienError *error);

/* memory.c */
typedef enum VulkanMemory {
    VULKAN_MEMORY_DEVICE, /* the device's own */
    VULKAN_MEMORY_DIRECT, /* the device's own, mapped; only where is_direct */
    VULKAN_MEMORY_STAGING /* the host's, mapped */
} VulkanMemory;
MienStatus mieni_vulkan_buffer_create(MieniDevice *device, size_t size_bytes, VulkanMemory memory,
                                      VulkanBuffer *buffer, MienError *error);
void mieni_vulkan_buffer_destroy(MieniDevice *device, VulkanBuffer *buffer);
/* True if the host can write what the device then reads at full speed. */
bool mieni_vulkan_memory_is_direct(const MieniDevice *device, VkPhysicalDeviceType type);
/* Fills a buffer of VULKAN_MEMORY_DEVICE, or a mapped one, and waits. */
MienStatus mieni_vulkan_buffer_fill(MieniDevice *device, VulkanBuffer *buffer, const void *data,
                                    size_t size_bytes, MienError *error);

/* pipeline.c */
MienStatus mieni_vulkan_pipelines_init(MieniDevice *device, MienError *error);
void mieni_vulkan_pipelines_finish(MieniDevice *device);
/* A pipeline of these constants; owner: the device. */
MienStatus mieni_vulkan_pipeline(MieniDevice *device, VulkanShader shader,
                                 const uint32_t constants[VULKAN_CONSTANTS], VkPipeline *pipeline,
                                 MienError *error);

/* cache.c: the pipeline cache, and its file in the user's cache folder. A file that is not what was
 * written is thrown away. */
MienStatus mieni_vulkan_cache_open(MieniDevice *device,
                                   const VkPhysicalDeviceProperties *properties, MienError *error);
void mieni_vulkan_cache_close(MieniDevice *device);

/* step.c: what a plan's operations become. Offsets of tensors are floats inside of a job. */
typedef struct VulkanTables {
    uint32_t *words; /* NULL: only counted */
    size_t n;
} VulkanTables;
typedef struct VulkanBuild {
    MieniDevicePlan *plan;
    const MieniPlan *from;
    const size_t *offsets; /* of tensors */
    const bool *is_half;   /* tensors */
    size_t refined_offset; /* of the points between refinement and decoder */
    const MieniOp *op;     /* whose steps are added */
    VulkanTables tables;
} VulkanBuild;
/* Adds the steps of one operation to plan->steps, if build->tables.words is set. */
MienStatus mieni_vulkan_add_steps(VulkanBuild *build, const MieniOp *op, MienError *error);

/* order.c: for each operation the last one of its group, in which none reads what another writes.
 */
void mieni_vulkan_group_ends(const MieniPlan *plan, int32_t *ends);
/* True if a step that follows the plan's last one may not run beside it and those before it. */
bool mieni_vulkan_must_wait(const MieniDevicePlan *plan, const VulkanStep *step);

/* half.c: which tensors hold halves where the device computes in half precision: those that only
 * convolutions and the like touch. What goes in, what comes out, and what decoders, refinement and
 * attention's points read stays as it is. */
void mieni_vulkan_choose_halves(const MieniPlan *plan, bool *is_half);
/* True for what makes a result: its weights stay in single precision, too. */
bool mieni_vulkan_is_head(const MieniPlan *plan, const MieniOp *op);

/* picture.c: sends the pictures of jobs that are not there yet, and writes the places of planes
 * into the jobs' parameters. Returns for how many of the n jobs there was room, at least one. */
MienStatus mieni_vulkan_pictures_send(MieniDevice *device, size_t n, const MieniJob *jobs,
                                      uint32_t *parameters, size_t *n_sent, MienError *error);
/* Gives back all but the imports. */
void mieni_vulkan_pictures_finish(MieniDevice *device);

/* import.c: see import_memory and release_memory of MieniBackend. */
MienStatus mieni_vulkan_import(MieniDevice *device, void *memory, size_t size_bytes,
                               MienError *error);
void mieni_vulkan_release(MieniDevice *device, const void *memory);
/* True if a picture lies in imported memory; sets where. */
bool mieni_vulkan_find_import(const MieniDevice *device, const MienImage *image,
                              VulkanPlace *place);

/* record.c: the command buffer for n jobs. */
MienStatus mieni_vulkan_record(MieniDevicePlan *plan, size_t n, MienError *error);
/* A barrier between everything of these stages. */
void mieni_vulkan_barrier(const MieniDevice *device, VkCommandBuffer command,
                          VkPipelineStageFlags from, VkAccessFlags written,
                          VkPipelineStageFlags until, VkAccessFlags read);

/* submit.c */
MienStatus mieni_vulkan_submissions_init(MieniDevice *device, MienError *error);
void mieni_vulkan_submissions_finish(MieniDevice *device);
/* Submits and waits. */
MienStatus mieni_vulkan_submit(MieniDevice *device, uint32_t n, const VkCommandBuffer *commands,
                               MienError *error);

/* plan.c, run.c */
MienStatus mieni_vulkan_plan_create(MieniDevice *device, const MieniPlan *from,
                                    MieniDevicePlan **out, MienError *error);
void mieni_vulkan_plan_destroy(MieniDevicePlan *plan);
MienStatus mieni_vulkan_plan_reserve(MieniDevicePlan *plan, size_t n, MienError *error);
MienStatus mieni_vulkan_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error);

/* time.c. Counts a run that is over, and its time where runs are timed. */
void mieni_vulkan_note_run(MieniDevicePlan *plan, size_t n, uint32_t n_pictures);
MienStatus mieni_vulkan_time(MieniDevice *device, int32_t repeats, MienError *error);
void mieni_vulkan_time_finish(MieniDevice *device);
MienStatus mieni_vulkan_peak(MieniDevice *device, double *macs_a_ms, MienError *error);

/* describe.c */
VulkanFeatures mieni_vulkan_features(const VulkanLoader *loader, VkPhysicalDevice device);
int32_t mieni_vulkan_count(void);
void mieni_vulkan_describe(int32_t index, MienDeviceInfo *info);
/* The family of the device's queue for compute, or -1. */
int32_t mieni_vulkan_compute_family(const VulkanLoader *loader, VkPhysicalDevice device);

#endif
