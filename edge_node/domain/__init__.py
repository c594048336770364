"""What the connector knows of official documents: pure values and tables, no clock and no disk."""
