// A design with a stream of bits in `i` and one out `o`, of which `mutant` chooses one fault.
//
// Included before: the design (class `Design`) and, for it, `set`, `get`, `set_fault`, `set_controls`, `poke` and
// `observe`, which returns what else is to be seen in this cycle.

#include <cstddef>
#include <cstdint>

namespace {

// More evaluations than this per half a clock mean that a fault closed a loop of logic.
constexpr int MOST_EVALUATIONS = 50;

bool settle(Design &design) {
	for (int count = 0; count < MOST_EVALUATIONS; count++) {
		bool converged = design.eval(nullptr);
		if (!design.commit() || converged)
			return true;
	}
	return false;
}

uint64_t garbage(uint64_t cycle) {
	uint64_t mixed = (cycle + 1) * 0x9e3779b97f4a7c15;
	return (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9;
}

}

// A payload to be offered once `outputs` outputs were seen, or `patience` cycles went by without
// one, and then `pause` more cycles. `poke` is the number of a state to be set then, or -1.
struct Beat {
	uint64_t payload;
	uint32_t outputs;
	uint32_t patience;
	uint32_t pause;
	int32_t poke;
};

// Runs all cycles and returns -1; or, with an expected trace, up to the first cycle that differs
// from it, which is returned. A trace has two words per cycle: bit 0 an output offered, bit 1 an input
// taken, above them the output's payload; and what else is observed.
extern "C" int64_t run(
	uint64_t mutant, const Beat *beats, uint64_t count, const uint64_t *pokes, uint64_t poke_words,
	const uint8_t *controls, uint64_t cycles, uint64_t *trace, const uint64_t *expected)
{
	Design design;
	design.reset();
	set_fault(design, mutant);
	uint64_t place = 0, waited = 0, silent = 0, seen = 0;
	bool poked = false;
	for (uint64_t cycle = 0; cycle < cycles; cycle++) {
		uint8_t control = controls[cycle];
		bool valid = false;
		if (place < count && !(control & 2)) {
			const Beat &beat = beats[place];
			if (seen >= beat.outputs || silent >= beat.patience) {
				valid = waited >= beat.pause;
				waited++;
			}
			if (valid && beat.poke >= 0 && !poked) {
				poke(design, pokes + beat.poke * poke_words);
				poked = true;
			}
		}
		set_controls(design, control);
		set(design.p_i____valid, valid);
		set(design.p_i____payload, valid ? beats[place].payload : garbage(cycle));
		set(design.p_clk, 0);
		if (!settle(design))
			return cycle;
		bool offered = get(design.p_o____valid);
		bool taken = valid && get(design.p_i____ready);
		uint64_t now = offered | taken << 1 | (offered ? get(design.p_o____payload) << 2 : 0);
		uint64_t more = observe(design);
		if (expected && (now != expected[2 * cycle] || more != expected[2 * cycle + 1]))
			return cycle;
		if (trace) {
			trace[2 * cycle] = now;
			trace[2 * cycle + 1] = more;
		}
		if (taken) {
			place++;
			waited = 0;
			poked = false;
		}
		seen += offered && (control & 1);
		silent = offered || taken ? 0 : silent + 1;
		set(design.p_clk, 1);
		if (!settle(design))
			return cycle;
	}
	return -1;
}
