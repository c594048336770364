"""Signatures in Word, Excel and PowerPoint files (ECMA-376 part 2, MS-OFFCRYPTO, XAdES)."""
