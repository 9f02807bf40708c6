/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Versions of the library: the release, the API number, and what this build contains.
 */
#ifndef MIEN_VERSION_H
#define MIEN_VERSION_H

/** Marks what the shared library exports; everything else is hidden. */
#if defined(_WIN32)
#define MIEN_API
#else
#define MIEN_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MIEN_VERSION_MAJOR 0
#define MIEN_VERSION_MINOR 1
#define MIEN_VERSION_PATCH 0

/** Rises by one with every change of the public headers that a caller could notice. */
#define MIEN_API_VERSION 5

/** Returns the release of the library that is loaded, like "0.1.0". Threads: any thread. */
MIEN_API const char *mien_version(void);

/** Returns MIEN_API_VERSION of the library that is loaded. Threads: any thread. */
MIEN_API int mien_api_version(void);

/** Returns one line about the build: compiler, back ends, instruction sets. Threads: any thread. */
MIEN_API const char *mien_build_info(void);

#ifdef __cplusplus
}
#endif
#endif
