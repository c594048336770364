"""Signatures in PDF files (ISO 32000, PAdES)."""
