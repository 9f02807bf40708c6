# SPDX-License-Identifier: Apache-2.0
# target_sources(mien_objects PRIVATE ...) once the first file is here.
