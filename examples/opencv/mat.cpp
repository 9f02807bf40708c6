/* SPDX-License-Identifier: Apache-2.0 */
/* A cv::Mat in, without copying it; BGR rows, `step` bytes apart, are what mien takes as it is.
 * opencv_mat face_landmarker.task PICTURE.ppm */
#include <cstdio>
#include <memory>
#include <mien/mien.h>
#include <utility>
#include <vector>

#if MIEN_EXAMPLE_OPENCV
#include <opencv2/core.hpp>
#else
namespace cv
{ /* as much of OpenCV as this program uses, where there is none */
struct Mat {
    int rows, cols;
    size_t step;
    unsigned char *data;
    Mat(int r, int c, int, void *d, size_t s)
        : rows(r), cols(c), step(s), data(static_cast<unsigned char *>(d))
    {
    }
};
} // namespace cv
#define CV_8UC3 16
#endif

static MienImage wrap(const cv::Mat &mat)
{
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_BGR24, mat.cols, mat.rows, mat.data,
                    static_cast<ptrdiff_t>(mat.step));
    return image;
}

/* A PPM picture as imread() would give it, with rows padded to 64 bytes. */
static bool read(const char *path, std::vector<unsigned char> &pixels, int &width, int &height)
{
    std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path, "rb"), std::fclose);
    if (!file || std::fscanf(file.get(), "P6 %5d %5d 255", &width, &height) != 2 || width < 1 ||
        height < 1 || std::fgetc(file.get()) == EOF)
        return false;
    size_t step = (static_cast<size_t>(width) * 3 + 63) / 64 * 64;
    pixels.assign(step * static_cast<size_t>(height), 0);
    for (size_t y = 0; y < static_cast<size_t>(height); y++) {
        unsigned char *row = &pixels[y * step];
        if (std::fread(row, 3, static_cast<size_t>(width), file.get()) !=
            static_cast<size_t>(width))
            return false;
        for (int x = 0; x < width; x++)
            std::swap(row[3 * x], row[3 * x + 2]);
    }
    return true;
}

int main(int argc, char **argv)
{
    int width = 0, height = 0;
    std::vector<unsigned char> pixels;
    MienError error = {MIEN_E_ARGUMENT, "", "usage: opencv_mat face_landmarker.task PICTURE.ppm"};
    MienEngineOptions options;
    mien_engine_options_init(&options);
    MienEngine *engine = nullptr;
    const MienResult *result = nullptr;
    if (argc == 3 && read(argv[2], pixels, width, height) &&
        mien_model_load_file(argv[1], &options.model, &error) == MIEN_OK &&
        mien_engine_create(&options, &engine, &error) == MIEN_OK) {
        cv::Mat mat(height, width, CV_8UC3, pixels.data(),
                    pixels.size() / static_cast<size_t>(height));
        MienImage image = wrap(mat);
        mien_engine_process(engine, &image, 0, &result);
    }
    for (size_t i = 0; result && i < mien_result_n_faces(result); i++) {
        const MienLandmark &nose = mien_result_face(result, i)->landmarks[1];
        std::printf("nose at %.1f, %.1f\n", static_cast<double>(nose.x) * width,
                    static_cast<double>(nose.y) * height);
    }
    if (!result)
        std::fprintf(stderr, "%s\n", engine ? mien_engine_message(engine) : error.text);
    mien_engine_destroy(engine);
    mien_model_destroy(options.model);
    return result ? 0 : 1;
}
