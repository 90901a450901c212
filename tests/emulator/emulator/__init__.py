"""An AWS account on this machine, for tests: see ../README.md."""
