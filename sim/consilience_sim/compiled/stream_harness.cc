// A design with a stream in `i` and one out `o` behind a C interface: one call runs many beats.

#include "design.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

template<size_t Bits>
const cxxrtl::value<Bits> &seen(const cxxrtl::value<Bits> &value) {
	return value;
}

template<size_t Bits>
const cxxrtl::value<Bits> &seen(const cxxrtl::wire<Bits> &wire) {
	return wire.curr;
}

// A payload: bits in bytes, the lowest first.
template<class Value>
struct Payload {
	using Bits = Value;
	static constexpr size_t BYTES = (Value::bits + 7) / 8;

	static void set(Value &value, const uint8_t *bytes) {
		std::memcpy(value.data, bytes, BYTES);
	}

	static void get(uint8_t *bytes, const Value &value) {
		std::memcpy(bytes, value.data, BYTES);
	}
};

template<size_t Bits>
Payload<cxxrtl::value<Bits>> payload_of(const cxxrtl::value<Bits> &);

using Input = decltype(payload_of(seen(Design().p_i____payload)));
using Output = decltype(payload_of(seen(Design().p_o____payload)));

// splitmix64.
class Chance {
	uint64_t state;

public:
	explicit Chance(uint64_t seed) : state(seed) {}

	uint64_t bits() {
		uint64_t mixed = state += 0x9e3779b97f4a7c15;
		mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
		mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
		return mixed ^ mixed >> 31;
	}

	bool happens(double probability) {
		return probability > 0 && static_cast<double>(bits() >> 11) * 0x1p-53 < probability;
	}
};

enum End : uint64_t { DONE, WATCHDOG, CHANGED, SURPLUS };

}

// What to run: `stream_simulation.py` has the same.
struct Job {
	const uint8_t *beats; // count * Input::BYTES
	uint64_t count;
	const uint8_t *pauses; // count, 1: a cycle of pause before the beat; or null
	double gaps;
	double stalls;
	uint64_t seed;
	uint64_t outputs;
	uint64_t extra_cycles;
	uint64_t max_cycles;
	uint8_t *results; // outputs * Output::BYTES
	int64_t *accepted; // count
	int64_t *produced; // outputs
};

struct Outcome {
	uint64_t end;
	uint64_t cycles;
	uint64_t taken;
	uint64_t given;
};

struct Simulation {
	Design design;
	uint64_t cycles = 0;
	bool offered = false; // in the last cycle, and not taken
	uint8_t offer[Output::BYTES] = {};
	uint8_t broken[Output::BYTES] = {}; // what became of it
	bool withdrawn = false;

	void reset() {
		offered = false;
		design.p_i____valid.set<bool>(false);
		design.p_o____ready.set<bool>(false);
		design.p_rst.set<bool>(true);
		for (int count = 0; count < RESET_CYCLES; count++, cycles++)
			run_period(design, [] {});
		design.p_rst.set<bool>(false);
	}

	void put_garbage(Chance &chance) {
		auto &payload = design.p_i____payload;
		for (auto &chunk : payload.data)
			chunk = static_cast<uint32_t>(chance.bits());
		payload.data[Input::Bits::chunks - 1] &= Input::Bits::msb_mask;
	}

	Outcome run(const Job &job) {
		// Apart, so that neither side's draws depend on what the other does.
		Chance source(job.seed);
		Chance sink(~job.seed);
		Outcome outcome = {DONE, 0, 0, 0};
		uint64_t left = job.extra_cycles;
		bool offers = false; // the source, its beat number `taken`
		bool paused = false;
		while (outcome.taken < job.count || outcome.given < job.outputs || left != 0) {
			const bool complete = outcome.taken == job.count && outcome.given == job.outputs;
			left -= complete;
			if (outcome.cycles == job.max_cycles) {
				outcome.end = WATCHDOG;
				return outcome;
			}
			if (!offers) {
				const bool more = outcome.taken < job.count;
				if (more && job.pauses != nullptr)
					paused = !paused && job.pauses[outcome.taken] != 0;
				else
					paused = source.happens(job.gaps);
				offers = more && !paused;
				if (offers)
					Input::set(design.p_i____payload, job.beats + outcome.taken * Input::BYTES);
				else
					put_garbage(source);
				design.p_i____valid.set<bool>(offers);
			}
			const bool ready = !sink.happens(job.stalls);
			design.p_o____ready.set<bool>(ready);

			bool takes = false;
			bool valid = false;
			uint8_t payload[Output::BYTES];
			run_period(design, [&] {
				takes = offers && design.p_i____ready.template get<bool>();
				valid = design.p_o____valid.template get<bool>();
				Output::get(payload, seen(design.p_o____payload));
			});
			const int64_t cycle = static_cast<int64_t>(outcome.cycles++);
			cycles++;

			if (offered && (!valid || std::memcmp(payload, offer, sizeof payload) != 0)) {
				withdrawn = !valid;
				std::memcpy(broken, payload, sizeof payload);
				outcome.end = CHANGED;
				return outcome;
			}
			offered = valid && !ready;
			if (offered)
				std::memcpy(offer, payload, sizeof payload);
			if (takes) {
				job.accepted[outcome.taken++] = cycle;
				offers = false;
			}
			if (valid && outcome.given == job.outputs) {
				outcome.end = SURPLUS;
				return outcome;
			}
			if (valid && ready) {
				std::memcpy(job.results + outcome.given * Output::BYTES, payload, sizeof payload);
				job.produced[outcome.given++] = cycle;
			}
		}
		return outcome;
	}
};

EXPORTED Simulation *simulation_open() {
	return new Simulation;
}

EXPORTED void simulation_close(Simulation *simulation) {
	delete simulation;
}

EXPORTED void simulation_reset(Simulation *simulation) {
	simulation->reset();
}

EXPORTED void simulation_run(Simulation *simulation, const Job *job, Outcome *outcome) {
	*outcome = simulation->run(*job);
}

// Returns the payload that was offered, or what became of it: null if it was withdrawn.
EXPORTED const uint8_t *simulation_offer(const Simulation *simulation, int broken) {
	if (!broken)
		return simulation->offer;
	return simulation->withdrawn ? nullptr : simulation->broken;
}

EXPORTED uint64_t simulation_cycles(const Simulation *simulation) {
	return simulation->cycles;
}

EXPORTED size_t simulation_input_bits() {
	return Input::Bits::bits;
}

EXPORTED size_t simulation_output_bits() {
	return Output::Bits::bits;
}
