"""What is only placed, routed or measured: units between registers, with results that fold."""
