/* SPDX-License-Identifier: Apache-2.0 */
/* Getting model files from where they are published, through curl and pip: mien itself has no
 * network code. */
#ifndef MIEN_TOOL_FETCH_H
#define MIEN_TOOL_FETCH_H

#include "exit.h"
#include "store.h"

/* Puts verified files of all entries into the store's fetch folder; what is there already stays.
 * Does as many as it can. Returns CLI_OK, or CLI_MODEL or CLI_OUTPUT after messages. */
CliExit cli_fetch(const CliStore *store, const MienCatalogEntry *const *entries, size_t n_entries);

#endif
