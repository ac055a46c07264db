/* hash.c: digests by OpenSSL's block functions, CRCs by tables, and where the machine can by carry-less multiplication.
 *
 * The low-level functions are used on purpose: they need no allocation, no provider and no configuration file, so they
 * cannot fail, and a signature can never be compared with a digest that was not computed.
 *
 * All three CRCs are reflected, so one loop over eight bytes ("slicing by 8") does for the 32-bit ones and the 64-bit one:
 *
 *     x = crc ^ next 8 bytes (LE)      crc = T[7][x & 255] ^ T[6][x >> 8 & 255] ^ … ^ T[0][x >> 56]
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "s3proto/hash.h"

#include <assert.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/crc_fold.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((s3_digest *)0)->state), "the SHA-256 context fits");
_Static_assert(sizeof(SHA_CTX) <= sizeof(((s3_digest *)0)->state), "the SHA-1 context fits");
_Static_assert(offsetof(MD5_CTX, D) == 3 * sizeof(uint32_t), "the four words of MD5 lie in a row");
_Static_assert(sizeof(MD5_CTX) <= sizeof(((s3_digest *)0)->state), "the MD5 context fits");

static const struct kind {
    const char *name, *header;
    size_t size;
    uint64_t poly; /* reflected; CRCs only */
    uint64_t mask; /* start and final xor */
} kinds[S3_DIGEST_KINDS] = {
    [S3_MD5] = {"MD5", "content-md5", 16, 0, 0},
    [S3_SHA1] = {"SHA1", "x-amz-checksum-sha1", 20, 0, 0},
    [S3_SHA256] = {"SHA256", "x-amz-checksum-sha256", 32, 0, 0},
    [S3_CRC32] = {"CRC32", "x-amz-checksum-crc32", 4, 0xEDB88320, 0xFFFFFFFF},
    [S3_CRC32C] = {"CRC32C", "x-amz-checksum-crc32c", 4, 0x82F63B78, 0xFFFFFFFF},
    [S3_CRC64NVME] = {"CRC64NVME", "x-amz-checksum-crc64nvme", 8, 0x9A6C9329AC4BC9B5, UINT64_MAX},
};

typedef uint64_t crc_table[8][256];
static crc_table tables[S3_DIGEST_KINDS - S3_CRC32];
static struct crc_fold folds[S3_DIGEST_KINDS - S3_CRC32];
static bool can_fold;
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

/* x^n modulo the polynomial, reflected in 64 bits. */
static uint64_t power_of_x(const struct kind *k, unsigned n)
{
    uint64_t x = UINT64_C(1) << (8 * k->size - 1);
    while (n--)
        x = (x >> 1) ^ (x & 1 ? k->poly : 0);
    return x << (64 - 8 * k->size);
}

static void build_tables(void)
{
    can_fold = s3_crc_can_fold();
    for (int k = S3_CRC32; k < S3_DIGEST_KINDS; k++) {
        crc_table *t = &tables[k - S3_CRC32];
        for (unsigned i = 0; i < 256; i++) {
            uint64_t crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (crc & 1 ? kinds[k].poly : 0);
            (*t)[0][i] = crc;
        }
        for (unsigned i = 0; i < 256; i++)
            for (int j = 1; j < 8; j++)
                (*t)[j][i] = ((*t)[j - 1][i] >> 8) ^ (*t)[0][(*t)[j - 1][i] & 255];
        const struct kind *kind = &kinds[k];
        folds[k - S3_CRC32] = (struct crc_fold){power_of_x(kind, 512 + 63), power_of_x(kind, 512 - 1),
                                                power_of_x(kind, 128 + 63), power_of_x(kind, 128 - 1)};
    }
}

static uint64_t crc_by_table(const crc_table *t, uint64_t crc, const uint8_t *p, size_t len)
{
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t x = 0;
        for (int i = 0; i < 8; i++)
            x |= (uint64_t)p[i] << (8 * i);
        x ^= crc;
        crc = 0;
        for (int i = 0; i < 8; i++)
            crc ^= (*t)[7 - i][(x >> (8 * i)) & 255];
    }
    for (; len; p++, len--)
        crc = (crc >> 8) ^ (*t)[0][(crc ^ *p) & 255];
    return crc;
}

/* The whole blocks by folding, where there are enough of them; the rest by table. */
static uint64_t crc_update(enum s3_digest_kind kind, uint64_t crc, const uint8_t *p, size_t len)
{
    const crc_table *t = &tables[kind - S3_CRC32];
    if (can_fold && len >= 128) {
        uint8_t folded[16];
        s3_crc_fold(&folds[kind - S3_CRC32], crc, p, len & ~(size_t)15, folded);
        crc = crc_by_table(t, 0, folded, sizeof folded);
        p += len & ~(size_t)15;
        len &= 15;
    }
    return crc_by_table(t, crc, p, len);
}

/* a times b modulo the polynomial. Reflected: the highest bit stands for x^0. */
static uint64_t multiply(const struct kind *k, uint64_t a, uint64_t b)
{
    assert(k->size == 4 || k->size == 8); /* of a CRC */
    uint64_t product = 0;
    for (uint64_t bit = UINT64_C(1) << (8 * k->size - 1); bit; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = (b >> 1) ^ (b & 1 ? k->poly : 0);
    }
    return product;
}

void s3_crc_combine(enum s3_digest_kind kind, uint8_t *first, const uint8_t *second, uint64_t second_len)
{
    const struct kind *k = &kinds[kind];
    uint64_t one = UINT64_C(1) << (8 * k->size - 1), shift = one, power = one >> 8, a = 0, b = 0;
    for (size_t i = 0; i < k->size; i++) {
        a = a << 8 | first[i];
        b = b << 8 | second[i];
    }
    /* The first one's bits move up by second_len bytes: times x^(8 × second_len), by squaring. */
    for (; second_len; second_len >>= 1, power = multiply(k, power, power))
        if (second_len & 1)
            shift = multiply(k, shift, power);
    a = multiply(k, a, shift) ^ b;
    for (size_t i = k->size; i-- > 0; a >>= 8)
        first[i] = (uint8_t)a;
}

void s3_digest_open(s3_digest *d, enum s3_digest_kind kind)
{
    d->kind = kind;
    switch (kind) {
    case S3_MD5:
        MD5_Init((MD5_CTX *)d->state);
        break;
    case S3_SHA1:
        SHA1_Init((SHA_CTX *)d->state);
        break;
    case S3_SHA256:
        SHA256_Init((SHA256_CTX *)d->state);
        break;
    default:
        pthread_once(&tables_once, build_tables);
        d->state[0] = kinds[kind].mask;
    }
}

void s3_digest_update(s3_digest *d, const void *data, size_t len)
{
    switch (d->kind) {
    case S3_MD5:
        MD5_Update((MD5_CTX *)d->state, data, len);
        break;
    case S3_SHA1:
        SHA1_Update((SHA_CTX *)d->state, data, len);
        break;
    case S3_SHA256:
        SHA256_Update((SHA256_CTX *)d->state, data, len);
        break;
    default:
        d->state[0] = crc_update(d->kind, d->state[0], data, len);
    }
}

size_t s3_digest_final(s3_digest *d, uint8_t out[static S3_DIGEST_MAX])
{
    size_t size = kinds[d->kind].size;
    switch (d->kind) {
    case S3_MD5:
        MD5_Final(out, (MD5_CTX *)d->state);
        break;
    case S3_SHA1:
        SHA1_Final(out, (SHA_CTX *)d->state);
        break;
    case S3_SHA256:
        SHA256_Final(out, (SHA256_CTX *)d->state);
        break;
    default:
        for (size_t i = 0; i < size; i++)
            out[i] = (uint8_t)((d->state[0] ^ kinds[d->kind].mask) >> (8 * (size - 1 - i)));
    }
    s3_digest_open(d, d->kind);
    return size;
}

uint32_t *s3_md5_words(s3_digest *d)
{
    return &((MD5_CTX *)d->state)->A; /* B, C and D follow */
}

void s3_md5_count(s3_digest *d, uint64_t bytes)
{
    MD5_CTX *c = (MD5_CTX *)d->state;
    uint64_t bits = ((uint64_t)c->Nh << 32 | c->Nl) + bytes * 8;
    c->Nl = (MD5_LONG)bits;
    c->Nh = (MD5_LONG)(bits >> 32);
}

size_t s3_digest_size(enum s3_digest_kind kind)
{
    return kinds[kind].size;
}

const char *s3_digest_name(enum s3_digest_kind kind)
{
    return kinds[kind].name;
}

const char *s3_digest_header(enum s3_digest_kind kind)
{
    return kinds[kind].header;
}

bool s3_digest_find(const char *name, enum s3_digest_kind *out)
{
    for (int k = 0; k < S3_DIGEST_KINDS; k++)
        if (!strcasecmp(name, kinds[k].name) || !strcasecmp(name, kinds[k].header)) {
            *out = (enum s3_digest_kind)k;
            return true;
        }
    return false;
}

void s3_sha256(const void *data, size_t len, uint8_t out[static 32])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, data, len);
    SHA256_Final(out, &c);
}

void s3_sha256_hex(const void *data, size_t len, char out[static S3_SHA256_HEX])
{
    uint8_t sha[32];
    s3_sha256(data, len, sha);
    nl_hex(sha, sizeof sha, out);
}

/* RFC 2104. */
void s3_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[static 32])
{
    uint8_t block[64] = {0}, inner[32];
    SHA256_CTX c;
    if (key_len > sizeof block)
        s3_sha256(key, key_len, block);
    else
        memcpy(block, key, key_len);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36;
    SHA256_Init(&c);
    SHA256_Update(&c, block, sizeof block);
    SHA256_Update(&c, data, len);
    SHA256_Final(inner, &c);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&c);
    SHA256_Update(&c, block, sizeof block);
    SHA256_Update(&c, inner, sizeof inner);
    SHA256_Final(out, &c);
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Up to three bytes as four digits. */
static void base64_group(const uint8_t *p, size_t n, char four[static 4])
{
    uint32_t x = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
    four[0] = base64_digits[x >> 18];
    four[1] = base64_digits[x >> 12 & 63];
    four[2] = n > 1 ? base64_digits[x >> 6 & 63] : '=';
    four[3] = n > 2 ? base64_digits[x & 63] : '=';
}

void s3_base64_text(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i += 3, out += 4)
        base64_group(data + i, len - i, out);
    *out = 0;
}

int s3_base64(nl_buf *out, const void *data, size_t len, nl_error *err)
{
    const uint8_t *p = data;
    int rc = nl_buf_reserve(out, (len / 3 + 1) * 4, err);
    for (size_t i = 0; !rc && i < len; i += 3) {
        char four[4];
        base64_group(p + i, len - i, four);
        rc = nl_buf_append(out, four, sizeof four, err);
    }
    return rc;
}

/* The value of a base64 digit, 64 for none. */
static unsigned base64_value(char c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;
    return at ? (unsigned)(at - base64_digits) : 64;
}

bool s3_unbase64(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *out_len)
{
    size_t n = 0;
    if (text_len % 4)
        return false;
    for (size_t i = 0; i < text_len; i += 4) {
        bool last = i + 4 == text_len;
        int pad = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t x = 0;
        for (int j = 0; j < 4; j++) {
            unsigned v = j >= 4 - pad ? 0 : base64_value(text[i + (size_t)j]);
            if (v > 63)
                return false;
            x = x << 6 | v;
        }
        /* Bits that no byte uses must be zero, so that one value has one spelling. */
        if ((pad == 1 && x & 0xff) || (pad == 2 && x & 0xffff))
            return false;
        for (int j = 0; j < 3 - pad; j++) {
            if (n == cap)
                return false;
            out[n++] = (uint8_t)(x >> (16 - 8 * j));
        }
    }
    *out_len = n;
    return true;
}

bool s3_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *p = a, *q = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < len; i++)
        differ |= p[i] ^ q[i];
    return differ == 0;
}

bool s3_equal_text(const char *a, const char *b)
{
    size_t len = strlen(a);
    return strlen(b) == len && s3_equal(a, b, len);
}
