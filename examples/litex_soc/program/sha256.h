// SHA-256 (FIPS 180-4) of bytes that come in pieces.
#ifndef SHA256_H
#define SHA256_H

#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint8_t block[64];
    uint32_t length; // in bytes, below 2^29
};

void sha256_begin(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const uint8_t *bytes, uint32_t count);
void sha256_end(struct sha256 *sha, uint8_t digest[32]);

#endif
