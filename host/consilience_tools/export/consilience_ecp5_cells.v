// The cells of the ECP5 that an exported core instantiates, for simulation and lint; synthesis has
// its own. Only the modes in which the core uses them.
// SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

// Two bits of a carry chain, each behind a look-up table of four inputs. Where the table gives 0,
// the carry is what its rows without C and D say.
module CCU2C #(
    parameter [15:0] INIT0 = 16'h0000,
    parameter [15:0] INIT1 = 16'h0000,
    parameter INJECT1_0 = "NO",
    parameter INJECT1_1 = "NO"
) (
    input CIN,
    input A0,
    input B0,
    input C0,
    input D0,
    input A1,
    input B1,
    input C1,
    input D1,
    output S0,
    output S1,
    output COUT
);
  wire table_0 = INIT0[{D0, C0, B0, A0}];
  wire table_1 = INIT1[{D1, C1, B1, A1}];
  wire carry_0 = table_0 ? CIN : INIT0[{2'b00, B0, A0}];
  assign S0 = table_0 ^ CIN;
  assign S1 = table_1 ^ carry_0;
  assign COUT = table_1 ? carry_0 : INIT1[{2'b00, B1, A1}];
endmodule

// A product of two unsigned numbers of 18 bits, with a register at the inputs, in the middle and at
// the output.
module MULT18X18D #(
    parameter REG_INPUTA_CLK = "CLK0",
    parameter REG_INPUTA_CE = "CE0",
    parameter REG_INPUTA_RST = "RST0",
    parameter REG_INPUTB_CLK = "CLK0",
    parameter REG_INPUTB_CE = "CE0",
    parameter REG_INPUTB_RST = "RST0",
    parameter REG_PIPELINE_CLK = "CLK0",
    parameter REG_PIPELINE_CE = "CE0",
    parameter REG_PIPELINE_RST = "RST0",
    parameter REG_OUTPUT_CLK = "CLK0",
    parameter REG_OUTPUT_CE = "CE0",
    parameter REG_OUTPUT_RST = "RST0",
    parameter GSR = "DISABLED",
    parameter RESETMODE = "SYNC",
    parameter MULT_BYPASS = "DISABLED"
) (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9,
          A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9,
          B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input CLK0, CE0, RST0,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27,
           P26, P25, P24, P23, P22, P21, P20, P19, P18,
           P17, P16, P15, P14, P13, P12, P11, P10, P9,
           P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  wire [17:0] a = {
      A17, A16, A15, A14, A13, A12, A11, A10, A9,
      A8, A7, A6, A5, A4, A3, A2, A1, A0
  };
  wire [17:0] b = {
      B17, B16, B15, B14, B13, B12, B11, B10, B9,
      B8, B7, B6, B5, B4, B3, B2, B1, B0
  };
  reg [17:0] input_a = 0;
  reg [17:0] input_b = 0;
  reg [35:0] middle = 0;
  reg [35:0] product = 0;
  assign {
      P35, P34, P33, P32, P31, P30, P29, P28, P27,
      P26, P25, P24, P23, P22, P21, P20, P19, P18,
      P17, P16, P15, P14, P13, P12, P11, P10, P9,
      P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = product;
  always @(posedge CLK0)
    if (RST0) begin
      input_a <= 0;
      input_b <= 0;
      middle  <= 0;
      product <= 0;
    end else if (CE0) begin
      input_a <= a;
      input_b <= b;
      middle  <= input_a * input_b;
      product <= middle;
    end
endmodule
