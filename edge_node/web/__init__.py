"""
The web page: what the commands show and do, in a browser, by a process of its own.

`serving` listens, `guard` stands before all pages, `entrance` lets people in, `desk` is what the
pages work with. A page is a function of what was asked (`asked`) that returns a reply (`replies`);
`site` knows which one is where. The daemon loads none of it.
"""
