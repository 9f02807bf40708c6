/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 with the SHA extensions of x86. Source: Intel SDM volume 2B, SHA256RNDS2, SHA256MSG1 and
 * SHA256MSG2. The instructions want the state as two vectors, from the highest lane down A B E F
 * and C D G H. Two rounds make new A B E F out of C D G H, and the old one takes the place of
 * those.
 */
#include "cpu/sha256.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

/* Source: Intel SDM volume 2A, CPUID leaves 1 and 7. */
bool mieni_sha256_x86_runs(void)
{
    const uint32_t leaf1_wanted = UINT32_C(1) << 9     /* SSSE3 */
                                  | UINT32_C(1) << 19; /* SSE4.1 */
    const uint32_t leaf7_sha = UINT32_C(1) << 29;
    uint32_t a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & leaf1_wanted) == leaf1_wanted &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & leaf7_sha);
}

WITH_SHA static __m128i load(const void *from)
{
    return _mm_loadu_si128(from);
}

/* Rounds 4 * i to 4 * i + 3, whose words of the message are `now`. */
#define ROUNDS(i, now)                                                                             \
    do {                                                                                           \
        __m128i sum = _mm_add_epi32(now, load(mieni_sha256_constants + 4 * (i)));                  \
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                                             \
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));                    \
    } while (0)
/* Words 16 places behind those of m0, out of the last 16. */
#define NEXT(m0, m1, m2, m3)                                                                       \
    m0 = _mm_sha256msg2_epu32(                                                                     \
        _mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4)), m3)

WITH_SHA void mieni_sha256_x86_blocks(uint32_t state[8], const uint8_t *blocks, size_t n)
{
    /* Words are big-endian. */
    const __m128i order = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    __m128i badc = _mm_shuffle_epi32(load(state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1B);
    __m128i abef = _mm_alignr_epi8(badc, efgh, 8), cdgh = _mm_blend_epi16(efgh, badc, 0xF0);

    for (; n > 0; n--, blocks += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i m0 = _mm_shuffle_epi8(load(blocks), order);
        __m128i m1 = _mm_shuffle_epi8(load(blocks + 16), order);
        __m128i m2 = _mm_shuffle_epi8(load(blocks + 32), order);
        __m128i m3 = _mm_shuffle_epi8(load(blocks + 48), order);
        for (int i = 0; i < 16; i += 4) {
            ROUNDS(i, m0);
            ROUNDS(i + 1, m1);
            ROUNDS(i + 2, m2);
            ROUNDS(i + 3, m3);
            if (i == 12)
                break;
            NEXT(m0, m1, m2, m3);
            NEXT(m1, m2, m3, m0);
            NEXT(m2, m3, m0, m1);
            NEXT(m3, m0, m1, m2);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#else

bool mieni_sha256_x86_runs(void)
{
    return false;
}

void mieni_sha256_x86_blocks(uint32_t state[8], const uint8_t *blocks, size_t n)
{
    mieni_sha256_blocks(state, blocks, n);
}

#endif
