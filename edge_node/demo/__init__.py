"""The main job shown end to end with real processes and real files."""
