"""What needs a tool chain: boards, place and route, export, benchmark, pages."""
