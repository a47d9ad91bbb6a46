"""Examples, run from the checkout: a package, as a dependency has one of this name."""
