/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for MediaPipe's library in tests: what a build with or without GPU code has in it. */
extern const char test_library_marker[];

#ifdef TEST_LIBRARY_IS_GPU
const char test_library_marker[] = "mediapipe/gpu/gl_context_egl.cc";
#else
const char test_library_marker[] = "GPU processing is disabled in build flags";
#endif
