"""Evidence is told in words, the telling first, and nothing is lost."""

from __future__ import annotations

from lossmon.model import Verdict
from lossmon.report.evidence import evidence_words


def _verdict(**evidence: float | str) -> Verdict:
    return Verdict("plateau", "plateau", "It is flat.", (), evidence)


def test_evidence_has_labels_and_units() -> None:
    told = dict(evidence_words(_verdict(shape_margin_bic=27.5, noise_share_of_descent=0.25)))
    assert told["noise, of the descent"] == "25 %"
    assert told["shape: plateau"] == "sure (BIC better by 27.5)"


def test_what_matters_for_the_status_comes_first() -> None:
    verdict = _verdict(points=100.0, noise=0.1, gain_of_half_more=0.02, gain_low=0.0, gain_high=0.1)
    told = evidence_words(verdict)
    assert told[0] == ("gain of half as much training again", "0.02 (between 0 and 0.1)")
    assert told[-1] == ("points read", "100")
    assert len(told) == 3
    assert evidence_words(verdict, 1) == told[:1]


def test_an_unknown_key_is_told_by_its_name() -> None:
    assert evidence_words(_verdict(new_key=1.5)) == [("new key", "1.5")]


def test_large_gains_are_told_without_an_exponent() -> None:
    told = evidence_words(_verdict(gain_of_half_more=-218.0, gain_low=-230.4, gain_high=-202.0))
    assert told[0][1] == "-218 (between -230 and -202)"
