/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a fake machine that are no files: nodes.tsv and env.txt beside its root. */
#ifndef MIENI_DOCTOR_FAKE_H
#define MIENI_DOCTOR_FAKE_H

#include "doctor/machine.h"

typedef struct MieniFakeNodes {
    struct MieniFakeNode {
        char path[128];
        MieniNode node;
    } * items;
    size_t n;
} MieniFakeNodes;

typedef struct MieniFakeEnvironment {
    char **items; /* NAME=VALUE, ends with NULL */
    size_t n;
} MieniFakeEnvironment;

/* Reads both files; one that is missing is empty. */
MienStatus mieni_fake_read(const char *root, MieniFakeNodes *nodes,
                           MieniFakeEnvironment *environment);
void mieni_fake_free(MieniFakeNodes *nodes, MieniFakeEnvironment *environment);

/* 0, or ENOENT if the manifest does not have it. */
int mieni_fake_node(const MieniFakeNodes *nodes, const char *path, MieniNode *node);

#endif
