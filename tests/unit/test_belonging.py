"""Whose certificate it is, told by the numbers of its subject."""

import pytest

from edge_node.domain.belonging import Belonging, bare, belonging

OURS = ("H37.02", "000.00.13.H53")
TAXED = (*OURS, "0400260612")


@pytest.mark.parametrize(
    ("numbers", "ours", "whose"),
    [
        # As the Government's authority writes it, in either form of the code.
        (["H37.02"], OURS, Belonging.OURS),
        (["000.00.13.H53"], OURS, Belonging.OURS),
        (["h37.02 "], OURS, Belonging.OURS),
        (["000.00.01.H29"], OURS, Belonging.ANOTHERS),
        (["H37.02.01"], OURS, Belonging.ANOTHERS),
        # As public authorities do: several numbers, each with what it is.
        (["MST:0400260612", "MNS:1047665"], OURS, Belonging.UNSAID),
        (["MST:0400260612", "MNS:1047665"], TAXED, Belonging.OURS),
        (["MST: 0400260612"], TAXED, Belonging.OURS),
        (["MST:0313994173"], TAXED, Belonging.ANOTHERS),
        (["MST:0100686209-199", "CCCD:025199009534"], TAXED, Belonging.ANOTHERS),
        (["MST:0313994173", "H37.02"], TAXED, Belonging.OURS),
        # As EN 319 412-1 has it.
        (["VATVN-0400260612"], TAXED, Belonging.OURS),
        (["GOVVN-H29"], OURS, Belonging.ANOTHERS),
        # What can be anything says nothing.
        ([], OURS, Belonging.UNSAID),
        (["CCCD:025199009534"], TAXED, Belonging.UNSAID),
        (["4711", "", "MST:"], TAXED, Belonging.UNSAID),
        # A code that is none by the books is known only when it is ours.
        (["vxp.saas.03"], ("vxp.saas.03",), Belonging.OURS),
        (["vxp.saas.04"], ("vxp.saas.03",), Belonging.UNSAID),
    ],
)
def test_a_certificate_is_ours_anothers_or_does_not_say(numbers, ours, whose):
    """Only numbers of one kind are compared: no tax code speaks against an agency's code."""
    assert belonging(numbers, ours) is whose


def test_what_says_of_which_kind_a_number_is_is_left_out():
    """Marks of both customs, and nothing else."""
    written = ["MST:1", "CMND: 2", "VATVN-3", "000.00.13.H53", "H37-02", ""]
    assert [bare(one) for one in written] == ["1", "2", "3", "000.00.13.H53", "H37-02", ""]
