/* SPDX-License-Identifier: Apache-2.0 */
/* `mien models export`: networks as ONNX files. */
#ifndef MIEN_TOOL_EXPORT_H
#define MIEN_TOOL_EXPORT_H

#include "exit.h"
#include "mien/model.h"

typedef struct CliExport {
    const char *file;    /* where the model was read */
    const char *onnx;    /* a file, "-", or a folder: one that is there, or ends with a slash */
    const char *network; /* of a bundle, with or without ".tflite"; NULL: all, or the only one */
} CliExport;

/* Writes the networks that were asked for: all of them or none. Says what is wrong. */
CliExit cli_export(const MienModel *model, const CliExport *wanted);

#endif
