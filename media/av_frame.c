/* SPDX-License-Identifier: Apache-2.0 */
#include "media/video.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include "media/convert.h"

static void release_av(void *owner)
{
    AVFrame *av = owner;
    av_frame_free(&av);
}

/* Formats that the engine takes as they are; 0 for all others. Unused bytes count as alpha. */
static MienPixelFormat direct_format(const AVFrame *av)
{
    switch (av->format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVA420P:
        return MIEN_PIXEL_I420;
    case AV_PIX_FMT_NV12:
        return MIEN_PIXEL_NV12;
    case AV_PIX_FMT_RGB24:
        return MIEN_PIXEL_RGB24;
    case AV_PIX_FMT_BGR24:
        return MIEN_PIXEL_BGR24;
    case AV_PIX_FMT_RGBA:
    case AV_PIX_FMT_RGB0:
        return MIEN_PIXEL_RGBA32;
    case AV_PIX_FMT_BGRA:
    case AV_PIX_FMT_BGR0:
        return MIEN_PIXEL_BGRA32;
    case AV_PIX_FMT_GRAY8:
        return av->color_range == AVCOL_RANGE_MPEG ? 0 : MIEN_PIXEL_GRAY8;
    default:
        return 0;
    }
}

/*
 * Where nothing is said, high definition is BT.709 and the rest BT.601, as players have it. Three
 * formats know only BT.601, whatever their size. SMPTE 240M is nearest to BT.709.
 */
static MienColorMatrix matrix_of(const AVFrame *av, enum AVCodecID codec)
{
    switch (av->colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_SMPTE240M:
        return MIEN_MATRIX_BT709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return MIEN_MATRIX_BT2020;
    case AVCOL_SPC_UNSPECIFIED:
        if (codec == AV_CODEC_ID_MJPEG || codec == AV_CODEC_ID_WEBP || codec == AV_CODEC_ID_VP8)
            return MIEN_MATRIX_BT601;
        return av->width >= 1280 || av->height > 576 ? MIEN_MATRIX_BT709 : MIEN_MATRIX_BT601;
    default:
        return MIEN_MATRIX_BT601;
    }
}

/* Where nothing is said, YCbCr is limited, except in the formats whose name says full, and gray is
 * full. */
static MienColorRange range_of(const AVFrame *av)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(av->format);
    bool is_gray = kind && kind->nb_components <= 2;
    bool is_full_by_name = av->format == AV_PIX_FMT_YUVJ420P || av->format == AV_PIX_FMT_YUVJ422P ||
                           av->format == AV_PIX_FMT_YUVJ444P || av->format == AV_PIX_FMT_YUVJ440P ||
                           av->format == AV_PIX_FMT_YUVJ411P;
    bool is_full = av->color_range == AVCOL_RANGE_JPEG ||
                   (av->color_range == AVCOL_RANGE_UNSPECIFIED && (is_full_by_name || is_gray));
    return is_full ? MIEN_RANGE_FULL : MIEN_RANGE_LIMITED;
}

static MienStatus convert_av(const AVFrame *av, enum AVCodecID codec, const char *name,
                             MienMediaFrame **frame, MienError *error)
{
    *frame = mieni_frame_alloc(MIEN_PIXEL_RGB24, av->width, av->height);
    if (!*frame)
        return mieni_media_fail_nomem(error, name);
    MieniPlanes planes = {.format = av->format,
                          .width = av->width,
                          .height = av->height,
                          .matrix = matrix_of(av, codec),
                          .range = range_of(av)};
    for (int i = 0; i < 4; i++) {
        planes.data[i] = av->data[i];
        planes.strides_bytes[i] = av->linesize[i];
    }
    MienStatus status = mieni_planes_to_rgb24(&planes, mieni_frame_pixels(*frame),
                                              (*frame)->image.strides_bytes[0], error);
    if (status != MIEN_OK) {
        mien_media_frame_destroy(*frame);
        *frame = NULL;
    }
    return status;
}

MienStatus mieni_frame_of_av(AVFrame *av, enum AVCodecID codec, const char *name,
                             MienMediaFrame **frame, MienError *error)
{
    *frame = NULL;
    MienStatus status = mieni_media_check_size(av->width, av->height, name, error);
    if (status != MIEN_OK)
        return status;
    MienPixelFormat format = direct_format(av);
    if (!format)
        return convert_av(av, codec, name, frame, error);
    AVFrame *kept = av_frame_alloc();
    if (!kept)
        return mieni_media_fail_nomem(error, name);
    av_frame_move_ref(kept, av);
    *frame = mieni_frame_create(format, kept->width, kept->height, kept, release_av);
    if (!*frame)
        return mieni_media_fail_nomem(error, name);
    MienImage *image = &(*frame)->image;
    int n_planes = format == MIEN_PIXEL_I420 ? 3 : format == MIEN_PIXEL_NV12 ? 2 : 1;
    for (int i = 0; i < n_planes; i++) {
        image->planes[i] = kept->data[i];
        image->strides_bytes[i] = kept->linesize[i];
    }
    image->color_matrix = matrix_of(kept, codec);
    image->color_range = range_of(kept);
    return MIEN_OK;
}

static const uint8_t *stream_matrix(const AVStream *stream)
{
#if MIENI_HAS_CODED_SIDE_DATA
    const AVPacketSideData *data =
        av_packet_side_data_get(stream->codecpar->coded_side_data,
                                stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? data->data : NULL;
#else
#if LIBAVFORMAT_VERSION_MAJOR >= 59
    size_t size = 0;
#else
    int size = 0;
#endif
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && (size_t)size >= 9 * sizeof(int32_t) ? data : NULL;
#endif
}

MieniOrientation mieni_orientation_of_av(const AVStream *stream, const AVFrame *av)
{
    int32_t matrix[9];
    const uint8_t *data = stream_matrix(stream);
    const AVFrameSideData *side = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
    if (!data && side && (size_t)side->size >= sizeof(matrix))
        data = side->data;
    if (data) {
        memcpy(matrix, data, sizeof(matrix));
        return mieni_orientation_of_matrix(matrix);
    }
    /* WebP and TIFF say it in EXIF; FFmpeg hands that on as text. */
    const AVDictionaryEntry *exif = av_dict_get(av->metadata, "Orientation", NULL, 0);
    return mieni_orientation_of_exif(exif ? (int)strtol(exif->value, NULL, 10) : 1);
}
