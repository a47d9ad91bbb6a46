// The engine behind a C interface: bytes in, bytes out, with no Python per cycle.
//
// With WAVES defined, each half period of the clock is sampled into a VCD.

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "design.h"

#ifdef WAVES
#include <cxxrtl/cxxrtl_vcd.h>
#include <unistd.h>
#endif

namespace {

constexpr uint16_t GAP = 0x100; // in the input, between two bytes
constexpr int SETTLING_CYCLES = 20; // the engine clears its counters in the 16 cycles after reset

#ifdef WAVES
class Trace {
	static constexpr size_t CHUNK = 1 << 20; // bytes per write

	cxxrtl::vcd_writer vcd;
	const int file;
	const uint64_t half_period; // ps
	uint64_t samples = 0;
	int error = 0;

public:
	Trace(cxxrtl::module &engine, int file, uint64_t half_period)
	    : file(file), half_period(half_period) {
		cxxrtl::debug_items items;
		engine.debug_info(&items, /*scopes=*/nullptr, "engine ");
		vcd.timescale(1, "ps");
		vcd.add_without_memories(items);
	}

	void sample() {
		vcd.sample(half_period * samples++);
		if (vcd.buffer.size() >= CHUNK)
			flush();
	}

	// Returns the errno of the first write that failed, or 0.
	int flush() {
		const char *data = vcd.buffer.data();
		size_t left = vcd.buffer.size();
		while (left != 0 && error == 0) {
			const ssize_t written = write(file, data, left);
			if (written < 0) {
				if (errno != EINTR)
					error = errno;
				continue;
			}
			data += written;
			left -= static_cast<size_t>(written);
		}
		vcd.buffer.clear();
		return error;
	}
};
#endif

}

struct Simulation {
	Design engine;
	std::deque<uint16_t> input; // bytes and GAPs
	std::vector<uint8_t> output;
	uint64_t cycles = 0;
#ifdef WAVES
	Trace trace;

	Simulation(int file, uint64_t half_period) : trace(engine, file, half_period) {}

	// Settles what depends on the state just clocked, or on the inputs just set; no edge rises.
	void sample(bool clock) {
		engine.prev_p_clk.set<bool>(true);
		engine.p_clk.set<bool>(clock);
		engine.step();
		trace.sample();
	}
#endif

	// Runs one period of the clock; returns whether the last byte of a frame has left.
	bool cycle() {
		const bool waiting = !input.empty();
		const uint16_t next = waiting ? input.front() : 0;
		const bool valid = waiting && next != GAP;
		const bool gap = waiting && next == GAP;
		engine.p_i____valid.set<bool>(valid);
		engine.p_i____payload.set<uint8_t>(static_cast<uint8_t>(next));
		engine.p_gap.set<bool>(gap);
#ifdef WAVES
		sample(/*clock=*/false);
#endif
		bool taken = false;
		bool left = false;
		uint8_t byte = 0;
		run_period(engine, [&] {
			taken = gap || (valid && engine.p_i____ready.get<bool>());
			left = engine.p_o____valid.get<bool>();
			byte = engine.p_o____payload.get<uint8_t>();
		});
#ifdef WAVES
		sample(/*clock=*/true);
#endif
		cycles++;
		if (taken)
			input.pop_front();
		if (left)
			output.push_back(byte);
		return left && byte == 0;
	}

	void reset(uint32_t entropy) {
		input.clear();
		engine.p_entropy.set<uint32_t>(entropy);
		engine.p_o____ready.set<bool>(true);
		engine.p_rst.set<bool>(true);
		for (int count = 0; count < RESET_CYCLES; count++)
			cycle();
		engine.p_rst.set<bool>(false);
		for (int count = 0; count < SETTLING_CYCLES; count++)
			cycle();
	}
};

#ifdef WAVES
EXPORTED Simulation *simulation_open(int file, uint64_t half_period) {
	return new Simulation(file, half_period);
}

EXPORTED int simulation_close(Simulation *simulation) {
	const int error = simulation->trace.flush();
	delete simulation;
	return error;
}
#else
EXPORTED Simulation *simulation_open(int, uint64_t) {
	return new Simulation;
}

EXPORTED int simulation_close(Simulation *simulation) {
	delete simulation;
	return 0;
}
#endif

EXPORTED void simulation_reset(Simulation *simulation, uint32_t entropy) {
	simulation->reset(entropy);
}

EXPORTED void simulation_send(Simulation *simulation, const uint8_t *bytes, size_t count) {
	simulation->input.insert(simulation->input.end(), bytes, bytes + count);
}

EXPORTED void simulation_gap(Simulation *simulation) {
	simulation->input.push_back(GAP);
}

// Returns where the bytes lie that left, until the next call.
EXPORTED const uint8_t *simulation_receive(Simulation *simulation, uint64_t cycles, size_t *count) {
	simulation->output.clear();
	while (cycles-- != 0 && !simulation->cycle()) {
	}
	*count = simulation->output.size();
	return simulation->output.data();
}

EXPORTED uint64_t simulation_cycles(const Simulation *simulation) {
	return simulation->cycles;
}
