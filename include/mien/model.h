/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A model: the networks of one .tflite or .task file, checked and ready to be given to any number
 * of engines.
 *
 * MediaPipe's own files are used unchanged. `mien models fetch` gets them; mien_model_catalog()
 * names them.
 */
#ifndef MIEN_MODEL_H
#define MIEN_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A loaded model file. Immutable and reference counted; any thread may use it. */
typedef struct MienModel MienModel;

/** One file that mien knows: where it comes from and how to tell that it is the right one. */
typedef struct MienCatalogEntry {
    const char
        *name; /**< as in `--model`: "face_mesh", "face_mesh_attention", "face_detector_short", … */
    const char *file; /**< file name, such as "face_landmark.tflite" */
    uint64_t size_bytes;
    const char *sha256;  /**< 64 lower-case hexadecimal digits */
    const char *licence; /**< SPDX identifier */
    const char *url;     /**< official address */
    /** Path inside the official `mediapipe` wheel; NULL if it is not in there. */
    const char *wheel_path;
    const char *title; /**< one line for people */
    /** The wheel holds another edition of most files: the same network, other metadata. Both
     * editions are accepted. NULL and 0 where the file is not in the wheel. */
    const char *wheel_sha256;
    uint64_t wheel_size_bytes;
} MienCatalogEntry;

/** Returns the known model files in a fixed order. Threads: any thread. */
MIEN_API const MienCatalogEntry *mien_model_catalog(size_t *n_entries);

/** Returns the entry with this name or file name, or NULL; NULL for NULL. Threads: any thread. */
MIEN_API const MienCatalogEntry *mien_model_catalog_find(const char *name);

/**
 * Loads a model from a file of any name. The file is mapped into memory, checked, and must not
 * change while in use.
 *
 * @param path   A .tflite or .task file; told apart by content, not by name.
 * @param model  Set to NULL first; then returned, free with mien_model_destroy.
 * @param error  Filled on failure; may be NULL.
 * @return MIEN_OK, MIEN_E_ARGUMENT, MIEN_E_NOMEM,
 *         MIEN_E_IO: the file cannot be opened or read,
 *         MIEN_E_FORMAT: it is damaged; the text names the place,
 *         MIEN_E_UNSUPPORTED: a sound file with an operation or a shape that mien does not know;
 *         the text names it.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_model_load_file(const char *path, MienModel **model, MienError *error);

/**
 * Loads a model from memory.
 *
 * @param data  Owner: copied.
 *
 * Otherwise as mien_model_load_file.
 */
MIEN_API MienStatus mien_model_load_memory(const void *data, size_t size_bytes, MienModel **model,
                                           MienError *error);

/** Takes one more reference and returns `model`; each is given back with mien_model_destroy.
 * Threads: any thread. */
MIEN_API MienModel *mien_model_retain(MienModel *model);

/** Gives back a reference; the last one frees the model. NULL is fine. Threads: any thread. */
MIEN_API void mien_model_destroy(MienModel *model);

/** Returns the SHA-256 of the file as 64 hexadecimal digits. Owner: the model. Threads: any thread.
 */
MIEN_API const char *mien_model_sha256(const MienModel *model);

/** Returns the catalogue's name of this file, by its hash, or NULL for a file that is not in it.
 * Threads: any thread. */
MIEN_API const char *mien_model_name(const MienModel *model);

/** Returns the number of networks in the file: 1 for .tflite. Threads: any thread. */
MIEN_API size_t mien_model_n_networks(const MienModel *model);

/**
 * Returns the name of a network inside a bundle, such as "face_detector.tflite"; empty for a
 * .tflite file, NULL if there is no such network. Owner: the model. Threads: any thread.
 */
MIEN_API const char *mien_model_network_name(const MienModel *model, size_t network);

/**
 * Writes a report about one network as text: its layers, the blocks they were fused into,
 * multiply-adds, weight and activation bytes, one per line.
 *
 * @param write  Called with each line, without a newline; a non-zero return stops the report.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_model_inspect(const MienModel *model, size_t network,
                                       int (*write)(void *user, const char *line), void *user);

/**
 * Writes one network as an ONNX file (IR version 8, opset 17), for programs that read those.
 *
 * Inputs and outputs have the names, shapes and layout of the file (height, width, channels), with
 * a first dimension of any size N; weights are float32. docs/onnx.md tells more.
 *
 * @param write  Called with the parts of the file in order, once all of it is known to be sound; a
 *               non-zero return stops the export.
 * @param error  Filled on failure; may be NULL.
 * @return MIEN_OK, MIEN_E_ARGUMENT: a pointer is NULL or there is no such network; MIEN_E_NOMEM;
 *         MIEN_E_IO: `write` stopped it,
 *         MIEN_E_UNSUPPORTED: an operation cannot be expressed; the text names it.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_model_write_onnx(const MienModel *model, size_t network,
                                          int (*write)(void *user, const void *data,
                                                       size_t size_bytes),
                                          void *user, MienError *error);

#ifdef __cplusplus
}
#endif
#endif
