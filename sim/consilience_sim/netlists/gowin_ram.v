// Block RAMs of Gowin's GW1N and GW2A in bytes of nine bits, of which yosys' library has only the
// pins. Their resets are taken at the clock's edge: where they are tied to 0, as yosys ties those of
// our memories, they are the same as ones that are not. An instance in another mode does not
// elaborate.

`define ROWS_AS_PARAMETERS \
parameter [287:0] \
	INIT_RAM_00 = 288'b0, INIT_RAM_01 = 288'b0, INIT_RAM_02 = 288'b0, INIT_RAM_03 = 288'b0, \
	INIT_RAM_04 = 288'b0, INIT_RAM_05 = 288'b0, INIT_RAM_06 = 288'b0, INIT_RAM_07 = 288'b0, \
	INIT_RAM_08 = 288'b0, INIT_RAM_09 = 288'b0, INIT_RAM_0A = 288'b0, INIT_RAM_0B = 288'b0, \
	INIT_RAM_0C = 288'b0, INIT_RAM_0D = 288'b0, INIT_RAM_0E = 288'b0, INIT_RAM_0F = 288'b0, \
	INIT_RAM_10 = 288'b0, INIT_RAM_11 = 288'b0, INIT_RAM_12 = 288'b0, INIT_RAM_13 = 288'b0, \
	INIT_RAM_14 = 288'b0, INIT_RAM_15 = 288'b0, INIT_RAM_16 = 288'b0, INIT_RAM_17 = 288'b0, \
	INIT_RAM_18 = 288'b0, INIT_RAM_19 = 288'b0, INIT_RAM_1A = 288'b0, INIT_RAM_1B = 288'b0, \
	INIT_RAM_1C = 288'b0, INIT_RAM_1D = 288'b0, INIT_RAM_1E = 288'b0, INIT_RAM_1F = 288'b0, \
	INIT_RAM_20 = 288'b0, INIT_RAM_21 = 288'b0, INIT_RAM_22 = 288'b0, INIT_RAM_23 = 288'b0, \
	INIT_RAM_24 = 288'b0, INIT_RAM_25 = 288'b0, INIT_RAM_26 = 288'b0, INIT_RAM_27 = 288'b0, \
	INIT_RAM_28 = 288'b0, INIT_RAM_29 = 288'b0, INIT_RAM_2A = 288'b0, INIT_RAM_2B = 288'b0, \
	INIT_RAM_2C = 288'b0, INIT_RAM_2D = 288'b0, INIT_RAM_2E = 288'b0, INIT_RAM_2F = 288'b0, \
	INIT_RAM_30 = 288'b0, INIT_RAM_31 = 288'b0, INIT_RAM_32 = 288'b0, INIT_RAM_33 = 288'b0, \
	INIT_RAM_34 = 288'b0, INIT_RAM_35 = 288'b0, INIT_RAM_36 = 288'b0, INIT_RAM_37 = 288'b0, \
	INIT_RAM_38 = 288'b0, INIT_RAM_39 = 288'b0, INIT_RAM_3A = 288'b0, INIT_RAM_3B = 288'b0, \
	INIT_RAM_3C = 288'b0, INIT_RAM_3D = 288'b0, INIT_RAM_3E = 288'b0, INIT_RAM_3F = 288'b0

`define ROWS_IN_ONE \
localparam [64 * 288 - 1:0] INIT = { \
	INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, \
	INIT_RAM_39, INIT_RAM_38, INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, \
	INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30, INIT_RAM_2F, INIT_RAM_2E, \
	INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28, \
	INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, \
	INIT_RAM_21, INIT_RAM_20, INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, \
	INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18, INIT_RAM_17, INIT_RAM_16, \
	INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10, \
	INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, \
	INIT_RAM_09, INIT_RAM_08, INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, \
	INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00 \
}

// A word's enables when it writes, one a byte, are at the lowest bits of its address.

// One port, which writes or reads: while it writes it reads what was there before.
module SPX9 (
	output [35:0] DO,
	input [35:0] DI,
	input [2:0] BLKSEL,
	input [13:0] AD,
	input WRE, CLK, CE, OCE, RESET
);

parameter READ_MODE = 1'b0;
parameter WRITE_MODE = 2'b00;
parameter BIT_WIDTH = 36;
parameter BLK_SEL = 3'b000;
parameter RESET_MODE = "SYNC";
`ROWS_AS_PARAMETERS;

`ROWS_IN_ONE;

generate
	if ((BIT_WIDTH != 9 && BIT_WIDTH != 18 && BIT_WIDTH != 36)
			|| READ_MODE != 0 || WRITE_MODE != 2 || BLK_SEL != 0)
		SPX9_IN_A_MODE_WITHOUT_A_MODEL unknown();
endgenerate

localparam BYTES = BIT_WIDTH / 9;
localparam WORDS = 2048 / BYTES;
localparam STEP = $clog2(BYTES) + 3;

reg [BIT_WIDTH - 1:0] words [0:WORDS - 1];
integer word;
initial
	for (word = 0; word < WORDS; word = word + 1)
		words[word] = INIT[word * BIT_WIDTH +: BIT_WIDTH];

wire [$clog2(WORDS) - 1:0] place = AD >> STEP;
wire selected = CE & (BLKSEL == 0);
wire [3:0] enables = BYTES == 1 ? 4'b0001 : BYTES == 2 ? {2'b00, AD[1:0]} : AD[3:0];
reg [BIT_WIDTH - 1:0] read = 0;
assign DO = read;

genvar lane;
generate
	for (lane = 0; lane < BYTES; lane = lane + 1) begin : bytes
		always @(posedge CLK)
			if (selected & WRE & enables[lane]) words[place][lane * 9 +: 9] <= DI[lane * 9 +: 9];
	end
endgenerate

always @(posedge CLK)
	if (RESET) read <= 0;
	else if (selected) read <= words[place];

endmodule

// One port writes, the other reads; both are as wide. What is read while it is written has no defined
// value on the device, and is the inverse of what was there before here: whoever takes it is found.
module SDPX9B (
	output [35:0] DO,
	input [35:0] DI,
	input [2:0] BLKSELA, BLKSELB,
	input [13:0] ADA, ADB,
	input CLKA, CLKB, CEA, CEB, OCE, RESETA, RESETB
);

parameter READ_MODE = 1'b0;
parameter BIT_WIDTH_0 = 36;
parameter BIT_WIDTH_1 = 36;
parameter BLK_SEL_0 = 3'b000;
parameter BLK_SEL_1 = 3'b000;
parameter RESET_MODE = "SYNC";
`ROWS_AS_PARAMETERS;

`ROWS_IN_ONE;

generate
	if ((BIT_WIDTH_0 != 9 && BIT_WIDTH_0 != 18 && BIT_WIDTH_0 != 36) || BIT_WIDTH_0 != BIT_WIDTH_1
			|| READ_MODE != 0 || BLK_SEL_0 != 0 || BLK_SEL_1 != 0)
		SDPX9B_IN_A_MODE_WITHOUT_A_MODEL unknown();
endgenerate

localparam BYTES = BIT_WIDTH_0 / 9;
localparam WORDS = 2048 / BYTES;
localparam STEP = $clog2(BYTES) + 3;

reg [BIT_WIDTH_0 - 1:0] words [0:WORDS - 1];
integer word;
initial
	for (word = 0; word < WORDS; word = word + 1)
		words[word] = INIT[word * BIT_WIDTH_0 +: BIT_WIDTH_0];

wire [$clog2(WORDS) - 1:0] written = ADA >> STEP;
wire [$clog2(WORDS) - 1:0] taken = ADB >> STEP;
wire writes = CEA & (BLKSELA == 0);
wire reads = CEB & (BLKSELB == 0);
wire [3:0] enables = BYTES == 1 ? 4'b0001 : BYTES == 2 ? {2'b00, ADA[1:0]} : ADA[3:0];
reg [BIT_WIDTH_0 - 1:0] read = 0;
assign DO = read;

genvar lane;
generate
	for (lane = 0; lane < BYTES; lane = lane + 1) begin : bytes
		always @(posedge CLKA)
			if (writes & enables[lane]) words[written][lane * 9 +: 9] <= DI[lane * 9 +: 9];
		always @(posedge CLKB)
			if (RESETB) read[lane * 9 +: 9] <= 0;
			else if (reads)
				read[lane * 9 +: 9] <= words[taken][lane * 9 +: 9]
					^ {9{writes & enables[lane] & written == taken}};
	end
endgenerate

endmodule
