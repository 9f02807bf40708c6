/* SPDX-License-Identifier: Apache-2.0 */
#include "output/text.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"

CliExit cli_text_open(CliOutput *output)
{
    CliText *text = calloc(1, sizeof(*text));
    if (!text)
        return cli_fail(CLI_INTERNAL, "out of memory");
    int fd = cli_target_descriptor(&output->target);
    int error = errno;
    cli_writer_init(&text->writer, fd);
    output->state = text;
    return fd < 0 ? cli_target_failed(&output->target, error) : CLI_OK;
}

CliExit cli_text_line(CliOutput *output)
{
    CliText *text = output->state;
    if (!output->target.is_regular)
        cli_writer_flush(&text->writer);
    return text->writer.error ? cli_target_failed(&output->target, text->writer.error) : CLI_OK;
}

CliExit cli_text_close(CliOutput *output)
{
    CliText *text = output->state;
    int error = cli_writer_flush(&text->writer);
    int fd = text->writer.fd;
    text->writer.fd = -1;
    if (close(fd) != 0 && !error)
        error = errno;
    return error ? cli_target_failed(&output->target, error) : CLI_OK;
}

void cli_text_destroy(CliOutput *output)
{
    CliText *text = output->state;
    if (text && text->writer.fd >= 0)
        close(text->writer.fd);
    free(text);
}
