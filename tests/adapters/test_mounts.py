from edge_node.adapters import mounts

NFS = "36 35 0:50 / / rw,relatime - nfs4 server:/srv rw\n"


def test_what_a_folder_lies_on_is_looked_up_once(tmp_path):
    """Every scan asks; only another folder on another device is another question."""
    table = tmp_path / "mountinfo"
    folder = tmp_path / "outbox"
    folder.mkdir()
    table.write_text(NFS)
    assert mounts.is_remote(folder, mountinfo=table)
    table.write_text(NFS.replace("nfs4", "ext4"))
    assert mounts.is_remote(folder, mountinfo=table)

    folder.rename(tmp_path / "unmounted")
    folder.mkdir()
    assert not mounts.is_remote(folder, mountinfo=table)


def test_a_folder_that_is_not_there_is_asked_after_every_time(tmp_path):
    """Nothing tells it from the one that will be there later."""
    table = tmp_path / "mountinfo"
    table.write_text(NFS)
    assert mounts.is_remote(tmp_path / "outbox", mountinfo=table)
    table.write_text(NFS.replace("nfs4", "ext4"))
    assert not mounts.is_remote(tmp_path / "outbox", mountinfo=table)
