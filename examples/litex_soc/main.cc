// A clock for the SoC; prints what its CPU writes to the serial port, until the line END.

#include "Vsim.h"
#include "verilated.h"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char **argv) {
	if (argc != 2) {
		fprintf(stderr, "usage: %s CYCLES\n", argv[0]);
		return 2;
	}
	const unsigned long limit = strtoul(argv[1], nullptr, 10), reset = 8;
	VerilatedContext context;
	Vsim top{&context};
	std::string line;
	top.serial_source_ready = 1;
	for (unsigned long cycle = 0; cycle < limit; cycle++) {
		top.sys_rst = cycle < reset;
		top.sys_clk = 0;
		top.eval();
		const bool valid = top.serial_source_valid && cycle >= reset;
		const char byte = static_cast<char>(top.serial_source_data);
		top.sys_clk = 1;
		top.eval();
		if (valid && byte != '\n')
			line += byte;
		if (valid && byte == '\n') {
			printf("%s\n", line.c_str());
			fflush(stdout);
			if (line == "END") {
				printf("%lu cycles\n", cycle);
				return 0;
			}
			line.clear();
		}
	}
	fprintf(stderr, "no END after %lu cycles\n", limit);
	return 1;
}
