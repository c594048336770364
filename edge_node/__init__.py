"""Puts an agency on the national document axis."""

__version__ = "0.1.0"
