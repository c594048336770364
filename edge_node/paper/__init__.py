"""Tables for people: CSV, XLSX, HTML and PDF, in the form the regulations give them."""
