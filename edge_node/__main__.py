"""`python -m edge_node` is `edge-node`."""

from edge_node.cli.app import main

main()
