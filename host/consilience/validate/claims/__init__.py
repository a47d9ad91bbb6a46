"""What is claimed, one idea a file: each has a function `claims` that gives its `Claim`s."""
