"""Speed and memory as ratios against named peers, both run in turn on this machine.

python -m benchmarks              all of them, and docs/benchmarks.md is rewritten
python -m benchmarks measures     one
"""
