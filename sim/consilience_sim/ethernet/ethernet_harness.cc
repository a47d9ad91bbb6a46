// A device with three clocks at its GMII pins behind a C interface: symbols in, frames out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "design.h"

namespace {

constexpr uint16_t VALID = 0x100, ERROR = 0x200; // above a symbol's byte
constexpr size_t REASONS = 16;
constexpr int SETTLING_CYCLES = 20; // the engine clears its counters in the 16 cycles after reset

// Whether a board still holds its PHY in reset, as it does for a while after power-up.
template<class D>
auto held(const D &design, int) -> decltype(design.p_phy__reset, bool()) {
	return design.p_phy__reset.template get<bool>();
}

template<class D>
bool held(const D &, long) { // no board: it has no PHY
	return false;
}

}

struct Simulation {
	Design design;
	const std::array<uint64_t, 3> period; // ps: receive, transmit, engine
	std::array<uint64_t, 3> due = {};
	std::deque<uint16_t> input;
	std::vector<uint16_t> output;
	std::array<uint64_t, REASONS> drops = {};
	uint64_t now = 0; // ps
	uint64_t cycles = 0; // of the engine
	uint64_t quiet = 0; // of the engine, since something last happened
	uint64_t silence = 0; // symbols since the last frame sent
	uint64_t gap = 0; // before the last one
	bool sending = false;
	bool ended = false; // a frame has left

	explicit Simulation(std::array<uint64_t, 3> period) : period(period) {}

	// The next edge, or edges that come at once, in one evaluation; see `run_period` in design.h.
	void step() {
		now = due[0];
		for (const uint64_t time : due)
			now = time < now ? time : now;
		std::array<bool, 3> rises;
		for (size_t clock = 0; clock < 3; clock++) {
			rises[clock] = due[clock] == now;
			if (rises[clock])
				due[clock] += period[clock];
		}
		if (rises[0]) {
			const uint16_t symbol = input.empty() ? 0 : input.front();
			design.p_rx____data.set<uint8_t>(static_cast<uint8_t>(symbol));
			design.p_rx____valid.set<bool>((symbol & VALID) != 0);
			design.p_rx____error.set<bool>((symbol & ERROR) != 0);
			if (!input.empty()) {
				input.pop_front();
				quiet = 0;
			}
		}
		design.prev_p_eth__rx__clk.set<bool>(false);
		design.prev_p_eth__tx__clk.set<bool>(false);
		design.prev_p_clk.set<bool>(false);
		design.p_eth__rx__clk.set<bool>(rises[0]);
		design.p_eth__tx__clk.set<bool>(rises[1]);
		design.p_clk.set<bool>(rises[2]);
		design.Design::eval();
		if (rises[1])
			look(design.p_tx____data.get<uint8_t>() | (design.p_tx____valid.get<bool>() ? VALID : 0) |
			     (design.p_tx____error.get<bool>() ? ERROR : 0));
		if (rises[2]) {
			cycles++;
			quiet = design.p_busy.get<bool>() ? 0 : quiet + 1;
			if (design.p_dropped.get<bool>())
				drops[design.p_reason.get<uint8_t>()]++;
		}
		design.commit();
	}

	void look(uint16_t symbol) {
		const bool valid = (symbol & VALID) != 0;
		if (valid && !sending)
			gap = silence;
		silence = valid ? 0 : silence + 1;
		if (valid) {
			output.push_back(symbol);
			quiet = 0;
		}
		ended = sending && !valid;
		sending = valid;
	}

	void reset(uint32_t entropy) {
		input.clear();
		output.clear();
		drops.fill(0);
		sending = ended = false;
		design.p_entropy.set<uint32_t>(entropy);
		hold(true);
		run_cycles(RESET_CYCLES);
		hold(false);
		run_cycles(SETTLING_CYCLES);
		// A PHY in reset sends no clock, and nothing happens in the domain that sends to it.
		const std::array<uint64_t, 3> ever = {~uint64_t(0), ~uint64_t(0), now};
		if (held(design, 0)) {
			due = ever;
			while (held(design, 0))
				step();
			due = {now + period[0], now + period[1], due[2]};
			run_cycles(SETTLING_CYCLES);
		}
	}

	void hold(bool level) {
		design.p_rst.set<bool>(level);
		design.p_eth__rx__rst.set<bool>(level);
		design.p_eth__tx__rst.set<bool>(level);
	}

	// At least so many cycles of each clock.
	void run_cycles(uint64_t count) {
		uint64_t longest = 0;
		for (const uint64_t one : period)
			longest = one > longest ? one : longest;
		for (const uint64_t until = now + count * longest; now < until;)
			step();
	}
};

EXPORTED Simulation *simulation_open(uint64_t receive, uint64_t transmit, uint64_t engine) {
	return new Simulation({receive, transmit, engine});
}

EXPORTED void simulation_close(Simulation *simulation) {
	delete simulation;
}

EXPORTED void simulation_reset(Simulation *simulation, uint32_t entropy) {
	simulation->reset(entropy);
}

EXPORTED void simulation_send(Simulation *simulation, const uint16_t *symbols, size_t count) {
	simulation->input.insert(simulation->input.end(), symbols, symbols + count);
}

// Runs until a frame has left, or for so many ps. Returns the symbols that left, until the next
// call, if they are a whole frame; otherwise null.
EXPORTED const uint16_t *simulation_receive(Simulation *simulation, uint64_t time, size_t *count) {
	const uint64_t until = simulation->now + time;
	if (simulation->ended)
		simulation->output.clear();
	simulation->ended = false;
	while (!simulation->ended && simulation->now < until)
		simulation->step();
	*count = simulation->ended ? simulation->output.size() : 0;
	return simulation->ended ? simulation->output.data() : nullptr;
}

EXPORTED uint64_t simulation_quiet(const Simulation *simulation) {
	return simulation->input.empty() ? simulation->quiet : 0;
}

// Symbols between the frame that left last and the one before.
EXPORTED uint64_t simulation_gap(const Simulation *simulation) {
	return simulation->gap;
}

EXPORTED uint64_t simulation_drops(const Simulation *simulation, unsigned reason) {
	return simulation->drops[reason % REASONS];
}

EXPORTED uint64_t simulation_time(const Simulation *simulation) {
	return simulation->now;
}

EXPORTED uint64_t simulation_cycles(const Simulation *simulation) {
	return simulation->cycles;
}
