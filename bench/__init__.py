"""What the house must reach, measured: ratios to a reference that runs beside it, with peak memory.

Belongs here: a module for each goal, run by `make bench`, which writes docs/benchmarks.md.
Does not: a test. A machine has slow days, so no benchmark passes or fails.
"""
