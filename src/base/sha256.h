/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256. Source: FIPS 180-4, section 6.2. */
#ifndef MIENI_BASE_SHA256_H
#define MIENI_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* Writes the hash of a block as 64 lower-case hexadecimal digits and a NUL. */
void mieni_sha256_hex(const void *data, size_t size_bytes, char hex[65]);

#endif
