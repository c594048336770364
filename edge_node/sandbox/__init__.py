"""An axis to develop and train against; it stands apart, on protocol and domain only."""
