// Multiplier of the ECP5, of which yosys' library has only the pins, in the mode that the gateware
// uses: unsigned, factors from the fabric, all registers on CLK0, always enabled, never reset. An
// instance in another mode does not elaborate. The product is a sum of rows in gates: what reads
// these models knows no arithmetic.

module MULT18X18D (
	input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
	input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
	input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, RST0,
	output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
		P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);

parameter REG_INPUTA_CLK = "NONE";
parameter REG_INPUTA_CE = "CE0";
parameter REG_INPUTA_RST = "RST0";
parameter REG_INPUTB_CLK = "NONE";
parameter REG_INPUTB_CE = "CE0";
parameter REG_INPUTB_RST = "RST0";
parameter REG_PIPELINE_CLK = "NONE";
parameter REG_PIPELINE_CE = "CE0";
parameter REG_PIPELINE_RST = "RST0";
parameter REG_OUTPUT_CLK = "NONE";
parameter REG_OUTPUT_CE = "CE0";
parameter REG_OUTPUT_RST = "RST0";
parameter CLK0MUX = "CLK0";
parameter GSR = "ENABLED";
parameter RESETMODE = "SYNC";
parameter MULT_BYPASS = "DISABLED";

generate
	if (REG_INPUTA_CLK != "CLK0" || REG_INPUTB_CLK != "CLK0" || REG_PIPELINE_CLK != "CLK0"
			|| REG_OUTPUT_CLK != "CLK0" || MULT_BYPASS != "DISABLED" || GSR != "DISABLED")
		MULT18X18D_IN_A_MODE_WITHOUT_A_MODEL unknown();
endgenerate

wire [17:0] a = {
	A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
};
wire [17:0] b = {
	B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
};

reg [17:0] held_a = 0;
reg [17:0] held_b = 0;
reg [35:0] held_product = 0;
reg [35:0] product = 0;

// Row k of the product added to the rows below it: bits k .. k + 18 change.
wire [35:0] sums [0:18];
assign sums[0] = 36'b0;

genvar k, i;
generate
	for (k = 0; k < 18; k = k + 1) begin : rows
		wire [18:0] carry;
		assign carry[0] = 1'b0;
		for (i = 0; i < 36; i = i + 1) begin : bits
			if (i < k || i > k + 18)
				assign sums[k + 1][i] = sums[k][i];
			else if (i == k + 18)
				assign sums[k + 1][i] = carry[18];
			else begin
				wire term = held_a[i - k] & held_b[k];
				assign sums[k + 1][i] = sums[k][i] ^ term ^ carry[i - k];
				assign carry[i - k + 1] = (sums[k][i] & term) | (carry[i - k] & (sums[k][i] ^ term));
			end
		end
	end
endgenerate

always @(posedge CLK0) begin
	held_a <= a;
	held_b <= b;
	held_product <= sums[18];
	product <= held_product;
end

assign {
	P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
	P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
} = product;

endmodule
