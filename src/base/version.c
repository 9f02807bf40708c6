/* SPDX-License-Identifier: Apache-2.0 */
#include "mien/version.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "an unknown compiler"
#endif

#if defined(MIENI_HAVE_CUDA)
#define CUDA ", cuda"
#else
#define CUDA ""
#endif

#if defined(MIENI_HAVE_VULKAN)
#define VULKAN ", vulkan"
#else
#define VULKAN ""
#endif

#if defined(MIENI_HAVE_AVX512)
#define KERNELS "ref avx2 avx512"
#elif defined(MIENI_HAVE_AVX2)
#define KERNELS "ref avx2"
#elif defined(MIENI_HAVE_NEON_FP16)
#define KERNELS "ref neon neon-fp16"
#elif defined(MIENI_HAVE_NEON)
#define KERNELS "ref neon"
#else
#define KERNELS "ref"
#endif

const char *mien_version(void)
{
    return TEXT(MIEN_VERSION_MAJOR) "." TEXT(MIEN_VERSION_MINOR) "." TEXT(MIEN_VERSION_PATCH);
}

int mien_api_version(void)
{
    return MIEN_API_VERSION;
}

const char *mien_build_info(void)
{
    return "back ends: cpu" CUDA VULKAN "; CPU kernels: " KERNELS "; built with " COMPILER;
}
