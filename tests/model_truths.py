"""
What must be true of two agencies and an axis, whatever happened: `tests/flows/test_model.py` asks.

`always` holds after every step, `at_rest` once everything was mended and nothing moves any more.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from model_axis import NOBODY, Stage
from model_world import Side, Unit

from edge_node.domain.message import thaw

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from model_world import Dropped, Unforeseen

    from edge_node.sandbox.faults_rules import Rule

_WITH_THE_AXIS: Final = {"accepted", "delivered"}
_RANKS: Final = ("", "01", "03", "06")
# The axis itself does not tell what it has: under the policy `resend` a document that met silence
# may be accepted twice then (docs/adr/0019-what-stays-unsure.md).
FORGETFUL: Final = {"forget-sent", "list-late", "answer-after-give-up"}
# After these a document may be dropped again for that receiver.
_ENDED: Final = {"refused", "dead"}


def _lies(rule: Rule) -> bool:
    """Tell whether the axis says no, in words nobody doubts, to what it has taken."""
    busy = rule.fault == "error" and rule.http == HTTPStatus.SERVICE_UNAVAILABLE
    return rule.after and (busy or rule.fault == "unknown-code")


class Truths:
    """The facts of one play, and what must be true of them."""

    def __init__(self, stage: Stage, sides: Sequence[Side], unforeseen: Unforeseen) -> None:
        """Look at these agencies on this stage from now on."""
        self._stage, self._sides, self._unforeseen = stage, sides, unforeseen
        self._strikes = max((strike.number for strike in stage.faults.strikes), default=0)
        self._ranks: dict[tuple[str, str, str], int] = {}
        self.asks = False  # the policy: a person decides about what is unsure
        self.clock_wrong = False  # a node's clock has been off by more than a month
        self._taken_in: dict[tuple[str, str], dict[Unit, str]] = {}  # states, by side and document

    # ── after every step ─────────────────────────────────────────────────────────────────────

    def always(self) -> None:
        """Look at what holds at every moment, power or no power."""
        for record in self._unforeseen.said:
            assert record.exc_info is not None
            raise AssertionError("something unforeseen") from record.exc_info[1]
        for side in self._sides:
            self._drops_are_whole(side)
            self._nothing_comes_twice(side)
            self._statuses_go_forward(side)
            self._nothing_is_taken_in_twice(side)
        self._nothing_is_accepted_twice()

    def _drops_are_whole(self, side: Side) -> None:
        places = side.places()
        for ref, drop in side.drops.items():
            found = places.get(ref, [])
            assert len(found) == 1, f"{ref} lies in {found}"
            for name, content in drop.files.items():
                assert (found[0] / name).read_bytes() == content, f"{ref}: {name} is another"

    def _nothing_comes_twice(self, side: Side) -> None:
        twice = [unit for unit, n in Counter(unit for _, unit in side.had()).items() if n > 1]
        assert not twice, f"{side} got twice: {twice}"
        ids = Counter(item for item, _ in side.had())
        assert set(ids.values()) <= {1}, f"{side} got one id twice: {ids}"

    def _statuses_go_forward(self, side: Side) -> None:
        for row in side.ask("select item, receiver, status from fates"):
            key = (side.code, row["item"], row["receiver"])
            rank = _RANKS.index(row["status"])
            assert rank >= self._ranks.get(key, 0), f"{key} went back to {row['status']}"
            self._ranks[key] = rank

    def _nothing_is_taken_in_twice(self, side: Side) -> None:
        """See that nothing is taken in that was, and may be with the receiver."""
        rows = side.ask(
            "select d.id, d.ref, f.receiver, f.state"
            " from documents d join fates f on f.item = d.id order by d.rowid"
        )
        before, now = self._taken_in, dict[tuple[str, str], dict[Unit, str]]()
        for row in rows:
            unit = side.unit(side.drops[row["ref"]], row["receiver"])
            now.setdefault((side.code, row["id"]), {})[unit] = row["state"]
        seen: list[tuple[str, str]] = []
        for key, units in now.items():
            for unit in units if key not in before else ():
                stood = [{before.get(old, {}).get(unit), now[old].get(unit)} for old in seen]
                twice = [key for states in stood if states - {None} and not states & _ENDED]
                assert not twice, f"{unit} was taken in again while it stood as {stood}"
            seen.append(key)
        before.update(now)

    def _nothing_is_accepted_twice(self) -> None:
        for side in self._sides:
            allowed, named = self._allowed(side)
            for unit, sends in self._sends(side, named).items():
                most = allowed[unit] + side.resent.get(unit, 0)
                if sends > most and not self._excused(side):
                    raise AssertionError(f"{unit} was accepted {sends} times, {most} were meant")

    def _allowed(self, side: Side) -> tuple[Counter[Unit], dict[str, str]]:
        """Return how often each document may be at each receiver, and whose a package is."""
        rows = side.ask("select d.ref, f.receiver from documents d join fates f on f.item = d.id")
        allowed = Counter(side.unit(side.drops[row["ref"]], row["receiver"]) for row in rows)
        packages = side.ask(
            "select e.digest, d.ref from envelopes e join documents d on d.id = e.item"
            " where e.message = 'edoc'"
        )
        return allowed, {row["digest"]: row["ref"] for row in packages}

    def _sends(self, side: Side, named: dict[str, str]) -> Counter[Unit]:
        found: Counter[Unit] = Counter()
        for row in self._deliveries(side.code):
            assert row["sha256"] in named, f"the axis has a package {side} does not know"
            found[side.unit(side.drops[named[row["sha256"]]], row["receiver"])] += 1
        return found

    def _deliveries(self, sender: str, message: str = "edoc") -> list[sqlite3.Row]:
        return self._stage.world.rows(
            "select s.sha256, s.document_id, s.status_code, d.doc_id, d.receiver, d.status"
            " from sends s join deliveries d on d.send = s.id"
            " where s.sender = ? and s.message_type = ?",
            sender,
            message,
        )

    def _excused(self, side: Side) -> bool:
        """Tell whether the axis, or a clock, has led this node to send something twice."""
        struck = [
            strike.rule
            for strike in self._stage.faults.strikes
            if strike.number > self._strikes and strike.passing.caller == side.code
        ]
        forgot = self.clock_wrong or any(rule.fault in FORGETFUL for rule in struck)
        return any(map(_lies, struck)) or (forgot and not self.asks)

    # ── at the end ───────────────────────────────────────────────────────────────────────────

    def is_quiet(self) -> bool:
        """Tell whether nothing is left to be done, or to be heard of a receiver that runs."""
        codes = [side.code for side in self._sides]
        busy = any(
            side.ask("select 1 from work limit 1")
            or side.ask(
                "select 1 from fates where state = 'accepted' and receiver in (?, ?)", *codes
            )
            for side in self._sides
        )
        waiting = self._stage.world.rows(
            "select 1 from deliveries where receiver in (?, ?) and status = 'initial'", *codes
        )
        return not busy and not waiting

    def at_rest(self) -> None:
        """Look at what holds once everything was mended and had its time."""
        for side in self._sides:
            self._hygiene(side)
            for drop in side.drops.values():
                self._lies_where_it_belongs(side, drop)
            self._everything_arrived(side)
            self._is_told(side)
        self._every_delivery_is_known()

    def _hygiene(self, side: Side) -> None:
        config = side.desk.config
        left = side.ask("select * from work")
        assert not left, f"{side} never finishes {[dict(row) for row in left]}"
        assert side.ask("pragma integrity_check")[0][0] == "ok"
        held = side.desk.node.sends.held()
        assert held is None, f"{side} holds back all sending: {held}"
        assert not list((config.folders.spool / "tmp").iterdir())
        assert not _files(config.folders.spool / "claims")
        hidden = [path for path in _files(side.desk.exchange) if path.name.startswith(".")]
        assert [path.name for path in hidden] == [".edge-node"], hidden
        hour = datetime.now(UTC) + timedelta(hours=1)
        spool, queue = side.desk.node.spool, side.desk.queue
        spool.sweep_packages(queue.names_package, before=hour)
        named = side.ask(
            "select digest from envelopes where message = 'edoc'"
            " union select digest from incoming where message = 'edoc' and digest <> ''"
        )
        stored = {path.parent.name + path.name for path in _files(spool.root / "packages")}
        assert stored == {row["digest"] for row in named}

    def _lies_where_it_belongs(self, side: Side, drop: Dropped) -> None:
        (place,) = side.places()[drop.ref]
        top = place.relative_to(side.desk.exchange).parts[0]
        row = side.ask("select id from documents where ref = ?", drop.ref)
        if drop.flaw == "secret":
            assert top == "outbox"
            assert not row
            return
        if not row:
            assert top == "failed", f"{drop.ref} is not in the queue, and lies in {place}"
            why = json.loads((place / "error.json").read_bytes())
            assert why["error"], why
            assert why["message"], why
            assert drop.flaw or why.get("duplicate_of"), f"{drop} is refused: {why}"
            return
        fates = side.ask("select receiver, state, reason from fates where item = ?", row[0]["id"])
        states = {fate["state"] for fate in fates}
        assert not states & {"queued", "unsure"}, f"{drop.ref}: {states} at rest"
        for fate in fates:
            settled = fate["state"] in _WITH_THE_AXIS or str(thaw(fate["reason"]))
            assert settled, f"{drop.ref} is {fate['state']} for no reason"
        meant = "sent" if states & _WITH_THE_AXIS else "queued" if "held" in states else "failed"
        assert top == meant, f"{drop.ref} is {states} and lies in {place}"
        assert (place / "error.json").exists() == (meant == "failed")
        told = json.loads((place / "status.json").read_bytes())
        assert {each["state"] for each in told["receivers"]} == states, told

    def _everything_arrived(self, side: Side) -> None:
        """Every receiver that runs a node has what was sent, once, or has set it aside."""
        for other in self._sides:
            had = Counter(unit for _, unit in other.had())
            aside = self._set_aside(side, other)
            for drop in side.drops.values():
                row = side.ask(
                    "select f.state from fates f join documents d on d.id = f.item"
                    " where d.ref = ? and f.receiver = ?",
                    drop.ref,
                    other.code,
                )
                if not row or row[0]["state"] not in _WITH_THE_AXIS:
                    continue
                there = Unit(side.code, side.unit(drop, "").document_id, drop.files["cv.pdf"])
                known = had[there] == 1 or side.unit(drop, other.code) in aside
                assert known, f"{drop.ref} never came to {other}, and is {row[0]['state']}"
                assert row[0]["state"] == "delivered", f"{drop.ref} is {row[0]['state']} for ever"

    def _set_aside(self, side: Side, other: Side) -> set[Unit]:
        _, named = self._allowed(side)
        units = set()
        for row in self._deliveries(side.code):
            if row["receiver"] == other.code:
                found = other.ask(
                    "select state, reason from incoming where axis_id = ?", row["doc_id"]
                )
                if found and found[0]["state"] == "quarantined":
                    assert str(thaw(found[0]["reason"]))
                    units.add(side.unit(side.drops[named[row["sha256"]]], other.code))
        return units

    def _every_delivery_is_known(self) -> None:
        codes = {side.code: side for side in self._sides}
        for sender in self._sides:
            for message in ("edoc", "status"):
                for row in self._deliveries(sender.code, message):
                    side = codes.get(row["receiver"])
                    if side is None:
                        assert row["receiver"] == NOBODY
                        continue
                    found = side.ask("select state from incoming where axis_id = ?", row["doc_id"])
                    assert found, f"{side} never fetched {dict(row)}"
                    assert found[0]["state"] in {"delivered", "taken", "repeated", "quarantined"}

    def _is_told(self, side: Side) -> None:
        """Its receipts say 01 of all that was handed over elsewhere, and fates the last word."""
        receipts = side.desk.receipts()
        for other in self._sides:
            sql = (
                "select i.id, i.document_id, i.state from incoming i where i.message = 'edoc'"
                " and i.sender = ? and i.state in ('delivered', 'taken') and not exists"
                " (select 1 from envelopes e where e.item = i.id and e.state <> 'accepted')"
            )
            for row in other.ask(sql, side.code):
                words = {
                    told["status"]
                    for told in receipts
                    if told.get("from") == other.code and told["document_id"] == row["document_id"]
                }
                said = {code for item, code in other.reported if item == row["id"]}
                assert "01" in words, f"{side} is not told that {row['document_id']} arrived"
                for (item, code), file in other.reported.items():
                    if item != row["id"]:
                        continue
                    if (other.desk.exchange / "statuses/done" / file).exists():
                        assert code in words, f"{side} is not told {code} of {item}"
                    else:  # it would have led back
                        assert (other.desk.exchange / "statuses/failed" / file).exists(), file
                        assert code < max(said)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
