/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-ins for GPU drivers. They say what variables of the environment tell them to, which also
 * make them hang or crash. */
#ifndef MIEN_SIM_H
#define MIEN_SIM_H

#define SIM_EXPORT __attribute__((visibility("default")))

/* The variable as a number or a text, or what it is without. */
long sim_number(const char *name, long otherwise);
const char *sim_text(const char *name, const char *otherwise);

/* Copies a text of the environment into a buffer of `size` bytes. */
void sim_copy(char *to, unsigned long size, const char *name, const char *otherwise);

/* The n-th of a list with this separator, in a buffer; 0 if there are fewer. */
int sim_item(const char *list, char separator, int n, char *item, unsigned long size);

/* Does what MIEN_SIM_FAULT=WHERE:WHAT says, if this is WHERE: "hang", "crash" (a signal), "exit",
 * "garbage" and "flood" (nonsense on standard output), "vanish" (removes MIEN_SIM_FILE). With
 * MIEN_SIM_FAULT_AT=N from the N-th time on that it is there. */
void sim_fault(const char *where);

#endif
