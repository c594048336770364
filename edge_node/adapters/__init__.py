"""What the flows work with: folders, spool, queue, axis."""
