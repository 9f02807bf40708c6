/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the lines of another program's log say about the GPU, and what a cause is.
 *
 * A log reader takes a log of any size in pieces, recognises the lines that are known to mean
 * something (MediaPipe, TFLite, TensorFlow, OpenCV, ONNX Runtime, PyTorch, CUDA, NVML, Vulkan,
 * Docker, the kernel), and says what each means, what it does not mean, and which cause it points
 * to.
 *
 * @code
 *     MienLogReader *reader;
 *     mien_log_reader_create(&reader);
 *     while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
 *         mien_log_reader_feed(reader, piece, n);
 *     const MienLogReport *report = mien_log_reader_finish(reader);
 *     for (size_t i = 0; i < report->n_lines; i++)
 *         printf("%s: %s\n", report->lines[i].text, report->lines[i].meaning);
 *     printf("%s\n", report->summary);
 *     mien_log_reader_destroy(reader);
 * @endcode
 */
#ifndef MIEN_EXPLAIN_H
#define MIEN_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How bad a cause is. */
typedef enum MienSeverity {
    MIEN_SEVERITY_FATAL = 0,     /**< the GPU cannot be used until it is mended */
    MIEN_SEVERITY_DEGRADING = 1, /**< it works, but slower or not wholly */
    MIEN_SEVERITY_INFO = 2       /**< worth knowing, nothing to mend */
} MienSeverity;

/** A reason why a GPU is not used, or slower than it could be. Texts: static, UTF-8. */
typedef struct MienCause {
    const char *id; /**< stable, such as "jetson-video-group"; MienError's reason is one of these */
    int32_t stage;  /**< 1..12, the order in which causes hide one another */
    MienSeverity severity;
    const char *title; /**< one line: what is wrong */
    const char *why;   /**< one paragraph: how it comes about, how one tells */
    const char *fix;   /**< commands and steps, a line each */
} MienCause;

/**
 * Describes the cause of this id.
 *
 * @return MIEN_OK, or MIEN_E_ARGUMENT if there is none: nothing was changed.
 * Threads: any thread.
 */
MIEN_API MienStatus mien_cause_find(const char *id, MienCause *cause);

/** A known line, however often it is in the log. */
typedef struct MienLogLine {
    const char *key;     /**< stable name of the line, such as "xnnpack-delegate" */
    uint64_t first_line; /**< number of the first such line, from 1 */
    uint64_t count;      /**< how many there are */
    const char *text;    /**< the first one, printable ASCII, cut */
    const char *meaning; /**< what it says */
    const char *caution; /**< what it does not say; NULL: nothing to add */
    const char *cause;   /**< id of the cause that it points to; NULL: none, or none in this log */
} MienLogLine;

/** What a log says. */
typedef struct MienLogReport {
    uint64_t n_lines_read;
    size_t n_lines;           /**< known lines */
    const MienLogLine *lines; /**< in order of first appearance */
    size_t n_causes;
    const char *const *causes; /**< ids, the one to mend first in front; none of severity info */
    const char *summary;       /**< a sentence or two */
} MienLogReport;

typedef struct MienLogReader MienLogReader;

/**
 * Creates a reader that has read nothing yet.
 *
 * @param reader  Owner: returned, free with mien_log_reader_destroy. NULL on failure.
 * @return MIEN_OK, MIEN_E_ARGUMENT or MIEN_E_NOMEM.
 * Threads: any thread.
 */
MIEN_API MienStatus mien_log_reader_create(MienLogReader **reader);

/**
 * Reads the next piece of the log. Any bytes will do; of a line the first 64 KiB count, and a log
 * in UTF-16, as PowerShell writes it, is read as well.
 *
 * @param data  Owner: borrowed for the call.
 * Threads: one thread at a time per reader.
 */
MIEN_API void mien_log_reader_feed(MienLogReader *reader, const void *data, size_t size_bytes);

/**
 * Ends the last line and sums up. Feeding again afterwards continues the log.
 *
 * @return Owner: borrowed until the next call with this reader.
 * Threads: one thread at a time per reader.
 */
MIEN_API const MienLogReport *mien_log_reader_finish(MienLogReader *reader);

/** Frees a reader; NULL is fine. */
MIEN_API void mien_log_reader_destroy(MienLogReader *reader);

#ifdef __cplusplus
}
#endif
#endif
