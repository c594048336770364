"""Bytes to meaning and back: the edXML package, the axis dialect, the hand-off files."""
