"""The checks: a module each, with a `CHECK` that `edge_node.checks.rounds` finds by itself."""
