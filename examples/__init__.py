"""Examples, run from the checkout. A package: one of the dependencies installs its own of this name."""
