"""Wick's Python runtime (runtime/README.md)."""
