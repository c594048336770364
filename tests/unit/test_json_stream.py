import base64
import json
import tracemalloc
from functools import partial

import pytest
from effort import quickest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.protocol.json_stream import DataStream, StreamBroken


def decoded(answer, *sizes):
    """Feed an answer in pieces of the given sizes, over and over; return the file and the rest."""
    stream = DataStream()
    file = bytearray()
    at = turn = 0
    while at < len(answer):
        step = sizes[turn % len(sizes)] if sizes else len(answer)
        file += stream.feed(answer[at : at + step])
        at, turn = at + step, turn + 1
    return bytes(file), stream.close()


def answer_of(file, *, spell=lambda text: text, before="", after="", blank=""):
    text = spell(base64.b64encode(file).decode())
    return f'{blank}{{{before}{blank}"data"{blank}:{blank}"{text}"{blank}{after}}}{blank}'.encode()


def lines(end):
    """Wrap base64 as MIME writers do, the line ends escaped as JSON wants it."""
    return lambda text: end.join(text[at : at + 76] for at in range(0, len(text), 76))


SPELLINGS = {
    "plain": lambda text: text,
    "slashes": lambda text: text.replace("/", r"\/"),
    "gson": lambda text: text.replace("=", r"\u003d"),
    "capitals": lambda text: text.replace("=", r"\u003D").replace("+", r"\u002B"),
    "unicode": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "mime": lines(r"\r\n"),
    "pem": lines(r"\n"),
    "tabs": lines(r"\t"),
    "unicode lines": lines(r"\u000d\u000a"),
    "bare lines": lines("\r\n"),
    "unpadded": lambda text: text.rstrip("="),
}


@given(
    file=st.binary(max_size=400),
    spelling=st.sampled_from(sorted(SPELLINGS)),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=5),
    blank=st.sampled_from(["", " ", "\r\n\t "]),
    before=st.sampled_from(["", '"status":"OK",', r'"a":{"data":["data"]},"b":"\"data\":\"",']),
    after=st.sampled_from(["", ',"ErrorCode":"0"', ',"x":[{"data":"QUJD"}],"y":null,"z":1e3']),
)
def test_any_file_comes_back_whatever_its_spelling(file, spelling, sizes, blank, before, after):
    """Cut anywhere, escaped anyhow, among any other keys: the file is the one encoded."""
    answer = answer_of(file, spell=SPELLINGS[spelling], before=before, after=after, blank=blank)
    expected = json.loads(f'{{{before}"data":""{after}}}')
    assert decoded(answer, *sizes) == (file, expected)


@given(
    st.dictionaries(
        st.text(max_size=5) | st.just("data"),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5) | st.just("data"), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=5,
    ),
    st.integers(1, 20),
    st.booleans(),
)
def test_whatever_else_the_object_holds_is_kept_as_json_reads_it(reply, size, ascii_only):
    """Only the top-level `data` is decoded; every other value is what `json.loads` says it is."""
    if isinstance(reply.get("data"), str):
        reply["data"] = "QUJD"
    answer = json.dumps(reply, ensure_ascii=ascii_only).encode()
    file, rest = decoded(answer, size)
    if isinstance(reply.get("data"), str):
        assert file == b"ABC"
        reply["data"] = ""
    else:
        assert file == b""
    assert rest == reply


def test_the_key_may_be_escaped_and_a_mark_may_come_first():
    """`data` is `data` however it is spelled, also behind a byte order mark."""
    assert decoded(b'\xef\xbb\xbf{"\\u0064ata":"QUJD"}', 1)[0] == b"ABC"


@pytest.mark.parametrize(
    "answer",
    [
        b'{"data":"QUJ*"}',
        b'{"data":"Q"}',
        b'{"data":"QUJDR"}',
        b'{"data":"=QUJ"}',
        b'{"data":"QQ==QUJD"}',
        b'{"data":"QQ=Q"}',
        b'{"data":"QQ===="}',
        b'{"data":"QUJ\\\\"}',
        b'{"data":"QU\\"JD"}',
        b'{"data":"QUJ\\b"}',
        b'{"data":"QUJ\\u00e9"}',
        b'{"data":"QUJ\\u00"}',
        b'{"data":"QUJ\\uzzzz"}',
        b'{"data":"QUJ-_w=="}',
        b'{"data":"QUJ\xc3\xa9"}',
        b'{"data":"QUJD","data":"QUJD"}',
        b'{"\\ud":"x"}',
        b'{"data":"QUJD"',
        b'{"data":"QUJD',
        b'{"data":"QUJD\\',
        b'{"data":"QUJD"}}',
        b'{"data":"QUJD"}{"data":1}',
        b'{"x":1 "data":"QUJD"}',
        b'["data":"QUJD"]',
        b'["QUJD"]',
        b'"data"',
        b"{",
        b"",
        b"\xff\xfe{}",
        b'{"a":\xff}',
        b"<html><body>502 Bad Gateway</body></html>",
        b"[" * 100_000,
        '{"data":"QUJD"}'.encode("utf-16"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_no_json_with_base64_is_refused(answer, size):
    """Broken base64, broken JSON and answers cut short all end in one error."""
    with pytest.raises(StreamBroken):
        decoded(answer, size)


def test_padding_may_be_followed_by_blanks_only():
    """A line end after the padding is harmless, here or in the next piece; more data is not."""
    assert decoded(b'{"data":"QQ==\\r\\n"}', 1)[0] == b"A"
    stream = DataStream()
    stream.feed(b'{"data":"QQ==')
    stream.feed(b"\\n")
    with pytest.raises(StreamBroken, match="after its padding"):
        stream.feed(b"QUJD")


def test_the_rest_is_bounded():
    """An answer that is not what it should be cannot fill the memory."""
    stream = DataStream(limit=1000)
    stream.feed(b'{"html":"')
    with pytest.raises(StreamBroken, match="1000 bytes"):
        stream.feed(b"x" * 1000)


@pytest.mark.parametrize("there", ["null", "3", "{}", '["QUJD"]', '{"data":"QUJD"}'])
def test_data_that_is_no_string_is_left_in_the_rest(there):
    """Nothing is decoded where no string stands; the rest shows what stood there."""
    file, rest = decoded(f'{{"data":{there}}}'.encode(), 3)
    assert file == b""
    assert rest["data"] == json.loads(there)


@pytest.mark.parametrize(("spelling", "times"), [("plain", 5), ("mime", 10)])
def test_a_large_file_streams_fast_and_flat(spelling, times):
    """16 MB in pieces of 64 KB pass nearly as fast as in one, in a few hundred KB of memory."""
    file = bytes(range(256)) * (1 << 16)
    answer = answer_of(file, spell=SPELLINGS[spelling])
    pieces = [answer[at : at + 65_536] for at in range(0, len(answer), 65_536)]

    def streamed() -> None:
        stream = DataStream()
        assert sum(len(stream.feed(piece)) for piece in pieces) == len(file)

    encoded = base64.b64encode(file)
    assert quickest(streamed) < times * quickest(partial(base64.b64decode, encoded))

    stream = DataStream()
    tracemalloc.start()
    for piece in pieces[:50]:
        stream.feed(piece)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
