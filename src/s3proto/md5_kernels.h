/* md5_kernels.h: the kernels of md5_lanes.h that only some processors can run. */
#ifndef S3PROTO_MD5_KERNELS_H
#define S3PROTO_MD5_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* As s3_md5_kernel.run: up to 8, and up to 16 streams. */
void s3_md5_avx2(uint32_t *const state[], const uint8_t *const data[], size_t n, size_t blocks);
void s3_md5_avx512(uint32_t *const state[], const uint8_t *const data[], size_t n, size_t blocks);

#endif
