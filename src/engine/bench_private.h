/* SPDX-License-Identifier: Apache-2.0 */
/* What the two measurements share. */
#ifndef MIENI_ENGINE_BENCH_PRIVATE_H
#define MIENI_ENGINE_BENCH_PRIVATE_H

#include "engine/engine_private.h"
#include "mien/bench.h"

#define MIENI_BENCH_MAX_BATCH 4096

double mieni_bench_now_ms(void);

/* MIEN_E_ARGUMENT if an option, a model or the number of a network is none. */
MienStatus mieni_bench_check(const MienBenchOptions *options, size_t n, MienModel *const *models,
                             const size_t *networks, MienError *error);

#endif
