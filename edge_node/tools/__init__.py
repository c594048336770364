"""What works without the rest of this program: given along with what it is to verify."""
