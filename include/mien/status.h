/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What every fallible call returns, and the text that goes with it.
 *
 * A call either succeeds (MIEN_OK) or changes nothing and returns a negative status. There is no
 * global error state. Calls that create an object take an optional MienError for the detail;
 * objects keep the text of their last failure.
 */
#ifndef MIEN_STATUS_H
#define MIEN_STATUS_H

#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** name, value, text */
#define MIEN_STATUS_LIST(X)                                                                        \
    X(OK, 0, "success")                                                                            \
    X(E_ARGUMENT, -1, "an argument is not valid")                                                  \
    X(E_NOMEM, -2, "out of memory")                                                                \
    X(E_IO, -3, "a file cannot be read or written")                                                \
    X(E_FORMAT, -4, "the data is damaged or not of the expected format")                           \
    X(E_UNSUPPORTED, -5, "the data is valid but asks for something that is not supported")         \
    X(E_DEVICE, -6, "the device cannot be used or has failed")                                     \
    X(E_BUSY, -7, "the object is in use")                                                          \
    X(E_INTERNAL, -8, "internal error")

typedef enum MienStatus {
#define MIEN_STATUS_ENUM(name, value, text) MIEN_##name = value,
    MIEN_STATUS_LIST(MIEN_STATUS_ENUM)
#undef MIEN_STATUS_ENUM
} MienStatus;

/** Detail of a failure, filled by the callee. Owner: caller. A call that succeeds leaves it
 * untouched. */
typedef struct MienError {
    MienStatus status;
    char reason[48]; /**< stable reason code for programs, such as "model-truncated"; empty if there
                        is none */
    char text[464];  /**< one line for people, UTF-8, no newline: what failed, where, and what to do
                        next */
} MienError;

/** Returns the name of a status, like "MIEN_E_FORMAT"; "MIEN_E_?" for an unknown value. Threads:
 * any thread. */
MIEN_API const char *mien_status_name(MienStatus status);

/** Returns a sentence about a status in English. Threads: any thread. */
MIEN_API const char *mien_status_text(MienStatus status);

#ifdef __cplusplus
}
#endif
#endif
