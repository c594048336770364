"""
Signatures: what is read of other people's and how our own are made.

Run in child processes and in tests only. Nothing here opens a path or a socket: a function gets
binary files and values, and says what else it would like to have. Importing the package imports
none of the large libraries.
"""
