"""Golden model, high-precision reference and compiled simulator of the gateware."""
