# SPDX-License-Identifier: Apache-2.0
"""The public headers of libmien in the words of ctypes; tests/abi.py compares the two."""
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_float, c_int, c_int32, c_int64,
    c_size_t, c_ssize_t, c_uint16, c_uint32, c_uint64, c_void_p,
)

# version.h: libmien must say the same.
API_VERSION = 5

# status.h
STATUS_NAMES = {
    0: "MIEN_OK", -1: "MIEN_E_ARGUMENT", -2: "MIEN_E_NOMEM", -3: "MIEN_E_IO", -4: "MIEN_E_FORMAT",
    -5: "MIEN_E_UNSUPPORTED", -6: "MIEN_E_DEVICE", -7: "MIEN_E_BUSY", -8: "MIEN_E_INTERNAL",
}
OK, E_ARGUMENT, E_DEVICE = 0, -1, -6

# image.h
PIXEL_FORMATS = {"RGB": 1, "BGR": 2, "RGBA": 3, "BGRA": 4, "GRAY": 5, "NV12": 6, "I420": 7}
COLOR_MATRICES = {"bt601": 0, "bt709": 1, "bt2020": 2}
COLOR_RANGES = {"limited": 0, "full": 1}

# engine.h
MODES = {"image": 0, "video": 1, "live_stream": 2}
PRECISIONS = {"fp32": 0, "fp16": 1, "auto": 2}
SMOOTHINGS = {"default": 0, "off": 1, "mediapipe": 2, "strong": 3}
QUEUE_POLICIES = {"newest": 0, "block": 1}
ON_DEVICE_LOSS = {"fail": 0, "reopen": 1}

# result.h
TOPOLOGIES = (
    "LIPS", "LEFT_EYE", "LEFT_EYEBROW", "LEFT_IRIS", "RIGHT_EYE", "RIGHT_EYEBROW", "RIGHT_IRIS",
    "FACE_OVAL", "NOSE", "CONTOURS", "TESSELATION",
)
N_BLENDSHAPES = 52
N_KEYPOINTS = 6

ResultFn = CFUNCTYPE(None, c_void_p, c_int, c_void_p, c_int64)
LogFn = CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_char_p)
WriteFn = CFUNCTYPE(c_int, c_void_p, POINTER(c_char), c_size_t)


class MienError(Structure):
    _fields_ = [("status", c_int), ("reason", c_char * 48), ("text", c_char * 464)]


class MienImage(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("format", c_int),
        ("width", c_int32),
        ("height", c_int32),
        ("planes", c_void_p * 3),
        ("strides_bytes", c_ssize_t * 3),
        ("color_matrix", c_int),
        ("color_range", c_int),
        ("rotation_degrees", c_int32),
        ("detector_rotation_degrees", c_int32),
    ]


class MienCatalogEntry(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("file", c_char_p),
        ("size_bytes", c_uint64),
        ("sha256", c_char_p),
        ("licence", c_char_p),
        ("url", c_char_p),
        ("wheel_path", c_char_p),
        ("title", c_char_p),
        ("wheel_sha256", c_char_p),
        ("wheel_size_bytes", c_uint64),
    ]


class MienDeviceInfo(Structure):
    _fields_ = [
        ("id", c_char * 32),
        ("name", c_char * 128),
        ("uuid", c_char * 48),
        ("pci", c_char * 16),
        ("driver", c_char * 96),
        ("api", c_char * 32),
        ("memory_total_bytes", c_uint64),
        ("memory_free_bytes", c_uint64),
        ("software", c_bool),
        ("integrated", c_bool),
        ("built", c_bool),
        ("usable", c_bool),
        ("kernels", c_char * 96),
        ("reason", c_char * 48),
        ("reason_text", c_char * 256),
    ]


class MienEngineOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("mode", c_int),
        ("model", c_void_p),
        ("detector", c_void_p),
        ("max_faces", c_int32),
        ("min_detection_confidence", c_float),
        ("min_tracking_confidence", c_float),
        ("threads", c_int32),
        ("cpu_mask", c_uint64),
        ("log", c_void_p),
        ("log_user", c_void_p),
        ("log_level", c_int),
        ("device", c_char_p),
        ("allow_software", c_bool),
        ("min_presence_confidence", c_float),
        ("blendshapes", c_bool),
        ("transform", c_bool),
        ("fov_degrees", c_float),
        ("smoothing", c_int),
        ("on_result", ResultFn),
        ("on_result_user", c_void_p),
        ("queue_capacity", c_int32),
        ("queue_policy", c_int),
        ("precision", c_int),
        ("on_device_loss", c_int),
    ]


class MienEngineInfo(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("device_requested", c_char_p),
        ("device_crop", c_char_p),
        ("device_detector", c_char_p),
        ("device_landmarks", c_char_p),
        ("isa", c_char_p),
        ("n_landmarks", c_int32),
        ("device_choice", c_char_p),
        ("device_blendshapes", c_char_p),
        ("precision", c_int),
        ("n_reopened", c_int32),
    ]


class MienStreamStats(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("received", c_uint64),
        ("dropped", c_uint64),
        ("processed", c_uint64),
        ("waiting", c_uint64),
    ]


class MienFace(Structure):
    _fields_ = [
        ("face_id", c_int32),
        ("score", c_float),
        ("presence", c_float),
        ("box_x", c_float),
        ("box_y", c_float),
        ("box_width", c_float),
        ("box_height", c_float),
        ("n_landmarks", c_int32),
        ("landmarks", c_void_p),
        ("n_blendshapes", c_int32),
        ("blendshapes", c_void_p),
        ("transform", c_void_p),
        ("quaternion", c_float * 4),
        ("yaw", c_float),
        ("pitch", c_float),
        ("roll", c_float),
        ("n_keypoints", c_int32),
        ("keypoints", c_void_p),
    ]


class MienEdge(Structure):
    _fields_ = [("from", c_uint16), ("to", c_uint16)]


# Name: what it returns, what it takes. Objects are void pointers.
FUNCTIONS = {
    "mien_api_version": (c_int, []),
    "mien_version": (c_char_p, []),
    "mien_build_info": (c_char_p, []),
    "mien_status_text": (c_char_p, [c_int]),
    "mien_model_catalog": (POINTER(MienCatalogEntry), [POINTER(c_size_t)]),
    "mien_model_catalog_find": (POINTER(MienCatalogEntry), [c_char_p]),
    "mien_model_load_file": (c_int, [c_char_p, POINTER(c_void_p), POINTER(MienError)]),
    "mien_model_load_memory": (
        c_int, [c_char_p, c_size_t, POINTER(c_void_p), POINTER(MienError)]),
    "mien_model_destroy": (None, [c_void_p]),
    "mien_model_sha256": (c_char_p, [c_void_p]),
    "mien_model_name": (c_char_p, [c_void_p]),
    "mien_model_n_networks": (c_size_t, [c_void_p]),
    "mien_device_list": (
        c_int, [POINTER(MienDeviceInfo), c_size_t, c_size_t, POINTER(c_size_t)]),
    "mien_doctor_create": (c_int, [c_void_p, POINTER(c_void_p), POINTER(MienError)]),
    "mien_doctor_write_text": (c_int, [c_void_p, WriteFn, c_void_p]),
    "mien_doctor_write_json": (c_int, [c_void_p, c_int, WriteFn, c_void_p]),
    "mien_doctor_destroy": (None, [c_void_p]),
    "mien_engine_options_init": (None, [POINTER(MienEngineOptions)]),
    "mien_engine_create": (
        c_int, [POINTER(MienEngineOptions), POINTER(c_void_p), POINTER(MienError)]),
    "mien_engine_process": (c_int, [c_void_p, POINTER(MienImage), c_int64, POINTER(c_void_p)]),
    "mien_engine_process_batch": (
        c_int, [c_void_p, c_size_t, POINTER(MienImage), POINTER(c_int64), POINTER(c_uint32),
                POINTER(c_void_p)]),
    "mien_engine_send": (c_int, [c_void_p, POINTER(MienImage), c_int64]),
    "mien_engine_flush": (c_int, [c_void_p]),
    "mien_engine_stream_stats": (c_int, [c_void_p, POINTER(MienStreamStats)]),
    "mien_engine_reset": (None, [c_void_p]),
    "mien_engine_info": (c_int, [c_void_p, POINTER(MienEngineInfo)]),
    "mien_engine_message": (c_char_p, [c_void_p]),
    "mien_engine_destroy": (None, [c_void_p]),
    "mien_result_n_faces": (c_size_t, [c_void_p]),
    "mien_result_face": (POINTER(MienFace), [c_void_p, c_size_t]),
    "mien_result_clone": (c_int, [c_void_p, POINTER(c_void_p)]),
    "mien_result_destroy": (None, [c_void_p]),
    "mien_result_timestamp_us": (c_int64, [c_void_p]),
    "mien_blendshape_name": (c_char_p, [c_size_t]),
    "mien_topology_edges": (POINTER(MienEdge), [c_int, POINTER(c_size_t)]),
    "mien_topology_triangles": (POINTER(c_uint16 * 3), [POINTER(c_size_t)]),
}


# media.h
class MienMediaReaderOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("rgb24", c_bool),
        ("threads", c_int32),
        ("interrupted", c_void_p),
        ("user", c_void_p),
    ]


class MienMediaInfo(Structure):
    _fields_ = [
        ("is_picture", c_bool),
        ("width", c_int32),
        ("height", c_int32),
        ("rotation_degrees", c_int32),
        ("frames_per_second", c_double),
        ("n_frames", c_int64),
        ("duration_us", c_int64),
        ("has_audio", c_bool),
    ]


MEDIA_FUNCTIONS = {
    "mien_media_reader_options_init": (None, [POINTER(MienMediaReaderOptions)]),
    "mien_media_reader_open": (
        c_int, [c_char_p, POINTER(MienMediaReaderOptions), POINTER(c_void_p), POINTER(MienError)]),
    "mien_media_reader_info": (None, [c_void_p, POINTER(MienMediaInfo)]),
    "mien_media_reader_read": (c_int, [c_void_p, POINTER(c_void_p), POINTER(MienError)]),
    "mien_media_reader_destroy": (None, [c_void_p]),
    "mien_media_frame_image": (POINTER(MienImage), [c_void_p]),
    "mien_media_frame_timestamp_us": (c_int64, [c_void_p]),
    "mien_media_frame_to_rgb24": (c_int, [c_void_p, c_void_p, c_ssize_t]),
    "mien_media_frame_destroy": (None, [c_void_p]),
}
