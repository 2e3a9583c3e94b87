"""Benign causes of what looks like trouble, named from what the series show.

A rise under a rising learning rate, stairs that epochs make, an overlap after
a resume: each explains a shape that would else be taken for a plateau, a spike
or a divergence. Only what was seen is named.
"""

from __future__ import annotations

from lossmon.analysis.track import Track


def benign_causes(track: Track) -> tuple[str, ...]:
    """Return one clause for each benign cause seen in the run of this track."""
    causes = []
    rates, curve = track.rates, track.curve
    if rates.warmup_end > 1:
        until = track.step_of(min(rates.warmup_end, curve.n))
        if rates.warmup_end >= curve.n:
            causes.append("the learning rate still warms up")
        else:
            causes.append(f"the learning rate warmed up until about step {until:,.12g}")
    if rates.jump_at > max(rates.warmup_end, 0):
        causes.append(
            f"the learning rate jumped up at about step {track.step_of(rates.jump_at):,.12g}: "
            "a bump after it is expected"
        )
    elif rates.known and 0 < rates.decayed < 0.5:
        causes.append(f"the learning rate is down to {rates.decayed:.1%} of its highest")
    if track.plateau.stair:
        length = track.plateau.stair * curve.buckets.width
        causes.append(f"sudden drops about {length} points apart, as epochs or rate steps make")
    if track.resumes:
        causes.append(
            f"the step went back {track.resumes} time{'s' if track.resumes > 1 else ''}: "
            "points that overlap do not count twice"
        )
    if track.shift_at:
        causes.append(
            f"the level jumped at about step {track.step_of(track.shift_at):,.12g} and stayed: "
            "other data or settings, it may be"
        )
    if curve.noise.window > 1:
        causes.append(f"each value is a mean over about {curve.noise.window} points")
    rising = track.divergence.hot and not track.telling.stands("divergence")
    if rising and curve.n - rates.rise_at < max(30, 0.1 * curve.n):
        causes.append("it rises while the learning rate rises: watched, no alarm yet")
    return tuple(causes)
