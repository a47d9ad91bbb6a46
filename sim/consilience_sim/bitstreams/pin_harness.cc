// A board's design at its pins: a clock, and a serial line each way in continuous time.
//
// A bit of the line and a cycle of the clock need not be multiples of each other: time is counted
// in units of which a cycle has `baud` and a bit `clock_hz`, so that both are whole.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "design.h"

namespace {

constexpr int BITS = 10; // start, 8, stop

// Puts bytes on a line, back to back, with bits of a given length.
class Sender {
	const uint64_t cycle, bit;
	uint64_t left = 0; // of the bit on the line
	unsigned frame = 1; // bits still to come, the lowest first, and a one above them

public:
	std::deque<uint8_t> bytes;

	Sender(uint64_t cycle, uint64_t bit) : cycle(cycle), bit(bit) {}

	// Bytes that are not all on the line yet.
	size_t waiting() const { return bytes.size() + (frame != 1); }

	// The level in this cycle.
	bool level() {
		if (left == 0 && frame == 1) {
			if (bytes.empty())
				return true;
			frame = 1u << BITS | 1u << (BITS - 1) | unsigned(bytes.front()) << 1;
			bytes.pop_front();
			left = bit;
		}
		const bool now = frame & 1;
		if (left > cycle) {
			left -= cycle;
		} else {
			// What the cycle has too much is part of the next bit, or byte.
			const uint64_t over = cycle - left;
			frame >>= 1;
			left = 0;
			if (frame == 1 && !bytes.empty()) {
				frame = 1u << BITS | 1u << (BITS - 1) | unsigned(bytes.front()) << 1;
				bytes.pop_front();
			}
			if (frame != 1)
				left = bit - over;
		}
		return now;
	}
};

// Takes bytes off a line, each bit in its middle by the nominal rate.
class Taker {
	const uint64_t cycle, bit;
	uint64_t until = 0; // the middle of the next bit; 0: no byte has begun
	int got = 0;
	unsigned frame = 0;
	bool broken = false;

public:
	std::vector<uint8_t> bytes;
	uint64_t errors = 0;

	Taker(uint64_t cycle, uint64_t bit) : cycle(cycle), bit(bit) {}

	void see(bool level) {
		if (until == 0) {
			broken = broken && !level;
			if (level || broken)
				return;
			until = bit / 2;
			got = 0;
			frame = 0;
		}
		if (until > cycle) {
			until -= cycle;
			return;
		}
		until += bit - cycle;
		frame |= unsigned(level) << got++;
		if (got < BITS)
			return;
		until = 0;
		if ((frame & 1) == 0 && frame >> (BITS - 1)) {
			bytes.push_back(uint8_t(frame >> 1));
		} else {
			broken = true;
			errors++;
		}
	}
};

}

struct Simulation {
	Design board;
	Sender sender;
	Taker taker;
	uint64_t cycles = 0;

	Simulation(uint64_t clock_hz, uint64_t baud, uint64_t sent_baud)
	    : sender(sent_baud, clock_hz), taker(baud, clock_hz) {}

	void cycle() {
		board.p_rx.set<bool>(sender.level());
		run_period(board, [&] { taker.see(board.p_tx.get<bool>()); });
		cycles++;
	}
};

// `sent_baud` is the rate at which bytes are sent to the board: another than its own if it is to
// have a sender that is off.
EXPORTED Simulation *simulation_open(uint64_t clock_hz, uint64_t baud, uint64_t sent_baud) {
	return new Simulation(clock_hz, baud, sent_baud);
}

EXPORTED void simulation_close(Simulation *simulation) {
	delete simulation;
}

EXPORTED void simulation_send(Simulation *simulation, const uint8_t *bytes, size_t count) {
	auto &queue = simulation->sender.bytes;
	queue.insert(queue.end(), bytes, bytes + count);
}

// Returns where the bytes lie that came from the board, until the next call.
EXPORTED const uint8_t *simulation_run(Simulation *simulation, uint64_t cycles, size_t *count) {
	simulation->taker.bytes.clear();
	while (cycles-- != 0)
		simulation->cycle();
	*count = simulation->taker.bytes.size();
	return simulation->taker.bytes.data();
}

EXPORTED size_t simulation_waiting(const Simulation *simulation) {
	return simulation->sender.waiting();
}

EXPORTED uint64_t simulation_errors(const Simulation *simulation) {
	return simulation->taker.errors;
}

EXPORTED uint64_t simulation_cycles(const Simulation *simulation) {
	return simulation->cycles;
}
