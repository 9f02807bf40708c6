/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device that the user asked the doctor about. What the request is becomes facts, by which the
 * rules find what is wrong with it:
 *
 *   S04.requested                as the user wrote it
 *   S04.stacks                   what it needs, as MIENI_STACK_* bits: one of them suffices
 *   S04.cuda.device, S04.vulkan.device        the device that it stands for
 *   S04.cuda.missing, S04.vulkan.missing      that there is none of this number or UUID
 *   S04.cuda.not_built, S04.vulkan.not_built  that this build lacks the back end
 */
#ifndef MIENI_DOCTOR_REQUEST_H
#define MIENI_DOCTOR_REQUEST_H

#include "doctor/rules.h"

/* Whether mien has devices of such a name. */
bool mieni_request_is_sound(const char *device);

/* Adds the facts above. `device` is sound, and the helper's facts are there. */
MienStatus mieni_request_note(const char *device, MieniFacts *facts);

/* Whether the device works, and why not: the first fatal finding of what it needs. UNKNOWN if
 * nothing could be asked. */
MieniVerdict mieni_request_judge(const MieniFacts *facts, const MieniDiagnosis *diagnosis);

#endif
