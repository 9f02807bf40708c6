/* SPDX-License-Identifier: Apache-2.0 */
/* The commands. Each gets its own name and what follows it, and returns an exit code. */
#ifndef MIEN_TOOL_COMMANDS_H
#define MIEN_TOOL_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_models(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_devices(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif
