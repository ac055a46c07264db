/* md5_steps.h: the 64 steps of MD5 (RFC 1321), written once for every width. Who includes it defines, for its type V of one
 * 32-bit number a lane:
 *
 *     MD5_F, MD5_G, MD5_H, MD5_I (x, y, z)      the four functions          MD5_ADD(x, y)   MD5_SET(number)
 *     MD5_ROTATE(x, bits)                       to the left
 *
 * and calls MD5_STEPS with a, b, c, d (of type V) and m, the 16 words of the block.
 */
#ifndef S3PROTO_MD5_STEPS_H
#define S3PROTO_MD5_STEPS_H

#define MD5_STEP(f, a, b, c, d, k, number, bits)                                                                       \
    (a) = MD5_ADD(MD5_ADD((a), MD5_ADD(m[k], MD5_SET(number))), f((b), (c), (d)));                                     \
    (a) = MD5_ADD(MD5_ROTATE((a), bits), (b))

#define MD5_FOUR(f, k0, k1, k2, k3, n0, n1, n2, n3, b0, b1, b2, b3)                                                    \
    MD5_STEP(f, a, b, c, d, k0, n0, b0);                                                                               \
    MD5_STEP(f, d, a, b, c, k1, n1, b1);                                                                               \
    MD5_STEP(f, c, d, a, b, k2, n2, b2);                                                                               \
    MD5_STEP(f, b, c, d, a, k3, n3, b3)

#define MD5_STEPS                                                                                                      \
    MD5_FOUR(MD5_F, 0, 1, 2, 3, 0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 7, 12, 17, 22);                        \
    MD5_FOUR(MD5_F, 4, 5, 6, 7, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501, 7, 12, 17, 22);                        \
    MD5_FOUR(MD5_F, 8, 9, 10, 11, 0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 7, 12, 17, 22);                      \
    MD5_FOUR(MD5_F, 12, 13, 14, 15, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821, 7, 12, 17, 22);                    \
    MD5_FOUR(MD5_G, 1, 6, 11, 0, 0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 5, 9, 14, 20);                        \
    MD5_FOUR(MD5_G, 5, 10, 15, 4, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8, 5, 9, 14, 20);                       \
    MD5_FOUR(MD5_G, 9, 14, 3, 8, 0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 5, 9, 14, 20);                        \
    MD5_FOUR(MD5_G, 13, 2, 7, 12, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A, 5, 9, 14, 20);                       \
    MD5_FOUR(MD5_H, 5, 8, 11, 14, 0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 4, 11, 16, 23);                      \
    MD5_FOUR(MD5_H, 1, 4, 7, 10, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70, 4, 11, 16, 23);                       \
    MD5_FOUR(MD5_H, 13, 0, 3, 6, 0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 4, 11, 16, 23);                       \
    MD5_FOUR(MD5_H, 9, 12, 15, 2, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665, 4, 11, 16, 23);                      \
    MD5_FOUR(MD5_I, 0, 7, 14, 5, 0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 6, 10, 15, 21);                       \
    MD5_FOUR(MD5_I, 12, 3, 10, 1, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1, 6, 10, 15, 21);                      \
    MD5_FOUR(MD5_I, 8, 15, 6, 13, 0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 6, 10, 15, 21);                      \
    MD5_FOUR(MD5_I, 4, 11, 2, 9, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391, 6, 10, 15, 21)

#endif
