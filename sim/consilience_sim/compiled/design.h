// The design that `write_cxxrtl` or `write_gates` wrote to design.cc, and one period of its clock.

#pragma once

// The runtime's wire compares before it copies, and its memory queues each write, also one that
// changes no bit. Both are needed where one clock edge takes several evaluations; plain copies are a
// third faster.
#define wire stock_wire
#define memory stock_memory
#include <cxxrtl/cxxrtl.h>
#undef wire
#undef memory

namespace cxxrtl {

template<size_t Bits>
struct wire : stock_wire<Bits> {
	using stock_wire<Bits>::stock_wire;

	template<class ObserverT>
	CXXRTL_ALWAYS_INLINE
	bool commit(ObserverT &) {
		this->curr = this->next;
		return true;
	}
};

template<size_t Width>
struct memory : stock_memory<Width> {
	using stock_memory<Width>::stock_memory;

	CXXRTL_ALWAYS_INLINE
	void update(size_t index, const value<Width> &val, const value<Width> &mask, int priority) {
		if (!mask.is_zero())
			stock_memory<Width>::update(index, val, mask, priority);
	}
};

}

#include "design.cc"

using Design = cxxrtl_design::p_design;

// Runs one period of the clock; `look` sees the outputs that the rising edge sees.
//
// In one evaluation: all registers take their input at the rising edge, and there is no
// combinational loop (`write_cxxrtl` would have failed), so that evaluating at the edge gives the
// outputs before it, whose handshakes it completes, and the state after it.
template<class Look>
inline void run_period(Design &design, Look look) {
	design.prev_p_clk.template set<bool>(false);
	design.p_clk.template set<bool>(true);
	design.Design::eval();
	look();
	design.commit();
}

constexpr int RESET_CYCLES = 4;

#define EXPORTED extern "C" __attribute__((visibility("default")))
