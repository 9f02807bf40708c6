/* SPDX-License-Identifier: Apache-2.0 */
/**
 * mien: face landmarks with MediaPipe's models and MediaPipe's numbers. Includes every header of
 * libmien.
 *
 * Models (model.h) are loaded once and shared. An engine (engine.h) is created for a device, takes
 * pictures (image.h) and gives results (result.h). Calls return a MienStatus (status.h). The
 * library prints nothing, opens no sockets, and needs only libc, libm and pthreads. Reading and
 * writing media files is libmien-media's business (media.h).
 */
#ifndef MIEN_H
#define MIEN_H

#include "bench.h"
#include "device.h"
#include "doctor.h"
#include "engine.h"
#include "explain.h"
#include "image.h"
#include "install.h"
#include "log.h"
#include "model.h"
#include "result.h"
#include "status.h"
#include "version.h"
#include "watch.h"

#endif
