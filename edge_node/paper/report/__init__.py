"""The report for people who answer for an office: in words, in pictures, in four kinds of file."""
