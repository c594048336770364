"""
The words of the pages, by the names templates call them.

Each is a `Message`, so that the catalogues are gathered from here; a test compares the names with
those the templates use. What states and events are called is `domain.called`'s affair.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.called import STATES
from edge_node.domain.called_events import EVENTS
from edge_node.domain.message import say
from edge_node.domain.receipt import MEANINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.message import Message

WORDS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        # every page
        "skip": say("To the content"),
        "pages": say("Pages"),
        "other_language": say("Tiếng Việt"),
        "leave": say("Leave"),
        "overview": say("Overview"),
        "documents": say("Documents in and out"),
        "deadlines": say("Deadlines"),
        "papers": say("Registers and reports"),
        "agencies": say("Agencies"),
        "doctor": say("Doctor"),
        "trouble": say("That did not work"),
        "to_overview": say("To the overview"),
        "cure": say("What helps"),
        # the entrance
        "enter": say("Come in"),
        "your_name": say("Your name"),
        "your_name_note": say("The journal keeps it with everything you do."),
        "token": say("Token"),
        "token_note": say("Your administrator has it: edge-node web token."),
        "come_in": say("Come in"),
        # the overview
        "runs": say("the node runs"),
        "stopped": say("the node is stopped"),
        "axis": say("Axis"),
        "paused": say("sending is paused"),
        "canary": say("Canary"),
        "alarms": say("Alarms that are open"),
        "attention": say("To see to"),
        "stopped_long": say("The node is stopped: nothing is sent and nothing is fetched."),
        "stopped_cure": say("start it, for example: systemctl start edge-node@NAME"),
        "all_well": say("Nothing: all is well."),
        "outgoing": say("Outgoing"),
        "incoming": say("Incoming"),
        "today": say("Today"),
        "sent": say("handed over"),
        "received": say("received"),
        "today_chart": say("Documents handed over and received today, hour by hour"),
        "as_table": say("As a table"),
        "hour": say("Hour"),
        "nothing_today": say("nothing yet"),
        "all_of": say("All of it"),
        "nothing_open": say("Nothing is open."),
        # lists
        "by": say("By"),
        "what": say("What"),
        "number": say("Number"),
        "agency": say("Agency"),
        "search": say("Search"),
        "search_note": say("Words of the subject, a number, an id; with or without marks."),
        "direction": say("Direction"),
        "both_ways": say("both"),
        "state": say("State"),
        "any_state": say("any"),
        "find": say("Find"),
        "when": say("When"),
        "subject": say("Subject"),
        "to": say("sent to"),
        "from_": say("came from"),
        "more": say("There are more: narrow the search."),
        "older": say("Older ones"),
        "no_documents": say("No document is like that."),
        "only_late": say("Only what is late, or nearly"),
        "ours_all": say("All that we have to do"),
        "others": say("What receivers have to finish"),
        # one document
        "outgoing_one": say("outgoing document"),
        "incoming_one": say("incoming document"),
        "how_it_stands": say("How it stands"),
        "explained": say("The story in sentences"),
        "what_to_do": say("What you can do"),
        "acts": say("Acts"),
        "receivers": say("Receivers"),
        "timeline": say("What happened"),
        "by_whom": say("by"),
        "page_1": say("Page 1"),
        "page_1_of": say("Page 1 of"),
        "not_drawn": say(
            "Not shown: only page 1 of the first PDF is drawn; other kinds of files are not opened"
            " here. They lie in the folder of the document."
        ),
        "facts": say("Particulars"),
        "id": say("Id"),
        "date": say("Date"),
        "type": say("Type"),
        "reference": say("Reference"),
        "folder": say("Folder"),
        "taken_in": say("Taken in"),
        "axis_id": say("Id at the axis"),
        "received_on": say("Received on"),
        "destroyed": say("Destroyed"),
        "linked": say("Linked documents"),
        "signatures": say("Signatures"),
        "not_signed": say("not signed"),
        "v_valid": say("valid"),
        "v_invalid": say("not valid"),
        "v_unknown": say("nobody can tell"),
        # acts
        "why_you": say("Why you do it (the journal keeps it)"),
        "sure": say("I know that this cannot be taken back"),
        "act_resend": say("Send again"),
        "note_resend": say("Puts it back into the queue, under the same DocumentId."),
        "do_resend": say("Send again"),
        "act_anew": say("Send as a new document"),
        "note_anew": say("Under a new DocumentId, for what the axis refuses for good."),
        "do_anew": say("Send as a new document"),
        "act_requeue": say("Try now"),
        "note_requeue": say("Does not wait for the next try, and counts as the first one again."),
        "do_requeue": say("Try now"),
        "act_recall": say("Recall"),
        "note_recall": say("Stops it where it has not left, and asks for it back where it has."),
        "do_recall": say("Recall"),
        "reason_told": say("Reason (the receivers read it)"),
        "act_hold": say("Hold"),
        "note_hold": say("Keeps it from leaving, until somebody lets it go."),
        "do_hold": say("Hold"),
        "act_cancel": say("Withdraw"),
        "note_cancel": say("It never leaves; its receivers hear nothing of it."),
        "do_cancel": say("Withdraw"),
        "act_expire": say("Give up"),
        "note_expire": say("Nobody tries any more: it goes to failed, and can be sent again."),
        "do_expire": say("Give up"),
        "act_release": say("Release"),
        "note_release": say("Tries what was set aside once more."),
        "do_release": say("Release"),
        "act_release_out": say("Let it leave"),
        "note_release_out": say("Ends the holding: it is sent as if it had just been queued."),
        "do_release_out": say("Let it leave"),
        "force_release": say("Also although it was returned to its sender"),
        "act_set_status": say("Set the status"),
        "note_set_status": say("Tells its sender how far it has come here."),
        "do_set_status": say("Tell the sender"),
        "status": say("Status"),
        "note": say("Note for the sender"),
        "our_register": say("Our own register"),
        "arrival_number": say("Arrival number"),
        "arrival_date": say("Arrival date"),
        "arrival_unit": say("Unit"),
        "sure_destroy": say("I agree (15), and know that everything of it is destroyed here then"),
        "force_status": say("I mean it, although it is out of turn"),
        "act_refuse": say("Refuse"),
        "note_refuse": say("Returns it to its sender (status 02); that cannot be taken back."),
        "do_refuse": say("Refuse it"),
        "reason_code": say("Kind of reason"),
        "reason_told_sender": say("Reason (its sender reads it)"),
        "reason_wrong_recipient": say("It is not for us"),
        "reason_signature_invalid": say("A signature is not valid"),
        "reason_signature_missing": say("A signature is missing"),
        "reason_integrity_failed": say("It was changed on the way"),
        "reason_cert_expired_or_revoked": say("The certificate ran out or was revoked"),
        "reason_unreadable": say("It cannot be read"),
        "reason_incomplete": say("Something is missing"),
        "reason_format_rules": say("Its form is against the rules"),
        "reason_duplicate": say("We have it already"),
        "reason_secret_content": say("It bears a grade of secrecy"),
        "reason_not_competent": say("It is not our business"),
        "reason_other": say("Another reason"),
        # papers
        "register": say("Register"),
        "which": say("Which"),
        "register_outgoing": say("Outgoing documents"),
        "register_incoming": say("Incoming documents"),
        "register_follow_up": say("Follow-up of incoming documents"),
        "first_day": say("First day"),
        "last_day": say("Last day"),
        "form": say("Form"),
        "download": say("Download"),
        "report": say("Report"),
        "period": say("Period"),
        "period_note": say("2026-11, 2026-Q4 or 2026"),
        # agencies
        "agencies_note": say(
            "The beginning of a code, or words of a name, with or without marks."
        ),
        "name": say("Name"),
        "code": say("Code"),
        "other_code": say("Other code"),
        "aliases": say("Aliases"),
        "below": say("Below"),
        "mail": say("Mail"),
        "first_seen": say("First seen"),
        "last_seen": say("Last seen"),
        "gone": say("gone"),
        "gone_since": say("Gone since"),
        "successor": say("Taken over by"),
        "no_agencies": say("No agency has such a code or such words in its name."),
        "directory_of": say("The directory is of"),
        "no_directory": say("The directory was never read: edge-node agencies sync."),
        # the doctor
        "look_now": say("Look now"),
        "look_again": say("Look at what is found by now"),
        "looking": say("Looking into everything: a few seconds."),
        "looked_at": say("Looked at"),
        "never_looked": say("Nobody has looked yet."),
        "health_good": say("good"),
        "health_unknown": say("not looked into"),
        "health_warn": say("to see to"),
        "health_bad": say("broken"),
    }
)


def state_word(state: str) -> Message | str:
    """Return what a state is called."""
    return STATES.get(state, state)


def event_word(event: str) -> Message | str:
    """Return what an event is called."""
    return EVENTS.get(event, event)


def status_word(code: str) -> str:
    """Return a status with the regulation's own words, which have no other language."""
    return f"{code} {MEANINGS.get(code, '')}".strip()
