/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "mien/version.h"

#define MAX_OPTIONS 40
#define FIRST_VALUE 256 /* getopt_long's value of option 0; below are letters */

const char *const cli_color_names[] = {"auto", "always", "never", NULL};

const char *const cli_precision_names[] = {"fp32", "fp16", "auto", NULL};

/* Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`; large for long texts.
 * Source: F. J. Damerau, "A technique for computer detection and correction of spelling errors",
 * CACM 7(3), 1964, in the form that never edits a swapped pair again. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX = 40 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= MAX || m >= MAX)
        return MAX;
    size_t d[MAX + 1][MAX + 1];
    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[n][m];
}

const char *cli_did_you_mean(const char *text, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = 1 + (strlen(text) > 3 ? 2 : 1);
    for (; *names; names++) {
        size_t distance = edit_distance(text, *names);
        if (distance < best_distance) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}

static CliExit unknown_option(const CliCommand *command, const char *given)
{
    if (given[0] != '-' || given[1] != '-')
        return cli_fail(CLI_USAGE, "%s: unknown option %s; see mien %s --help", command->name,
                        given, command->name);
    char name[80];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(given + 2, "="), given + 2);
    const char *names[MAX_OPTIONS + 1];
    size_t n = 0;
    for (const CliOption *option = command->options; option->name; option++)
        names[n++] = option->name;
    names[n] = NULL;
    const char *meant = cli_did_you_mean(name, names);
    if (meant)
        return cli_fail(CLI_USAGE, "%s: unknown option --%s; did you mean --%s?", command->name,
                        name, meant);
    return cli_fail(CLI_USAGE, "%s: unknown option --%s; see mien %s --help", command->name, name,
                    command->name);
}

/* Digits, sign, point and exponent only: no hexadecimal, no "nan", no blanks. */
static bool parse_number(const char *text, double *value)
{
    if (!*text || text[strspn(text, "0123456789+-.eE")])
        return false;
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    return !*end && errno == 0;
}

static CliExit set_number(const CliCommand *command, const CliOption *option, const char *text,
                          void *field)
{
    double value;
    bool good = parse_number(text, &value) && value >= option->low && value <= option->high;
    if (option->type == CLI_INT) {
        if (!good || value != (double)(int32_t)value)
            return cli_fail(CLI_USAGE, "%s: --%s %s: must be a whole number from %.0f to %.0f",
                            command->name, option->name, text, option->low, option->high);
        *(int32_t *)field = (int32_t)value;
        return CLI_OK;
    }
    if (!good)
        return cli_fail(CLI_USAGE, "%s: --%s %s: must be a number from %g to %g", command->name,
                        option->name, text, option->low, option->high);
    *(double *)field = value;
    return CLI_OK;
}

static CliExit set_choice(const CliCommand *command, const CliOption *option, const char *text,
                          int32_t *field)
{
    char list[256] = "";
    for (int32_t i = 0; option->choices[i]; i++) {
        if (!strcmp(option->choices[i], text)) {
            *field = i;
            return CLI_OK;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", option->choices[i]);
    }
    const char *meant = cli_did_you_mean(text, option->choices);
    if (meant)
        return cli_fail(CLI_USAGE, "%s: --%s %s: did you mean %s? (one of %s)", command->name,
                        option->name, text, meant, list);
    return cli_fail(CLI_USAGE, "%s: --%s %s: must be one of %s", command->name, option->name, text,
                    list);
}

static CliExit list_add(CliList *list, size_t capacity, const char *text)
{
    if (!list->items)
        list->items = malloc(capacity * sizeof(*list->items));
    if (!list->items)
        return cli_fail(CLI_INTERNAL, "out of memory");
    list->items[list->n++] = text;
    return CLI_OK;
}

void cli_list_free(CliList *list)
{
    free(list->items);
    list->items = NULL;
    list->n = 0;
}

static int set_option(const CliCommand *command, const CliOption *option, const char *text,
                      void *values, int argc)
{
    void *field = (char *)values + option->offset;
    switch (option->type) {
    case CLI_FLAG:
        *(bool *)field = true;
        return CLI_OK;
    case CLI_TEXT:
        *(const char **)field = text;
        return CLI_OK;
    case CLI_TEXTS:
        return (int)list_add(field, (size_t)argc, text);
    case CLI_INT:
    case CLI_REAL:
        return (int)set_number(command, option, text, field);
    case CLI_CHOICE:
        return (int)set_choice(command, option, text, field);
    case CLI_HELP:
        cli_print_help(command);
        return CLI_ARGS_DONE;
    case CLI_VERSION:
        cli_print_version();
        return CLI_ARGS_DONE;
    }
    return CLI_INTERNAL;
}

static bool takes_value(const CliOption *option)
{
    return option->type == CLI_TEXT || option->type == CLI_TEXTS || option->type == CLI_INT ||
           option->type == CLI_REAL || option->type == CLI_CHOICE;
}

/* getopt_long's two views of the table. The leading colon tells a missing value from an unknown
 * option. */
static void getopt_tables(const CliCommand *command, struct option *long_options, char *letters)
{
    *letters++ = ':';
    int i = 0;
    for (; command->options[i].name; i++) {
        const CliOption *option = &command->options[i];
        long_options[i] =
            (struct option){option->name, takes_value(option) ? required_argument : no_argument,
                            NULL, FIRST_VALUE + i};
        if (option->letter) {
            *letters++ = option->letter;
            if (takes_value(option))
                *letters++ = ':';
        }
    }
    long_options[i] = (struct option){NULL, 0, NULL, 0};
    *letters = 0;
}

static const CliOption *option_of(const CliCommand *command, int value)
{
    if (value >= FIRST_VALUE)
        return &command->options[value - FIRST_VALUE];
    for (const CliOption *option = command->options; option->name; option++)
        if (option->letter == value)
            return option;
    return NULL;
}

static CliExit check_operands(const CliCommand *command, const CliList *operands)
{
    if (operands->n < command->min_operands)
        return cli_fail(CLI_USAGE, "%s: no %s given; see mien %s --help", command->name,
                        command->operand_name, command->name);
    if (operands->n > command->max_operands)
        return cli_fail(CLI_USAGE, "%s: unexpected argument %s; see mien %s --help", command->name,
                        operands->items[command->max_operands], command->name);
    return CLI_OK;
}

int cli_args_parse(const CliCommand *command, int argc, char **argv, void *values,
                   CliCommon *common, CliList *operands)
{
    struct option long_options[MAX_OPTIONS + 1];
    char letters[2 * MAX_OPTIONS + 2];
    getopt_tables(command, long_options, letters);
    opterr = 0;
    optind = 1;
    for (;;) {
        int before = optind;
        int value = getopt_long(argc, argv, letters, long_options, NULL);
        if (value == -1)
            break;
        const char *given = argv[optind > before ? optind - 1 : before];
        char letter[3] = {'-', (char)(optopt < FIRST_VALUE ? optopt : 0), 0};
        if (value == ':') {
            const CliOption *option = option_of(command, optopt);
            return (int)cli_fail(CLI_USAGE, "%s: --%s needs a value (%s)", command->name,
                                 option->name, option->value_name);
        }
        if (value == '?') {
            const CliOption *known = optopt ? option_of(command, optopt) : NULL;
            if (known)
                return (int)cli_fail(CLI_USAGE, "%s: --%s takes no value", command->name,
                                     known->name);
            return (int)unknown_option(command, letter[1] ? letter : given);
        }
        int status = set_option(command, option_of(command, value), optarg, values, argc);
        if (status != CLI_OK)
            return status;
    }
    if (common)
        cli_message_init((CliColor)common->color, common->quiet, common->verbose);
    for (int i = optind; i < argc; i++) {
        CliExit status = list_add(operands, (size_t)argc, argv[i]);
        if (status != CLI_OK)
            return (int)status;
    }
    return (int)check_operands(command, operands);
}

static void print_lines(const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        printf("  %.*s\n", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

/* Help texts are wrapped here so that the table does not care about columns. */
static void print_wrapped(const char *text, int indent, int width)
{
    int column = 0;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > 0 && indent + column + 1 + length > width) {
            printf("\n%*s", indent, "");
            column = 0;
        }
        printf("%s%.*s", column > 0 ? " " : "", length, text);
        column += length + (column > 0);
        text += length + (text[length] == ' ');
    }
    putchar('\n');
}

void cli_print_help(const CliCommand *command)
{
    enum { INDENT = 34, WIDTH = 100 };
    printf("%s\n\nUsage: mien %s%s%s\n\nExamples:\n", command->summary, command->name,
           *command->usage ? " " : "", command->usage);
    print_lines(command->examples);
    printf("\nOptions:\n");
    for (const CliOption *option = command->options; option->name; option++) {
        char left[80];
        int n = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", option->letter ? '-' : ' ',
                         option->letter ? option->letter : ' ', option->letter ? ", " : "  ",
                         option->name, takes_value(option) ? " " : "",
                         takes_value(option) ? option->value_name : "");
        if (n < INDENT)
            printf("%-*s", INDENT, left);
        else
            printf("%s\n%*s", left, INDENT, "");
        print_wrapped(option->help, INDENT, WIDTH);
    }
    if (command->notes)
        printf("\n%s", command->notes);
}

void cli_print_version(void)
{
    printf("mien %s\n%s\n", mien_version(), mien_build_info());
}
