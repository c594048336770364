import pytest

from edge_node.adapters.secret import SecretUnusable, read_secret, secret_path


def a_file(folder, content, mode=0o600):
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"test-secret", b"test-secret"),
        (b"test-secret\n", b"test-secret"),
        (b"test-secret\r\n", b"test-secret"),
        (b" test-secret \n\n", b" test-secret \n"),
    ],
)
def test_one_line_end_is_taken_off_and_nothing_else(tmp_path, content, secret):
    """Editors end the last line; blanks and further lines belong to the secret."""
    assert read_secret(a_file(tmp_path, content)) == secret


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o644])
def test_a_secret_everybody_may_touch_is_refused(tmp_path, mode):
    """The complaint says how to mend it, and does not show the secret."""
    with pytest.raises(SecretUnusable) as caught:
        read_secret(a_file(tmp_path, b"test-secret", mode))
    assert "chmod o-rwx" in str(caught.value.hint)
    assert "test-secret" not in str(caught.value) + str(caught.value.hint)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_the_services_own_group_may_read_it(tmp_path, mode):
    """0600 is best; a group of its own is no stranger."""
    assert read_secret(a_file(tmp_path, b"test-secret", mode)) == b"test-secret"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", b"x" * 4097])
def test_a_file_without_a_secret_is_refused(tmp_path, content):
    """Empty, or far too long to be one."""
    with pytest.raises(SecretUnusable, match="does not hold a secret"):
        read_secret(a_file(tmp_path, content))


def test_a_mark_that_editors_put_before_a_text_is_no_part_of_it(tmp_path):
    """Notepad's, of UTF-8; what PowerShell's `>` writes is another text altogether, and said."""
    assert read_secret(a_file(tmp_path, b"\xef\xbb\xbfpw\r\n")) == b"pw"
    assert read_secret(a_file(tmp_path, b" pw \n")) == b" pw "
    with pytest.raises(SecretUnusable, match="UTF-16"):
        read_secret(a_file(tmp_path, "pw\r\n".encode("utf-16")))


def test_a_missing_file_is_named(tmp_path):
    """The path is in the complaint."""
    with pytest.raises(SecretUnusable, match="nowhere"):
        read_secret(tmp_path / "nowhere")


def test_a_credential_is_found_where_systemd_put_it(tmp_path):
    """`credential:NAME` is a file in $CREDENTIALS_DIRECTORY, any other text a path."""
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert secret_path("credential:axis", environ) == tmp_path / "axis"
    assert str(secret_path("/etc/edge-node/secret", {})) == "/etc/edge-node/secret"


def test_a_credential_nobody_handed_over_is_said():
    """Outside the service there are no credentials; the hint shows what the unit lacks."""
    with pytest.raises(SecretUnusable) as caught:
        secret_path("credential:axis", {})
    assert "LoadCredential=axis:" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["", "..", ".", "../shadow", "a/b"])
def test_a_credential_cannot_lead_elsewhere(name):
    """A name is a name, not a path."""
    with pytest.raises(SecretUnusable, match="not the name"):
        secret_path(f"credential:{name}", {"CREDENTIALS_DIRECTORY": "/run/credentials"})
