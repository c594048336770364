"""What a person commands is heard by the node that is at work beside the command."""

from queue import SimpleQueue

from edge_node.node import Node


def test_a_command_is_heard_at_once(world):
    """Each time, by every lane a command gives work to; nobody waits for the upkeep."""
    desk = world.desk()
    rung = SimpleQueue()
    with desk.node.watching(rung.put):
        while not rung.empty():
            rung.get()
        for _ in range(2):
            Node(config=desk.config).ring()
            heard = {rung.get(timeout=60) for _ in range(4)}
            assert heard == {"push", "deliver", "report", "trial"}
            while not rung.empty():
                rung.get()


def test_what_came_before_anybody_listened_is_looked_for(world):
    """Between the first look into a folder and the watch, or it would lie there for a minute."""
    rung = SimpleQueue()
    with world.desk().node.watching(rung.put):
        heard = {rung.get_nowait() for _ in range(rung.qsize())}
    assert heard == {"intake", "push", "deliver", "report", "trial"}


def test_a_command_without_a_node_beside_it_does_no_harm(world):
    """No folder is made for a bell nobody hears."""
    desk = world.desk()
    before = sorted(desk.config.folders.data.iterdir())
    desk.node.ring()
    assert sorted(desk.config.folders.data.iterdir()) == before
