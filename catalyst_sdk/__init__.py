"""Trace Python agents with one line and find what goes wrong again and again."""
