/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "target.h"
#include "terminal.h"

static volatile sig_atomic_t caught; /* number of the first signal */

static void handle(int number)
{
    if (caught) {
        cli_target_remove_all();
        cli_terminal_restore();
        _exit(128 + number);
    }
    caught = number;
}

void cli_interrupt_init(void)
{
    /* Writes go on where they were; what waits for input looks at cli_interrupted by itself. */
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int cli_interrupted(void *user)
{
    (void)user;
    return caught != 0;
}

CliExit cli_interrupt_exit(void)
{
    return caught ? (CliExit)(128 + caught) : CLI_OK;
}
