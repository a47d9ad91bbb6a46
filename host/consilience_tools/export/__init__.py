"""`LogSumExp` as plain Verilog, with all it takes to use it without Amaranth."""
