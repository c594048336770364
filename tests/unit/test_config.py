"""A configuration is read whole or refused with all its problems."""

import tempfile
from datetime import timedelta
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.config import Config, Fetch, load, starter
from edge_node.domain.document import Organization, Priority
from edge_node.domain.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"

REQUIRED = """\
agency:
  code: H37.02
  name: Ủy ban nhân dân xã Mẫu
axis:
  url: https://ltvb.example.gov.vn
  secret_file: secret
folders:
  data: data
"""

A_RULE = """\
intake:
  rules:
    - match: '(?P<number>\\d+)_(?P<notation>.+)_(?P<day>[^_]+)\\.pdf'
      type: Công văn
      subject: "Văn bản {number}/{notation}"
      to: [H37.01]
"""


def written(folder, text):
    path = folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(folder, text):
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text))
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def instead(**lines):
    """Return the required keys with some of their lines written otherwise."""
    text = REQUIRED
    for key, line in lines.items():
        before = next(old for old in text.splitlines() if old.strip().startswith(f"{key}:"))
        text = text.replace(before, line)
    return text


def test_the_keys_without_a_default_are_enough(tmp_path):
    """Four lines make a node; what follows from them is filled in."""
    config = load(written(tmp_path, REQUIRED))

    assert config.agency.organization == Organization(code="H37.02", name="Ủy ban nhân dân xã Mẫu")
    assert config.axis.system_id == "H37.02"
    assert config.axis.secret_file == str(tmp_path / "secret")
    assert config.folders.data == tmp_path / "data"
    assert config.folders.exchange == tmp_path / "data" / "exchange"
    assert config.folders.quarantine == tmp_path / "data" / "spool" / "quarantine"


def test_what_is_written_is_what_is_read(tmp_path):
    """Durations, sizes, words and truths arrive as values with their units."""
    config = load(
        written(
            tmp_path,
            REQUIRED
            + "intake: {quiet: 500ms, scan_every: 2h}\n"
            + "limits: {attachment: 1GB, package: 2GB, unpacked: 3GB}\n"
            + "push: {retry_ceiling: 3d, attempts: 7}\n"
            + "report: {receipts: no}\n",
        )
    )

    assert config.intake.quiet == timedelta(milliseconds=500)
    assert config.intake.scan_every == timedelta(hours=2)
    assert config.limits.attachment == 1024**3
    assert config.push.retry_ceiling == timedelta(days=3)
    assert config.push.attempts == 7
    assert config.report.receipts is False


def test_a_text_is_what_stands_there_even_when_yaml_sees_a_number(tmp_path):
    """A telephone number keeps its zero, a code its dots, and a house may be called No."""
    text = instead(code="  code: 001.00", name="  name: No") + "language: en\n"
    config = load(written(tmp_path, text.replace("axis:", "  telephone: 0243123456\naxis:")))

    assert config.agency.code == "001.00"
    assert config.agency.name == "No"
    assert config.agency.telephone == "0243123456"


def test_a_name_is_read_in_one_form(tmp_path):
    """Letters typed with loose accents (NFD) become the usual ones (NFC)."""
    loose = instead(name="  name: U\u0309y ban")

    assert load(written(tmp_path, loose)).agency.name == "\u1ee6y ban"


def test_a_key_without_a_value_is_as_good_as_left_out(tmp_path):
    """Whoever comments all keys of a section out need not remove its head."""
    config = load(written(tmp_path, REQUIRED + "intake:\nlog:\n  # level: debug\n"))

    assert config == load(written(tmp_path, REQUIRED))


def test_a_file_saved_by_notepad_is_read(tmp_path):
    """A byte order mark and Windows line ends are no problem."""
    config = load(written(tmp_path, b"\xef\xbb\xbf" + REQUIRED.replace("\n", "\r\n").encode()))

    assert config.agency.code == "H37.02"


def test_a_credential_of_systemd_is_kept_by_its_name(tmp_path):
    """What is not a path must not be turned into one."""
    text = instead(secret_file="  secret_file: credential:axis-secret")

    assert load(written(tmp_path, text)).axis.secret_file == "credential:axis-secret"


def test_document_types_join_the_table_built_in(tmp_path):
    """An agency adds a kind or renumbers one, and keeps the rest."""
    more = "package:\n  document_types:\n    Giấy mời: 25\n    Công văn: 2\n"
    types = load(written(tmp_path, REQUIRED + more)).package.document_types

    assert (types["Giấy mời"], types["Công văn"], types["Nghị quyết"]) == (25, 2, 1)


def test_a_rule_for_bare_files_is_read(tmp_path):
    """A pattern is compiled, the rest of the rule has its defaults."""
    (rule,) = load(written(tmp_path, REQUIRED + A_RULE + "      priority: Hỏa tốc\n")).intake.rules

    assert rule.match.fullmatch("12_UBND-VP_2026-11-21.pdf")["notation"] == "UBND-VP"
    assert rule.to == ("H37.01",)
    assert rule.date_format == "%Y-%m-%d"
    assert rule.priority is Priority.EXPRESS


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/api/",
        "http://127.8.9.10",
        "http://[::1]:8080",
        "http://localhost:1",
        "https://ltvb.langson.gov.vn:8443/vxp",
    ],
)
def test_an_axis_on_this_machine_needs_no_tls(tmp_path, url):
    """Anywhere https, http to the loopback addresses; the last slash does not count."""
    config = load(written(tmp_path, instead(url=f"  url: '{url}'")))

    assert config.axis.url == url.rstrip("/")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "  url: http://ltvb.example.gov.vn",
            (
                "axis.url: expected an https address (http sends documents readable to everybody"
                " on the way), found 'http://ltvb.example.gov.vn'"
            ),
        ),
        ("  url: http://127.0.0.1.evil.vn", "axis.url: expected an https address (http sends"),
        ("  url: http://192.168.1.5", "axis.url: expected an https address (http sends"),
        ("  url: 'http://[fe80::1]'", "axis.url: expected an https address (http sends"),
        ("  url: http://2130706433", "axis.url: expected an https address (http sends"),
        ("  url: ftp://127.0.0.1", "axis.url: expected an https address such as https://ltvb"),
        ("  url: https://", "axis.url: expected an https address such as https://ltvb"),
        ("  url: 'https://[::1'", "axis.url: expected an https address such as https://ltvb"),
        ("  url: https://a:99999", "axis.url: expected an https address such as https://ltvb"),
        ("  url: 'https://a b'", "axis.url: expected an https address such as https://ltvb"),
    ],
)
def test_an_address_that_is_not_safe_or_none_is_refused_with_the_reason(tmp_path, line, expected):
    """Only a host that is this very machine may be spoken to without TLS."""
    (problem,) = problems(tmp_path, instead(url=line))

    assert problem.startswith(f"config.yaml:5: {expected}")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "axis: {connect_timeout: soon}",
            (
                "axis.connect_timeout: expected a duration such as 10s, 5m, 2h or 3d, longer than"
                " 0s, found 'soon'"
            ),
        ),
        ("axis: {connect_timeout: 10}", "longer than 0s, found '10'"),
        ("pull: {every: 0s}", "longer than 0s, found '0s'"),
        ("limits: {package: 100}", "expected a size such as 500KB, 50MB or 1GB, found '100'"),
        ("limits: {package: 0MB}", "found '0MB'"),
        ("limits: {attachments: 010}", "expected a whole number from 1 to 10000, found '010'"),
        ("limits: {attachments: '10'}", "expected a whole number from 1 to 10000, found '10'"),
        ("limits: {attachments: many}", "expected a whole number from 1 to 10000, found 'many'"),
        ("package: {steering_type: 10}", "expected a whole number from 0 to 9, found '10'"),
        ("package: {document_types: [a]}", "expected names with values, found a list"),
        ("package: {document_types: {a: b}}", "package.document_types.a: expected a whole number"),
        ("report: {receipts: 'true'}", "report.receipts: expected true or false, found 'true'"),
        ("language: fr", "language: expected one of vi, en, found 'fr'"),
        ("log: loud", "log: expected keys with values, found a single value"),
        ("log: {level: [a]}", "expected one of debug, info, warning, error, found a list"),
        ("log: {level: {a: b}}", "error, found keys with values"),
        ("folders: {data: ~/x}", "folders.data: expected a path written out in full"),
        ('folders: {data: "a\\nb"}', "folders.data: expected a path, absolute or relative"),
        ("agency: {code: H 37}", "agency.code: expected an agency code such as H37.02"),
        ('agency: {name: "a\\tb"}', "agency.name: expected one line of text without control"),
        ("agency: {name: ' '}", "agency.name: expected a name, found ' '"),
        ("agency: {aliases: H37}", "agency.aliases: expected a list, found a single value"),
        ("agency: {aliases: [H37, '?']}", "agency.aliases[1]: expected an agency code such as"),
        ("intake: {rules: x}", "intake.rules: expected a list, found a single value"),
        ("intake: {rules: [x]}", "intake.rules[0]: expected keys with values, found a single"),
        ("trust: {revocation: often}", "expected one of required, if_possible, never, found"),
        ("trust: {minimum_rsa: 512}", "expected a whole number from 1024 to 16384, found '512'"),
        ("trust: {hosts: {'a b': c}}", "expected the name of a host such as ocsp.example.gov.vn"),
        ("trust: {hosts: {a.vn: 'b:x'}}", "expected a host, or host:port, such as 10.0.0.5:8080"),
        ("trust: {hosts: {a.vn: http://b}}", "found 'http://b'"),
        ("trust: {private: [10.0.0.1/8]}", "expected a network such as 10.0.0.0/8, or an address"),
        ("stamps: {servers: [{url: ftp://a}]}", "expected an http or https address such as"),
        (
            "stamps: {servers: [{url: 'http://u:p@a.vn'}]}",
            "without user name or #, found 'http://…@a",
        ),
        (
            "retention: {sent: 89d}",
            "expected a duration from 90d to 36500d, such as 1825d, found '89d'",
        ),
        ("retention: {failed: 999999d}", "expected a duration from 90d to 36500d, such as 1825d"),
        ("retention: {taken: ever}", "retention.taken: expected a duration from 90d"),
        ("stamps: {policy: gold}", "expected an object identifier such as 1.3.6.1.4.1.4146.2.3"),
        ("stamps: {hash: md5}", "expected one of sha256, sha384, sha512, found 'md5'"),
    ],
)
def test_a_value_that_is_not_of_its_kind_is_refused(tmp_path, line, found):
    """A problem says where, what was expected and what was found."""
    said = problems(tmp_path, "\n" + line)

    assert any(problem.startswith("config.yaml:2: ") and found in problem for problem in said)


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("(?P<number>", "(?P<number", 11, "expected a regular expression (this one is not: "),
        ("(?P<number>", "[[a](?P<number>", 11, "expected a regular expression (this one is not: "),
        ("(?P<day>", "(?P<dya>", 11, "expected only the groups day, month, notation, number, to,"),
        ("(?P<day>", "(?P<year>", 11, "expected the groups (?P<number>…), (?P<notation>…) and"),
        ("{number}", "{subject}", 13, "expected a text in which only {number} {notation} {name}"),
        ("{number}", "{number", 13, "expected a text in which only {number} {notation} {name}"),
        ("{number}", "{number.x}", 13, "expected a text in which only {number} {notation} {name}"),
        ("[H37.01]", "[H37.01, ' ']", 14, "rules[0].to[1]: expected an agency code"),
        ("[H37.01]", "[]", 14, "rules[0].to: missing, and the pattern has no group `to`"),
        ("Công văn", "Cong van", 12, "expected one of package.document_types, such as Công văn"),
        (
            "to: [H",
            "dat_format: a\n      to: [H",
            14,
            "the nearest is intake.rules[0].date_format",
        ),
        ("to: [H", "date_format: '%d'\n      to: [H", 14, "expected a form of dates such as %Y-"),
        ("to: [H", "date_format: '%'\n      to: [H", 14, "expected a form of dates such as %Y-"),
        ("to: [H", "priority: gấp\n      to: [H", 14, "expected thường, khẩn, thượng khẩn, hỏa"),
    ],
)
def test_a_rule_that_could_never_work_is_refused(tmp_path, old, new, line, found):
    """A mistake in a rule shows when the node starts, not when a document waits."""
    (problem,) = problems(tmp_path, REQUIRED + A_RULE.replace(old, new))

    assert problem.startswith(f"config.yaml:{line}: intake.rules[0].") or "no such key" in problem
    assert found in problem


def test_a_key_nobody_knows_is_refused_with_the_nearest(tmp_path):
    """A misspelt key is never silently a default; one in the wrong section is sent home."""
    text = REQUIRED + "push:\n  retry_frist: 1m\nsystem_id: H37.02\nzzz: 1\n<<: 2\n"

    assert problems(tmp_path, text) == [
        "config.yaml:10: no such key push.retry_frist, the nearest is push.retry_first",
        "config.yaml:11: no such key system_id, the nearest is axis.system_id",
        "config.yaml:12: no such key zzz",
        "config.yaml:13: no such key <<",
    ]


def test_a_key_written_twice_is_refused(tmp_path):
    """Of two values nobody could tell which one is meant."""
    text = REQUIRED + "push:\n  lease: 1h\n  attempts: 3\n  lease: 2h\npush:\n  lease: 3h\n"

    assert problems(tmp_path, text) == [
        "config.yaml:12: push.lease stands here a second time, after line 10",
        "config.yaml:13: push stands here a second time, after line 9",
    ]


def test_every_missing_key_is_named(tmp_path):
    """An empty file is told all it lacks."""
    assert [problem.split(":")[2] for problem in problems(tmp_path, "# nothing yet\n")] == [
        " agency.code",
        " agency.name",
        " axis.url",
        " axis.secret_file",
        " folders.data",
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path):
    """One run is enough to mend the whole file."""
    text = REQUIRED.replace("H37.02", "'?'").replace("data: data", "dta: data")
    found = problems(tmp_path, text + "push: {lease: 1s, attempts: none}\n")

    assert [problem.split(" expected")[0] for problem in found] == [
        "config.yaml:2: agency.code:",
        "config.yaml:7: folders.data: missing,",
        "config.yaml:8: no such key folders.dta, the nearest is folders.data",
        "config.yaml:9: push.attempts:",
        (
            "config.yaml:9: axis.total_timeout: push.lease must be at least 700s, because a lease"
            " that ends during the call lets a document be sent twice"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("push: {retry_first: 1h}", "push.retry_first: must not be more than push.retry_ceiling"),
        ("intake: {quiet: 1h}", "intake.quiet: must not be more than intake.settle_timeout"),
        ("push: {lease: 699s}", "axis.total_timeout: push.lease must be at least 700s"),
        (
            "limits: {package: 60MB}",
            "limits.package: must be at least a third more than limits.at",
        ),
        ("limits: {unpacked: 1MB}", "limits.attachment: must not be more than limits.unpacked"),
        (
            "stamps: {servers: [{url: https://a.vn, user: a}]}",
            "stamps.servers[0].password_file: missing: user and password_file belong together",
        ),
        (
            "stamps: {servers: [{url: http://a.vn, user: a, password_file: b}]}",
            "stamps.servers[0].url: must be https, because http sends the password readable",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(tmp_path, text, found):
    """The line is that of the key that was written, the words say why."""
    (problem,) = problems(tmp_path, REQUIRED + text)

    assert problem.startswith(f"config.yaml:9: {found}")


def test_hosts_that_certificates_name_are_found_elsewhere(tmp_path):
    """Names are compared as hosts are, in small letters; where they lead may have a port."""
    text = "trust: {hosts: {OCSP.ca.gov.vn: 10.0.0.5:8080}, private: [10.0.0.0/8, 'fd00::/8']}"
    trust = load(written(tmp_path, REQUIRED + text)).trust

    assert trust.hosts == {"ocsp.ca.gov.vn": "10.0.0.5:8080"}
    assert [str(network) for network in trust.private] == ["10.0.0.0/8", "fd00::/8"]


def test_a_time_stamp_server_on_this_machine_may_have_a_password_without_tls(tmp_path):
    """Nobody is on the way there."""
    servers = "[{url: 'http://127.0.0.1:318/', user: a, password_file: b}]"
    (server,) = load(written(tmp_path, f"{REQUIRED}stamps: {{servers: {servers}}}")).stamps.servers

    assert (server.user, server.password_file) == ("a", str(tmp_path / "b"))


@pytest.mark.parametrize(
    ("key", "lease"),
    [("total_timeout: 14m", "964s"), ("connect_timeout: 9m", "1230s")],
)
def test_a_lease_outlasts_a_probe_and_a_call(tmp_path, key, lease):
    """A send to an axis that was down is a probe first: both must end within one lease."""
    text = REQUIRED.replace("  secret_file", f"  {key}\n  secret_file")
    (problem,) = problems(tmp_path, text)
    assert f"push.lease must be at least {lease}, because" in problem


@pytest.mark.parametrize("exchange", [".", "data", "data/spool", "data/spool/exchange"])
def test_the_exchange_folder_lies_apart_from_what_is_private(tmp_path, exchange):
    """The document software must not be led into the node's own folders."""
    (problem,) = problems(tmp_path, REQUIRED + f"  exchange: {exchange}\n")

    assert problem.startswith("config.yaml:9: folders.exchange: must not ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"a: [b\nc: d", "config.yaml:2: expected ',' or ']', but got ':'"),
        (b"a:\n\tb: c", "config.yaml:2: a tab; lines are indented by spaces"),
        (b"name: a: b", "config.yaml:1: mapping values are not allowed here"),
        (b"a: 1\n---\nb: 2", "config.yaml:2: but found another document"),
        (b"a: &x 1\nb: *x", "config.yaml:1: anchors and aliases (& and *) are not used here"),
        (b"\na: *x", "config.yaml:2: anchors and aliases (& and *) are not used here"),
        (b"a: !!python/object/apply:os.getpid []", "config.yaml:1: tags (!) are not used here"),
        (b"a: " + b"[" * 90_000, "config.yaml:1: nested too deeply"),
        (b'\na: "\\U99999999"', "config.yaml:2: a character that may not stand here"),
        (b'\na: "\\U00110000"', "config.yaml:2: a character that may not stand here"),
        (b"\na: \x07", "config.yaml:2: a character that may not stand here"),
        (b"\na: \xff", "config.yaml:2: a character that is not UTF-8"),
        (b"#" * 300_000, "config.yaml: more than 256 KB"),
        (b"- a\n- b\n", "config.yaml:1: expected keys with values, found a list"),
        (b"agency", "config.yaml:1: expected keys with values, found a single value"),
        (b"? [a]\n: b", "config.yaml:1: expected a key, found a list"),
    ],
)
def test_what_is_not_a_plain_yaml_file_is_refused_with_its_line(tmp_path, text, problem):
    """Whatever the file is, its reader gets a line and a sentence."""
    assert problem in problems(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    """The hint tells how to come by one."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml")

    assert [str(p) for p in caught.value.problems] == [
        f"{tmp_path}/none.yaml: No such file or directory"
    ]
    assert "edge-node init" in str(caught.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        instead(secret_file="  secret_file: credential:hunter2 is it"),
        instead(secret_file="  secret_file: [hunter2]"),
        instead(secret_file='  secret_file: "hunter2\\0"'),
        instead(url="  url: https://me:hunter2@ltvb.example.gov.vn"),
        instead(url="  url: https://ltvb.example.gov.vn/?key=hunter2"),
        REQUIRED + "  secret: hunter2\n",
        REQUIRED.replace("axis:\n", "axis: hunter2\n").replace("  url", "url"),
    ],
)
def test_a_secret_written_in_the_wrong_place_is_not_repeated(tmp_path, text):
    """Problems end in terminals and tickets; what may be a secret stays out of them."""
    assert problems(tmp_path, text)
    assert not any("hunter2" in problem for problem in problems(tmp_path, text))


def test_a_long_value_is_shown_shortened(tmp_path):
    """A problem is one line on a screen, whatever was pasted."""
    (problem,) = problems(tmp_path, REQUIRED + f"language: {'x' * 5000}\n")

    assert problem.endswith(f"found '{'x' * 39}…'")


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(NAMES.filter(str.strip))
def test_the_first_configuration_can_be_read_whatever_the_agency_is_called(name):
    """Quotes, colons, braces and other scripts in a name do not break the file `init` writes."""
    text = starter(
        code="H37.02",
        name=name,
        url="https://ltvb.example.gov.vn",
        secret_file="/etc/edge-node/secret",
        data=Path("/var/lib/edge-node"),
    )
    with tempfile.TemporaryDirectory() as folder:
        config = load(written(Path(folder), text))
    plain = load(EXAMPLE)

    assert config.agency.name == normalize("NFC", name.strip())
    assert (config.axis, config.folders) == (plain.axis, plain.folders)


def stripped_example():
    lines = EXAMPLE.read_text(encoding="utf-8").replace("rules: []", "").splitlines()
    rules = [line.replace("  # ", "  ", 1) for line in lines if line.startswith("  #  ")]
    body = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    rows = [place for place, line in enumerate(body) if line.startswith("    ")]
    later = [place for place in rows if {place - 1, place - 2} <= set(rows)]  # two of each table
    body = [line for place, line in enumerate(body) if place not in later]
    at = body.index("package:")
    rules = [line for line in rules if not line.strip().startswith("#")]
    return "\n".join([*body[:at], "  rules:", *rules, *body[at:]]) + "\n"


PLAIN = stripped_example()
PIECES = st.sampled_from(
    [
        *"\n :-[]{}\"'#&*!|>%@`,?\t\\\0\x85\ufeff",
        *("  ", "\n  ", "null", "999999999999", "1e999", "~", "!!int ", "- ", ": ", "<<: "),
        *("\\U99999999", "0x_", "0o9", "1:60", "2026-99-99", "[[[[", "}"),
    ]
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 12), PIECES | st.text(max_size=3)),
    min_size=1,
    max_size=4,
)


def read(path):
    """Return the Config, or None and its problems."""
    try:
        return load(path), ()
    except ConfigError as error:
        return None, error.problems


def edited(text, edits):
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]
    return text.encode("utf-8", "surrogatepass")


def test_the_text_that_is_mutated_is_itself_in_order(tmp_path):
    """The next test starts from a configuration that loads and has a rule."""
    assert len(load(written(tmp_path, PLAIN)).intake.rules) == 1


@settings(max_examples=1000, deadline=None)
@given(EDITS)
def test_no_edit_of_a_configuration_does_worse_than_a_config_error(edits):
    """A slip of the hand gives a Config or problems with a place, never a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), edited(PLAIN, edits))
        config, found = read(path)

    assert isinstance(config, Config) or found
    assert all(str(problem).startswith(f"{path}:") for problem in found)


def test_enumerations_can_be_compared_with_the_words_of_the_file(tmp_path):
    """Other storeys have enumerations of their own and look the word up."""
    config = load(written(tmp_path, REQUIRED.replace("axis:", "axis:\n  fetch: getEdoc")))

    assert config.axis.fetch is Fetch.GET
    assert config.axis.fetch == "getEdoc"
