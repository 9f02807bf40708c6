/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody else's Python installation: which frameworks it has, and whether they can use a GPU at
 * all. Everything is read as files; nothing is imported or run. Files may be anything: what is read
 * of each is bounded.
 *
 * Facts, by the catalogue's probes (yes and no as words):
 *   M01.site.N, M01.python, M01.version, M01.tag.N              MediaPipe and where it was found
 *   M02.library, .machine, .needs_egl, .disabled_text, .gpu_build (yes, no, unclear)
 *   M03.legacy, M03.gpu_graph                                   mp.solutions; graphs of other
 * builds M04.solutions, .delegate_gpu, .model_selection              of the user's script, if one
 * is read M05.PACKAGE.version, M05.is_cuda_build, .cuda_version, .cudnn_version, .missing.LIBRARY
 *   M06.PACKAGE.version, M06.library, M06.cuda (yes, no)        OpenCV
 *   M07.PACKAGE.version, M07.provider_cuda, M07.missing.LIBRARY ONNX Runtime
 *   M08.version, M08.cuda (None or a version), M08.sm ("50 80 90")
 *   M09.PACKAGE.version, M09.delegate                           TFLite
 *   M10.libnvinfer.N                                            TensorRT, by file name
 */
#ifndef MIENI_DOCTOR_INSTALL_H
#define MIENI_DOCTOR_INSTALL_H

#include "doctor/facts.h"

/*
 * Looks into the installation at `path`: a virtual environment or prefix, a Python executable, or a
 * site-packages folder. MIEN_E_IO if it cannot be read, MIEN_E_FORMAT if no Python is there.
 */
MienStatus mieni_install_inspect(const char *path, MieniFacts *facts, MienError *error);

/* Looks what a script asks MediaPipe for (M04). */
MienStatus mieni_install_read_script(const char *path, MieniFacts *facts, MienError *error);

typedef enum MieniAnswer { MIENI_ANSWER_UNKNOWN, MIENI_ANSWER_NO, MIENI_ANSWER_YES } MieniAnswer;

#define MIENI_VERDICT_EVIDENCE 4

/* Whether one thing that is installed can use the GPU, as far as its files tell. */
typedef struct MieniVerdict {
    const char *subject;     /* "MediaPipe's legacy API (mp.solutions)" */
    MieniAnswer can_use_gpu; /* YES: nothing in the files speaks against it */
    const char *cause;       /* id in the catalogue, or NULL */
    const MieniFact *evidence[MIENI_VERDICT_EVIDENCE];
    size_t n_evidence;
} MieniVerdict;

#define MIENI_MAX_VERDICTS 16

/* Judges the facts; P01.machine counts, too, where it is known. Returns how many verdicts there
 * are, in the order of the list above; they point into `facts`. */
size_t mieni_install_judge(const MieniFacts *facts, MieniVerdict verdicts[MIENI_MAX_VERDICTS]);

#endif
