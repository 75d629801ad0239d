"""Benchmarks: instruments that print ratios of one run, never tests. Nothing under `app` may import this folder."""
