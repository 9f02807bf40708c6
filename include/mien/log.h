/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The log callback. The library never prints; whoever wants its log passes a function in the
 * engine's options.
 */
#ifndef MIEN_LOG_H
#define MIEN_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MienLogLevel {
    MIEN_LOG_NONE = 0,
    MIEN_LOG_ERROR = 1, /**< the call failed */
    MIEN_LOG_WARN = 2,  /**< it works, but not as asked */
    MIEN_LOG_INFO = 3,  /**< once per create: device, instruction set, path chosen */
    MIEN_LOG_DEBUG = 4, /**< once per decision */
    MIEN_LOG_TRACE = 5  /**< may fire for every frame */
} MienLogLevel;

/**
 * Receives one whole line, UTF-8, without a newline.
 *
 * May be called from worker threads; must not call back into the object that logs.
 *
 * @param area  Part of the library, such as "engine"; a static string.
 * @param line  Borrowed for the call.
 */
typedef void (*MienLogFn)(void *user, MienLogLevel level, const char *area, const char *line);

#ifdef __cplusplus
}
#endif
#endif
