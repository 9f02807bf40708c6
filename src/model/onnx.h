/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as an ONNX file. Operations are translated one by one; constants are unpacked to f32,
 * and a border that only a convolution reads becomes that convolution's own.
 */
#ifndef MIENI_MODEL_ONNX_H
#define MIENI_MODEL_ONNX_H

#include "model/graph.h"
#include "model/protobuf.h"

/* What is told about where a network comes from; NULL where it is not known. */
typedef struct MieniOnnxSource {
    const char *name;    /* of the graph */
    const char *model;   /* the catalogue's name */
    const char *sha256;  /* of the file */
    const char *licence; /* SPDX identifier */
} MieniOnnxSource;

/*
 * Writes the file into `out`, which is zeroed; the caller frees it with mieni_protobuf_finish,
 * after a failure too.
 *
 * Returns MIEN_E_UNSUPPORTED for a network with an operation that has no translation, naming it.
 * Takes memory in proportion to the graph's file at most.
 */
MienStatus mieni_onnx_write(const MieniGraph *graph, const MieniOnnxSource *source,
                            MieniProtobuf *out, MienError *error);

#endif
