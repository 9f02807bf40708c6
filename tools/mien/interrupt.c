/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "target.h"
#include "terminal.h"

/* Number of the first signal. Atomic: every thread looks at it, and any may be interrupted. */
static atomic_int caught;

static void handle(int number)
{
    if (atomic_load(&caught)) {
        cli_target_remove_all();
        cli_terminal_restore();
        _exit(128 + number);
    }
    atomic_store(&caught, number);
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
    return atomic_load(&caught) != 0;
}

CliExit cli_interrupt_exit(void)
{
    int number = atomic_load(&caught);
    return number ? (CliExit)(128 + number) : CLI_OK;
}
