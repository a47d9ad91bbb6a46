// Packets through the registers of a log sum unit; the digest of their results on the serial port.

#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>

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

// Return whether the CPU sees the interrupt of the unit: VexRiscv's pending lines, by their mask.
static uint32_t interrupted(void) {
    uint32_t mask = 1u << LOG_SUM_EXP_INTERRUPT, pending;
    __asm__ volatile("csrw 0xbc0, %0" : : "r"(mask));
    __asm__ volatile("csrr %0, 0xfc0" : "=r"(pending));
    return (pending & mask) != 0;
}

// Return 1 if the interrupt is there as long as a result waits, and not before.
static uint32_t interrupts(uintptr_t base) {
    consilience_write(base, CONSILIENCE_INTERRUPTS, CONSILIENCE_INTERRUPTS_AVAILABLE);
    uint32_t before = interrupted();
    consilience_write(base, CONSILIENCE_LAST, 0);
    while (!(consilience_read(base, CONSILIENCE_STATUS) & CONSILIENCE_STATUS_AVAILABLE))
        ;
    uint32_t meanwhile = interrupted();
    consilience_write(base, CONSILIENCE_NEXT, 0);
    return !before && meanwhile && !interrupted();
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
    put_word("interrupt ", interrupts(LOG_SUM_EXP_BASE));
    for (int place = 0; place < 32; place++) {
        put("0123456789abcdef"[digest[place] >> 4]);
        put("0123456789abcdef"[digest[place] & 15]);
    }
    put_line("");
    put_line("END");
    return 0;
}
