/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Why a GPU is not used, and what to do about it.
 *
 * A doctor looks at the machine once: files, device nodes, the environment, and the drivers, which
 * a helper program (mien-probe, beside the library) loads, so that one that hangs or crashes does
 * no harm. It gives one verdict for each stack, as they can each work or not whatever the others
 * do, and findings with their evidence and the commands that mend them. It changes nothing and
 * opens no socket.
 *
 * @code
 *     MienDoctor *doctor;
 *     if (mien_doctor_create(NULL, &doctor, &error) == MIEN_OK) {
 *         const MienVerdict *verdict = mien_doctor_verdict(doctor, MIEN_STACK_CUDA);
 *         if (verdict->state == MIEN_VERDICT_BROKEN)
 *             printf("%s\n", verdict->summary);
 *         mien_doctor_write_text(doctor, write_to_stdout, NULL);
 *     }
 *     mien_doctor_destroy(doctor);
 * @endcode
 */
#ifndef MIEN_DOCTOR_H
#define MIEN_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include "explain.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a program can reach a GPU through. */
typedef enum MienStack {
    MIEN_STACK_CUDA = 0,
    MIEN_STACK_VULKAN = 1,
    MIEN_STACK_EGL = 2 /**< OpenGL ES, which MediaPipe uses */
} MienStack;

typedef struct MienDoctorOptions {
    size_t struct_size;
    const char *helper;     /**< path of mien-probe; copied (default NULL: beside the library) */
    int32_t timeout_ms;     /**< for the drivers to answer, 1..60000 (default 3000) */
    const char *root;       /**< for tests: folder that stands for a machine's files, with nodes.tsv
                               and env.txt beside it; copied (default NULL: this machine) */
    const char *no_rules;   /**< for tests: rules that are not asked, such as "R200,R305"; copied
                               (default NULL) */
    const char *device;     /**< asks about this device, too: "cuda", "cuda:1", "cuda:GPU-...",
                               "vulkan:0", "gpu"; borrowed for the call (default NULL) */
    int32_t for_containers; /**< not 0: looks also whether this host can hand its GPUs to Docker's
                               containers (default 0) */
} MienDoctorOptions;

/** Something that was read, and what it said: "absent" if it is not there, the name of the error if
 * it could not be read. */
typedef struct MienEvidence {
    const char *probe; /**< "D01./dev/nvidiactl.open"; docs/doctor.md lists the probes */
    const char *value;
} MienEvidence;

typedef struct MienFinding {
    const char *id;   /**< of the cause; mien_cause_find tells more */
    const char *rule; /**< by which it was found, such as "R200" */
    MienSeverity severity;
    int32_t stage;
    uint32_t stacks; /**< 1 << MienStack of each stack that does not work because of it */
    const char *title;
    const MienEvidence *evidence;
    size_t n_evidence;
    const char *const *fix; /**< commands and steps for this machine's distribution */
    size_t n_fix;
    const char *explained_by; /**< id of an earlier finding that this follows from, or NULL */
} MienFinding;

typedef enum MienVerdictState {
    MIEN_VERDICT_UNKNOWN, /**< nothing could be asked */
    MIEN_VERDICT_WORKS,   /**< a GPU did what it should */
    MIEN_VERDICT_BROKEN
} MienVerdictState;

typedef struct MienVerdict {
    MienVerdictState state;
    const char *cause;   /**< id of the finding to mend first, or NULL */
    const char *summary; /**< one line: the GPU's name, or what is wrong */
} MienVerdict;

typedef enum MienSmokeState {
    MIEN_SMOKE_PASSED,
    MIEN_SMOKE_FAILED,
    MIEN_SMOKE_SKIPPED /**< it cannot be used, or computes on the CPU and was not named */
} MienSmokeState;

/** A run of a small network on one of mien's devices. */
typedef struct MienSmoke {
    const char *device; /**< "cuda:0"; a back end without devices is "cuda" */
    const char *name;   /**< as the device calls itself, or NULL */
    int software;       /**< it computes on the CPU */
    MienSmokeState state;
    const char *reason; /**< id of the cause if it did not pass, or NULL */
    const char *text;   /**< a line about that, or NULL */
    double first_ms;    /**< to open it and run once; NaN: not known, here and below */
    double run_ms;      /**< of a later run, the shortest of ten */
    double difference;  /**< largest, from the CPU's reference kernels; outputs are about 1 */
} MienSmoke;

typedef struct MienDoctor MienDoctor;

/**
 * Receives text of a report, UTF-8, in pieces.
 *
 * @return 0, or anything else to stop.
 */
typedef int (*MienWriteFn)(void *user, const char *text, size_t n);

/** Sets the defaults. Threads: any thread. */
MIEN_API void mien_doctor_options_init(MienDoctorOptions *options);

/**
 * Examines the machine.
 *
 * Takes about a second, and at most twice the timeout and a second more.
 *
 * @param options  NULL: the defaults. Owner: borrowed for the call.
 * @param doctor   Set to the doctor, or NULL. Owner: returned, free with mien_doctor_destroy.
 * @return MIEN_OK, whatever is wrong with the machine.
 *         MIEN_E_ARGUMENT: doctor is NULL, an option is out of range, or no device is called so.
 *         MIEN_E_NOMEM.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_doctor_create(const MienDoctorOptions *options, MienDoctor **doctor,
                                       MienError *error);

/** Returns what is the matter with a stack, NULL for no stack. Owner: borrowed until destroy.
 * Threads: any thread. */
MIEN_API const MienVerdict *mien_doctor_verdict(const MienDoctor *doctor, MienStack stack);

/**
 * Returns what is the matter with the device that the options named; NULL if they named none.
 *
 * It works if it did what it should when it was tested. If not, its cause is that of the first
 * finding. `gpu` works if any GPU does, `cpu` and `auto` always.
 *
 * Owner: borrowed until destroy. Threads: any thread.
 */
MIEN_API const MienVerdict *mien_doctor_device(const MienDoctor *doctor);

/**
 * Returns the runs of a small network, one for each device that this build of mien knows.
 *
 * Hardware is run, and the CPU; a device that computes on the CPU under another name only if the
 * options named it.
 *
 * @param n  Set to their number. Owner of the array: borrowed until destroy.
 * Threads: any thread.
 */
MIEN_API const MienSmoke *mien_doctor_smoke(const MienDoctor *doctor, size_t *n);

/**
 * Returns the findings, what is to be mended first at the front.
 *
 * @param n  Set to their number. Owner of the array: borrowed until destroy.
 * Threads: any thread.
 */
MIEN_API const MienFinding *mien_doctor_findings(const MienDoctor *doctor, size_t *n);

/**
 * Writes the report for people.
 *
 * @return MIEN_OK. MIEN_E_IO: `write` stopped it. MIEN_E_ARGUMENT: a pointer is NULL.
 * Threads: any thread.
 */
MIEN_API MienStatus mien_doctor_write_text(const MienDoctor *doctor, MienWriteFn write, void *user);

/**
 * Writes the report as one JSON object of the schema mien.doctor/1.
 *
 * @param with_facts  Not 0: also everything that was read, for a report of a fault.
 * @return MIEN_OK. MIEN_E_IO: `write` stopped it. MIEN_E_ARGUMENT: a pointer is NULL.
 * Threads: any thread.
 */
MIEN_API MienStatus mien_doctor_write_json(const MienDoctor *doctor, int with_facts,
                                           MienWriteFn write, void *user);

/** Frees a doctor and all that it gave. NULL is fine. */
MIEN_API void mien_doctor_destroy(MienDoctor *doctor);

#ifdef __cplusplus
}
#endif
#endif
