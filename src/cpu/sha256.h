/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256. Source: FIPS 180-4, section 6.2. */
#ifndef MIENI_CPU_SHA256_H
#define MIENI_CPU_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the hash of a block as 64 lower-case hexadecimal digits and a NUL. Models are hashed
 * whenever a program starts: by the processor's own instructions where it has them. */
void mieni_sha256_hex(const void *data, size_t size_bytes, char hex[65]);

/* The two ways of n blocks of 64 bytes into a state; for tests. The second only where
 * mieni_sha256_x86_runs(). */
void mieni_sha256_blocks(uint32_t state[8], const uint8_t *blocks, size_t n);
void mieni_sha256_x86_blocks(uint32_t state[8], const uint8_t *blocks, size_t n);
bool mieni_sha256_x86_runs(void);

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. Source: FIPS
 * 180-4, 4.2.2. */
extern const uint32_t mieni_sha256_constants[64];

#endif
