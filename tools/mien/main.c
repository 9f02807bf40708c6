/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "commands.h"
#include "message.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"run", cmd_run, "find faces in pictures and video"},
    {"models", cmd_models, "list, fetch, verify, inspect and export models"},
    {"devices", cmd_devices, "list devices, usable or why not"},
    {"doctor", cmd_doctor, "say why the GPU is not used, and what to do about it"},
    {"bench", cmd_bench, "measure networks against what the core could do at best"},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
    printf("Face landmarks with MediaPipe's models and MediaPipe's numbers.\n\n"
           "Usage: mien COMMAND ...\n\n"
           "Examples:\n"
           "  mien models fetch                       get the models, once\n"
           "  mien run portrait.jpg -o mesh.png       draw the mesh on a picture\n"
           "  mien run clip.mp4 -o clip.jsonl         landmarks of every frame\n\n"
           "Commands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n`mien COMMAND --help` tells more.\n");
}

static int unknown_command(const char *name)
{
    const char *names[N_COMMANDS + 1] = {NULL};
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    const char *meant = cli_did_you_mean(name, names);
    if (meant)
        return (int)cli_fail(CLI_USAGE, "unknown command %s; did you mean %s?", name, meant);
    return (int)cli_fail(CLI_USAGE, "unknown command %s; see mien --help", name);
}

/* Nothing that is only printed may get lost on a full disk. */
static int close_stdout(int status)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK)
        return (int)cli_fail(CLI_OUTPUT, "cannot write standard output");
    return status;
}

int main(int argc, char **argv)
{
    /* A reader that went away is a failed write, with clean-up and an exit code. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help();
        return close_stdout(CLI_USAGE);
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || (!strcmp(name, "help") && argc == 2)) {
        print_help();
        return close_stdout(CLI_OK);
    }
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        cli_print_version();
        return close_stdout(CLI_OK);
    }
    int n = argc - 1;
    char **rest = argv + 1;
    char *help[] = {NULL, "--help", NULL};
    if (!strcmp(name, "help")) {
        name = argv[2];
        help[0] = argv[2];
        n = 2;
        rest = help;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i].name, name))
            return close_stdout(commands[i].run(n, rest));
    if (*name == '-')
        return (int)cli_fail(CLI_USAGE, "unknown option %s; see mien --help", name);
    return unknown_command(name);
}
