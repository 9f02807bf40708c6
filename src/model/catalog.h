/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue, looked up by content. */
#ifndef MIENI_MODEL_CATALOG_H
#define MIENI_MODEL_CATALOG_H

#include "mien/model.h"

/* Returns the entry that has this SHA-256 (64 lower-case digits) in either edition, or NULL. */
const MienCatalogEntry *mieni_catalog_find_sha256(const char *sha256);

#endif
