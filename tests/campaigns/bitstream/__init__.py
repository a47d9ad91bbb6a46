"""What place and route made of the boards' designs, driven by the real driver over a terminal."""
