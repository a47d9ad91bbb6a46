// Packets through the registers of a log sum unit; the digest of their results on the serial port.

#include <generated/csr.h>
#include <generated/mem.h>

#include "consilience_log_sum_exp.h"
#include "packets.h"
#include "sha256.h"

static void put(char c) {
    while (uart_txfull_read())
        ;
    uart_rxtx_write(c);
}

static void put_line(const char *text) {
    while (*text)
        put(*text++);
    put('\n');
}

static void put_word(const char *name, uint32_t value) {
    while (*name)
        put(*name++);
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 15]);
    put('\n');
}

int main(void) {
    static struct sha256 sha;
    uint8_t digest[32];
    const int32_t *codes = (const int32_t *)packet_words;
    if (consilience_open(LOG_SUM_EXP_BASE)) {
        put_line("FAIL: no log sum unit, or one with another map");
        return 1;
    }
    sha256_begin(&sha);
    for (uint32_t packet = 0; packet < PACKETS; packet++) {
        uint32_t record[2], count = packet_lengths[packet];
        record[0] = (uint32_t)consilience_log_sum(LOG_SUM_EXP_BASE, codes, count, &record[1]);
        sha256_add(&sha, (const uint8_t *)record, sizeof record); // little-endian, as the CPU is
        codes += count;
    }
    sha256_end(&sha, digest);
    put_word("packets ", consilience_read(LOG_SUM_EXP_BASE, CONSILIENCE_RESULTS));
    put_word("refused ", consilience_read(LOG_SUM_EXP_BASE, CONSILIENCE_REFUSALS));
    for (int place = 0; place < 32; place++) {
        put("0123456789abcdef"[digest[place] >> 4]);
        put("0123456789abcdef"[digest[place] & 15]);
    }
    put_line("");
    put_line("END");
    return 0;
}
