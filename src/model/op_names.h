/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIENI_MODEL_OP_NAMES_H
#define MIENI_MODEL_OP_NAMES_H

#include <stdint.h>

/* The name of a TFLite builtin operator, so that what is refused has a name; NULL if the number is
 * not known. */
const char *mieni_op_name(int32_t code);

#endif
