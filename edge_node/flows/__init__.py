"""What happens: intake, push, pull, deliver, report."""
