/* SPDX-License-Identifier: Apache-2.0 */
/* Where model files are looked for, and whether they are what they should be. */
#ifndef MIEN_TOOL_STORE_H
#define MIEN_TOOL_STORE_H

#include <stdbool.h>

#include "exit.h"
#include "mien/model.h"

#define CLI_STORE_MAX_FOLDERS 16

typedef struct CliStore {
    char *folders[CLI_STORE_MAX_FOLDERS]; /* in the order of look-up */
    int n_folders;
    char *fetch_folder; /* where fetched files go */
} CliStore;

typedef enum CliModelState {
    CLI_MODEL_MISSING,
    CLI_MODEL_GOOD,  /* the official file */
    CLI_MODEL_WHEEL, /* the wheel's edition of it: just as good */
    CLI_MODEL_WRONG, /* another hash */
    CLI_MODEL_UNREADABLE
} CliModelState;

/* `model_dir`: --model-dir, or NULL for MIEN_MODEL_DIR. */
CliExit cli_store_open(CliStore *store, const char *model_dir);

/* Returns the path of the first folder's file, to be freed, or NULL if none has it. */
char *cli_store_find(const CliStore *store, const MienCatalogEntry *entry);

/* Hashes a file and compares it with the catalogue. `sha256` (65 bytes) may be NULL. */
CliModelState cli_store_check(const char *path, const MienCatalogEntry *entry, char *sha256);

/* Tells which edition of the entry has this hash. */
CliModelState cli_store_edition(const MienCatalogEntry *entry, const char *sha256);

/* The word that lists and reports use. */
const char *cli_model_state_name(CliModelState state);

/*
 * Loads the model of a catalogue entry. A file with the wrong hash is refused, whatever is in it.
 * Says what is wrong and returns CLI_MODEL.
 */
CliExit cli_store_load(const CliStore *store, const MienCatalogEntry *entry, MienModel **model,
                       char **path);

void cli_store_close(CliStore *store);

/* FOLDER/NAME, to be freed, or NULL if there is no memory. */
char *cli_join(const char *folder, const char *name);

#endif
