// Block RAM of the ECP5, of which yosys' library has only the pins, in the modes that its
// lattice/brams_map_16kd.v makes of our memories: any width, no reset of what was read. With 36
// bits port A writes by all data pins, and port B reads by all; with fewer a port may have its
// output register. With 1, 2 or 4 bits a byte's ninth is not used. While it writes, a port reads what was
// there before, or keeps what it has read; from where the other port writes it reads what was there
// before. An instance in another mode does not elaborate.

module DP16KD (
	input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
		DIA3, DIA2, DIA1, DIA0,
	input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
	input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
	output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
		DOA3, DOA2, DOA1, DOA0,
	input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
		DIB3, DIB2, DIB1, DIB0,
	input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
	input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
	output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
		DOB3, DOB2, DOB1, DOB0
);

parameter DATA_WIDTH_A = 18;
parameter DATA_WIDTH_B = 18;
parameter REGMODE_A = "NOREG";
parameter REGMODE_B = "NOREG";
parameter RESETMODE = "SYNC";
parameter ASYNC_RESET_RELEASE = "SYNC";
parameter CSDECODE_A = "0b000";
parameter CSDECODE_B = "0b000";
parameter WRITEMODE_A = "NORMAL";
parameter WRITEMODE_B = "NORMAL";
parameter CLKAMUX = "CLKA";
parameter CLKBMUX = "CLKB";
parameter GSR = "ENABLED";
parameter [319:0]
	INITVAL_00 = 320'b0, INITVAL_01 = 320'b0, INITVAL_02 = 320'b0, INITVAL_03 = 320'b0,
	INITVAL_04 = 320'b0, INITVAL_05 = 320'b0, INITVAL_06 = 320'b0, INITVAL_07 = 320'b0,
	INITVAL_08 = 320'b0, INITVAL_09 = 320'b0, INITVAL_0A = 320'b0, INITVAL_0B = 320'b0,
	INITVAL_0C = 320'b0, INITVAL_0D = 320'b0, INITVAL_0E = 320'b0, INITVAL_0F = 320'b0,
	INITVAL_10 = 320'b0, INITVAL_11 = 320'b0, INITVAL_12 = 320'b0, INITVAL_13 = 320'b0,
	INITVAL_14 = 320'b0, INITVAL_15 = 320'b0, INITVAL_16 = 320'b0, INITVAL_17 = 320'b0,
	INITVAL_18 = 320'b0, INITVAL_19 = 320'b0, INITVAL_1A = 320'b0, INITVAL_1B = 320'b0,
	INITVAL_1C = 320'b0, INITVAL_1D = 320'b0, INITVAL_1E = 320'b0, INITVAL_1F = 320'b0,
	INITVAL_20 = 320'b0, INITVAL_21 = 320'b0, INITVAL_22 = 320'b0, INITVAL_23 = 320'b0,
	INITVAL_24 = 320'b0, INITVAL_25 = 320'b0, INITVAL_26 = 320'b0, INITVAL_27 = 320'b0,
	INITVAL_28 = 320'b0, INITVAL_29 = 320'b0, INITVAL_2A = 320'b0, INITVAL_2B = 320'b0,
	INITVAL_2C = 320'b0, INITVAL_2D = 320'b0, INITVAL_2E = 320'b0, INITVAL_2F = 320'b0,
	INITVAL_30 = 320'b0, INITVAL_31 = 320'b0, INITVAL_32 = 320'b0, INITVAL_33 = 320'b0,
	INITVAL_34 = 320'b0, INITVAL_35 = 320'b0, INITVAL_36 = 320'b0, INITVAL_37 = 320'b0,
	INITVAL_38 = 320'b0, INITVAL_39 = 320'b0, INITVAL_3A = 320'b0, INITVAL_3B = 320'b0,
	INITVAL_3C = 320'b0, INITVAL_3D = 320'b0, INITVAL_3E = 320'b0, INITVAL_3F = 320'b0;

localparam [64 * 320 - 1:0] INIT = {
	INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
	INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
	INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
	INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
	INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
	INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
	INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
	INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
};

generate
	if ((DATA_WIDTH_A != 1 && DATA_WIDTH_A != 2 && DATA_WIDTH_A != 4
				&& DATA_WIDTH_A != 9 && DATA_WIDTH_A != 18 && DATA_WIDTH_A != 36)
			|| (DATA_WIDTH_B != 1 && DATA_WIDTH_B != 2 && DATA_WIDTH_B != 4
				&& DATA_WIDTH_B != 9 && DATA_WIDTH_B != 18 && DATA_WIDTH_B != 36)
			|| (WRITEMODE_A != "NORMAL" && WRITEMODE_A != "READBEFOREWRITE")
			|| (WRITEMODE_B != "NORMAL" && WRITEMODE_B != "READBEFOREWRITE")
			|| (REGMODE_A != "NOREG" && (REGMODE_A != "OUTREG" || DATA_WIDTH_B == 36))
			|| (REGMODE_B != "NOREG" && (REGMODE_B != "OUTREG" || DATA_WIDTH_B == 36))
			|| CLKAMUX != "CLKA" || CLKBMUX != "CLKB"
			|| CSDECODE_A != "0b000" || CSDECODE_B != "0b000")
		DP16KD_IN_A_MODE_WITHOUT_A_MODEL unknown();
endgenerate

// Rows of four bytes of nine bits: byte k is at bits 4 and 3 of the address = k.
reg [8:0] byte_0 [0:511];
reg [8:0] byte_1 [0:511];
reg [8:0] byte_2 [0:511];
reg [8:0] byte_3 [0:511];

integer row;
initial
	for (row = 0; row < 512; row = row + 1) begin
		byte_0[row] = INIT[row * 40 +: 9];
		byte_1[row] = INIT[row * 40 + 9 +: 9];
		byte_2[row] = INIT[row * 40 + 20 +: 9];
		byte_3[row] = INIT[row * 40 + 29 +: 9];
	end

wire [17:0] di_a = {
	DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
	DIA4, DIA3, DIA2, DIA1, DIA0
};
wire [17:0] di_b = {
	DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
	DIB4, DIB3, DIB2, DIB1, DIB0
};
wire [13:0] ad_a = {
	ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
};
wire [13:0] ad_b = {
	ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
};

// With 18 and 36 bits the lowest address bits are the byte enables.
function [3:0] enables;
	input integer width;
	input [13:0] ad;
	case (width)
		18: enables = ad[4] ? {ad[1:0], 2'b00} : {2'b00, ad[1:0]};
		36: enables = ad[3:0];
		default: enables = {ad[4] & ad[3], ad[4] & ~ad[3], ~ad[4] & ad[3], ~ad[4] & ~ad[3]};
	endcase
endfunction

// Which bits of a byte one, two or four bits at this place are.
function [8:0] bits_at;
	input integer width;
	input [2:0] place;
	case (width)
		1: bits_at = {
			1'b0, place == 7, place == 6, place == 5, place == 4,
			place == 3, place == 2, place == 1, place == 0
		};
		2: bits_at = {
			1'b0, {2{place[2:1] == 3}}, {2{place[2:1] == 2}}, {2{place[2:1] == 1}},
			{2{place[2:1] == 0}}
		};
		4: bits_at = {1'b0, {4{place[2]}}, {4{~place[2]}}};
		default: bits_at = 9'h1ff;
	endcase
endfunction

// What is written, as often as it goes into a byte.
function [8:0] repeated;
	input integer width;
	input [8:0] data;
	case (width)
		1: repeated = {9{data[0]}};
		2: repeated = {1'b0, {4{data[1:0]}}};
		4: repeated = {1'b0, {2{data[3:0]}}};
		default: repeated = data;
	endcase
endfunction

// The part of a byte that is read.
function [8:0] taken;
	input integer width;
	input [2:0] place;
	input [8:0] whole;
	reg [8:0] kept;
	begin
		kept = whole & bits_at(width, place);
		case (width)
			1: taken = |kept;
			2: taken = {7'd0, kept[7:6] | kept[5:4] | kept[3:2] | kept[1:0]};
			4: taken = {5'd0, kept[7:4] | kept[3:0]};
			default: taken = whole;
		endcase
	end
endfunction

wire [3:0] we_a = {4{CEA & WEA}} & enables(DATA_WIDTH_A, ad_a);
wire [3:0] we_b = {4{CEB & WEB}} & enables(DATA_WIDTH_B, ad_b);
wire [8:0] bits_a = bits_at(DATA_WIDTH_A, ad_a[2:0]);
wire [8:0] bits_b = bits_at(DATA_WIDTH_B, ad_b[2:0]);
wire [35:0] write_a = DATA_WIDTH_A == 36 ? {di_b, di_a}
	: DATA_WIDTH_A == 18 ? {2{di_a}} : {4{repeated(DATA_WIDTH_A, di_a[8:0])}};
wire [35:0] write_b = DATA_WIDTH_B == 18 ? {2{di_b}} : {4{repeated(DATA_WIDTH_B, di_b[8:0])}};

function [8:0] written_a;
	input [8:0] old;
	input [8:0] data;
	written_a = DATA_WIDTH_A < 9 ? (bits_a & data) | (~bits_a & old) : data;
endfunction

always @(posedge CLKA) begin
	if (we_a[0]) byte_0[ad_a[13:5]] <= written_a(byte_0[ad_a[13:5]], write_a[8:0]);
	if (we_a[1]) byte_1[ad_a[13:5]] <= written_a(byte_1[ad_a[13:5]], write_a[17:9]);
	if (we_a[2]) byte_2[ad_a[13:5]] <= written_a(byte_2[ad_a[13:5]], write_a[26:18]);
	if (we_a[3]) byte_3[ad_a[13:5]] <= written_a(byte_3[ad_a[13:5]], write_a[35:27]);
end

function [8:0] written_b;
	input [8:0] old;
	input [8:0] data;
	written_b = DATA_WIDTH_B < 9 ? (bits_b & data) | (~bits_b & old) : data;
endfunction

always @(posedge CLKB) begin
	if (we_b[0]) byte_0[ad_b[13:5]] <= written_b(byte_0[ad_b[13:5]], write_b[8:0]);
	if (we_b[1]) byte_1[ad_b[13:5]] <= written_b(byte_1[ad_b[13:5]], write_b[17:9]);
	if (we_b[2]) byte_2[ad_b[13:5]] <= written_b(byte_2[ad_b[13:5]], write_b[26:18]);
	if (we_b[3]) byte_3[ad_b[13:5]] <= written_b(byte_3[ad_b[13:5]], write_b[35:27]);
end

reg [35:0] row_a = 0;
reg [35:0] row_b = 0;
reg [4:0] from_a = 0;
reg [4:0] from_b = 0;

always @(posedge CLKA)
	if (CEA && (!WEA || WRITEMODE_A == "READBEFOREWRITE")) begin
		row_a <= {byte_3[ad_a[13:5]], byte_2[ad_a[13:5]], byte_1[ad_a[13:5]], byte_0[ad_a[13:5]]};
		from_a <= ad_a[4:0];
	end

always @(posedge CLKB)
	if (CEB && (!WEB || WRITEMODE_B == "READBEFOREWRITE")) begin
		row_b <= {byte_3[ad_b[13:5]], byte_2[ad_b[13:5]], byte_1[ad_b[13:5]], byte_0[ad_b[13:5]]};
		from_b <= ad_b[4:0];
	end

wire [17:0] half_a = from_a[4] ? row_a[35:18] : row_a[17:0];
wire [17:0] half_b = from_b[4] ? row_b[35:18] : row_b[17:0];
wire [8:0] byte_a = from_a[3] ? half_a[17:9] : half_a[8:0];
wire [8:0] byte_b = from_b[3] ? half_b[17:9] : half_b[8:0];
wire [17:0] narrow_a = {9'b0, taken(DATA_WIDTH_A, from_a[2:0], byte_a)};
wire [17:0] narrow_b = {9'b0, taken(DATA_WIDTH_B, from_b[2:0], byte_b)};

wire [17:0] do_a = DATA_WIDTH_B == 36 ? row_b[17:0] : DATA_WIDTH_A == 18 ? half_a : narrow_a;
wire [17:0] do_b = DATA_WIDTH_B == 36 ? row_b[35:18] : DATA_WIDTH_B == 18 ? half_b : narrow_b;

reg [17:0] held_a = 0;
reg [17:0] held_b = 0;

always @(posedge CLKA)
	if (OCEA) held_a <= do_a;

always @(posedge CLKB)
	if (OCEB) held_b <= do_b;

assign {
	DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
	DOA4, DOA3, DOA2, DOA1, DOA0
} = REGMODE_A == "OUTREG" ? held_a : do_a;
assign {
	DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
	DOB4, DOB3, DOB2, DOB1, DOB0
} = REGMODE_B == "OUTREG" ? held_b : do_b;

endmodule
