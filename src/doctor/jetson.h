/* SPDX-License-Identifier: Apache-2.0 */
/* What runs on which Jetson: the compatibility tables, as data in jetson.c. */
#ifndef MIENI_DOCTOR_JETSON_H
#define MIENI_DOCTOR_JETSON_H

#include "base/base.h"

typedef struct MieniJetsonBoard {
    const char *soc; /* "tegra234" */
    const char *boards;
    const char *capability;      /* of CUDA: "8.7" */
    int32_t first_l4t, last_l4t; /* major releases that support it */
    int64_t slowest_module_hz;   /* highest GPU clock of its slowest module */
} MieniJetsonBoard;

/* The board of a system on chip, or NULL. */
const MieniJetsonBoard *mieni_jetson_board(const char *soc);

/* Whether the CUDA upgrade package of version "12.8" is for this L4T release. */
bool mieni_jetson_upgrade_allowed(const char *l4t, const char *cuda);

/* Whether a container image made for one L4T release runs on a host of another. */
bool mieni_jetson_image_runs(const char *host, const char *image);

/* "6.2.1" for "36.4.4", or NULL. */
const char *mieni_jetson_jetpack(const char *l4t);

#endif
