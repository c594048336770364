"""
What can be wrong with a node, looked into one thing after the other: `edge-node doctor`.

A check is a module in `looks` with a `CHECK`; adding one is adding a file. It looks, and changes
nothing; what it finds is a `Finding` under an id that stays. `rounds` lets each have its time and
no more. Works beside a running daemon and without one, as root or as the node's own account.
"""
