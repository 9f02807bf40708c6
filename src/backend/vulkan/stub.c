/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/unbuilt.h"

const MieniBackend mieni_backend_vulkan = MIENI_UNBUILT_BACKEND("vulkan");
