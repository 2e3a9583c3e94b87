"""A run is called stalled only where it is missed; time alone can change its state."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from lossmon.monitor.pulse import Pulse

HOUR = 3600.0
NOW = 1_800_000_000.0


def look(pulse: Pulse, now: float, modified: float, **known: object) -> str:
    facts = {
        "finished": False, "crashed": False, "ended": False,
        "last_step": 100.0, "total_steps": None, "point_times": [],
    }  # fmt: skip
    pulse.look(now, modified=modified, **{**facts, **known})  # type: ignore[arg-type]
    return pulse.state


def grown(pulse: Pulse, times: list[float]) -> Pulse:
    for time in times:
        pulse.grew(time)
    return pulse


def test_a_log_that_lay_still_before_anyone_looked_is_not_called_hung() -> None:
    pulse = grown(Pulse(), [NOW])
    assert look(pulse, NOW, NOW - 3 * HOUR) == "unknown"
    assert pulse.events == ()
    times = [NOW - 3 * HOUR + 10.0 * i for i in range(-60, 1)]
    assert look(pulse, NOW, NOW - 3 * HOUR, point_times=times) == "unknown"


def test_steps_that_are_still_to_come_are_missed() -> None:
    pulse = grown(Pulse(), [NOW])
    assert look(pulse, NOW, NOW - 3 * HOUR, total_steps=1000.0) == "stalled"
    assert [event.kind for event in pulse.events] == ["stalled"]


def test_a_run_seen_growing_stalls_by_its_own_rhythm_and_comes_back() -> None:
    pulse = grown(Pulse(), [NOW + 10.0 * i for i in range(30)])
    last = NOW + 290.0
    assert look(pulse, last + 5, last) == "live"
    assert look(pulse, last + 600, last) == "stalled"
    pulse.grew(last + 700)
    assert look(pulse, last + 701, last + 700, last_step=110.0) == "live"
    (event,) = pulse.events
    assert (event.kind, event.cleared_step) == ("stalled", 110.0)


def test_the_log_itself_has_the_last_word() -> None:
    pulse = grown(Pulse(), [NOW])
    assert look(pulse, NOW, NOW - 5 * HOUR, finished=True) == "finished"
    assert pulse.events[-1].time == NOW - 5 * HOUR  # it ended when it last wrote
    assert look(grown(Pulse(), [NOW]), NOW, NOW, crashed=True) == "crashed"
    assert look(grown(Pulse(), [NOW]), NOW, NOW, total_steps=100.0) == "finished"


def test_a_clock_that_jumps_back_makes_no_stall() -> None:
    pulse = grown(Pulse(), [NOW + 10.0 * i for i in range(30)])
    assert look(pulse, NOW - 5 * HOUR, NOW + 290.0) == "live"


def test_the_users_own_limit_holds() -> None:
    pulse = grown(Pulse(stalled_after=5.0), [NOW])
    assert look(pulse, NOW + 6, NOW) == "stalled"


@given(
    gaps=st.lists(st.floats(0.01, 5000), max_size=80),
    share=st.floats(0, 0.99),
    silence=st.floats(0, 20_000),
    stalled_after=st.none() | st.floats(0.1, 5000),
)
def test_the_clock_changes_no_state_before_it_was_said_to(
    gaps: list[float], share: float, silence: float, stalled_after: float | None
) -> None:
    times = [NOW]
    for gap in gaps:
        times.append(times[-1] + gap)
    pulse = grown(Pulse(stalled_after), times)
    now = times[-1] + silence
    state = look(pulse, now, times[-1])
    lasts = min(pulse.lasts, 1e6)
    assert look(pulse, now + share * lasts, times[-1]) == state


def test_what_was_said_to_last_ends_then() -> None:
    pulse = grown(Pulse(stalled_after=10.0), [NOW, NOW + 1])
    assert look(pulse, NOW + 5, NOW + 1) == "live"
    assert pulse.lasts == 6.0
    assert look(pulse, NOW + 11.5, NOW + 1) == "stalled"
    assert pulse.lasts == math.inf
