/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Whether somebody else's Python installation can use a GPU at all.
 *
 * MediaPipe (legacy API and Task API), TensorFlow, OpenCV, ONNX Runtime, PyTorch and TFLite are
 * judged by their files: metadata, needed libraries, texts in binaries. Nothing is imported or run,
 * and it does not matter whether this machine has a GPU; but where there is a GPU that a PyTorch
 * has no code for, its verdict says so. For that mien-probe asks CUDA's driver, within three
 * seconds.
 *
 * @code
 *     MienInstall *install;
 *     if (mien_install_create("venv", NULL, &install, &error) == MIEN_OK) {
 *         size_t n;
 *         const MienInstallVerdict *verdicts = mien_install_verdicts(install, &n);
 *         for (size_t i = 0; i < n; i++)
 *             printf("%s: %s\n", verdicts[i].subject, verdicts[i].cause ? verdicts[i].cause :
 * "ok");
 *     }
 *     mien_install_destroy(install);
 * @endcode
 */
#ifndef MIEN_INSTALL_H
#define MIEN_INSTALL_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MienAnswer {
    MIEN_ANSWER_UNKNOWN = 0, /**< the files do not tell */
    MIEN_ANSWER_NO = 1,
    MIEN_ANSWER_YES = 2 /**< nothing in the files speaks against it */
} MienAnswer;

/** Something that was read, and what it said: "absent" if it is not there. */
typedef struct MienInstallFact {
    const char *probe; /**< "M02.gpu_build"; docs/doctor.md lists the probes */
    const char *value;
} MienInstallFact;

/** What one of the things that are installed can do. */
typedef struct MienInstallVerdict {
    const char *subject; /**< "MediaPipe's Task API" */
    MienAnswer can_use_gpu;
    const char *cause;               /**< id for mien_cause_find, or NULL */
    const MienInstallFact *evidence; /**< what the verdict rests on */
    size_t n_evidence;
} MienInstallVerdict;

typedef struct MienInstall MienInstall;

/**
 * Looks into an installation.
 *
 * @param path     A virtual environment or prefix, a python executable, or a site-packages folder.
 * @param script   A script that uses it, to see what it asks MediaPipe for; NULL: none.
 * @param install  Set to what was found, NULL on failure. Owner: returned, free with
 *                 mien_install_destroy.
 * @return MIEN_OK, whatever is installed.
 *         MIEN_E_ARGUMENT: path or install is NULL.
 *         MIEN_E_IO: path or script cannot be read.
 *         MIEN_E_FORMAT: there is no Python at path.
 *         MIEN_E_NOMEM.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_install_create(const char *path, const char *script, MienInstall **install,
                                        MienError *error);

/**
 * Returns one verdict for each way to compute that is installed.
 *
 * @param n  Set to their number. Owner of the array: borrowed until destroy.
 * Threads: any thread.
 */
MIEN_API const MienInstallVerdict *mien_install_verdicts(const MienInstall *install, size_t *n);

/**
 * Returns everything that was read, in order of name.
 *
 * @param n  Set to their number. Owner of the array: borrowed until destroy.
 * Threads: any thread.
 */
MIEN_API const MienInstallFact *mien_install_facts(const MienInstall *install, size_t *n);

/** Frees what was found; NULL is fine. */
MIEN_API void mien_install_destroy(MienInstall *install);

#ifdef __cplusplus
}
#endif
#endif
