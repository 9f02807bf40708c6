/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines from tables: one table of options per command gives the parser, the help text and
 * the suggestions for typing errors.
 */
#ifndef MIEN_TOOL_ARGS_H
#define MIEN_TOOL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exit.h"

typedef struct CliList {
    const char **items; /* pointers into argv */
    size_t n;
} CliList;

typedef enum CliType {
    CLI_FLAG,   /* bool */
    CLI_TEXT,   /* const char * */
    CLI_TEXTS,  /* CliList; the option may be repeated */
    CLI_INT,    /* int32_t, low..high */
    CLI_REAL,   /* double, low..high */
    CLI_CHOICE, /* int32_t: place in `choices` */
    CLI_HELP,   /* prints the help */
    CLI_VERSION /* prints the version */
} CliType;

typedef struct CliOption {
    const char *name; /* without the dashes */
    char letter;      /* or 0 */
    CliType type;
    size_t offset;          /* of the field in the command's values */
    const char *value_name; /* "FILE" */
    const char *help;
    double low, high;
    const char *const *choices; /* ends with NULL */
} CliOption;

typedef struct CliCommand {
    const char *name; /* "models fetch" */
    const char *summary;
    const char *usage;        /* what follows the name */
    const char *examples;     /* lines */
    const char *notes;        /* lines, or NULL */
    const CliOption *options; /* ends with a NULL name */
    size_t max_operands;      /* SIZE_MAX: any number */
    size_t min_operands;
    const char *operand_name; /* for messages: "INPUT" */
} CliCommand;

/* What every command understands; the first field of its values. */
typedef struct CliCommon {
    int32_t color; /* CliColor */
    bool quiet, verbose;
} CliCommon;

/* clang-format off */
#define CLI_COMMON_OPTIONS(type, field) \
    {"color", 0, CLI_CHOICE, offsetof(type, field) + offsetof(CliCommon, color), "WHEN", \
     "colours in messages and tables (default auto; NO_COLOR is respected)", 0, 0, cli_color_names}, \
    {"quiet", 'q', CLI_FLAG, offsetof(type, field) + offsetof(CliCommon, quiet), NULL, \
     "only errors and warnings on standard error", 0, 0, NULL}, \
    {"verbose", 'v', CLI_FLAG, offsetof(type, field) + offsetof(CliCommon, verbose), NULL, \
     "say which models, devices and files are used", 0, 0, NULL}, \
    {"help", 'h', CLI_HELP, 0, NULL, "show this help", 0, 0, NULL}, \
    {"version", 'V', CLI_VERSION, 0, NULL, "show the version", 0, 0, NULL}, \
    {NULL, 0, CLI_FLAG, 0, NULL, NULL, 0, 0, NULL}
/* clang-format on */

extern const char *const cli_color_names[];

/* In the order of MienPrecision. */
extern const char *const cli_precision_names[];

/* cli_args_parse: everything is done, leave with 0. */
#define CLI_ARGS_DONE (-1)

/*
 * Parses argv[1..] (argv[0] is the command's own name), fills `values`, and leaves what is no
 * option in `operands`, which point into argv. Applies the common options at `common`. Returns
 * CLI_OK, CLI_ARGS_DONE after help and version, or CLI_USAGE after a message.
 */
int cli_args_parse(const CliCommand *command, int argc, char **argv, void *values,
                   CliCommon *common, CliList *operands);

/* Frees what CLI_TEXTS options and operands took. */
void cli_list_free(CliList *list);

/* Returns the entry of `names` (ends with NULL) that was probably meant, or NULL. */
const char *cli_did_you_mean(const char *text, const char *const *names);

void cli_print_help(const CliCommand *command);
void cli_print_version(void);

#endif
