"""Performance against the peers: `python -m benchmarks` (see benchmarks/README.md)."""
