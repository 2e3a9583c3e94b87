"""Labelled training curves: what happened, and from which point on, is known exactly.

`simulate(kind, seed)` makes one run. Healthy ones come from ten families of
mean curves (power laws, exponentials, a logistic, broken power laws, a cosine
tail …) under eight kinds of noise; a curve is healthy only if at every moment
half as much training again would gain more than 1.5 ε of R (ε = 3 %, the
product's default). Benign kinds hold what looks like trouble and is none;
event kinds hold one event with its onset.

`resolvable` gives the noise-limited optimum: by Lorden's bound (1971) no test
that raises a false alarm in at most 1 % of runs can react before
½ Σ((f₁ − f₀)/σ)² reaches ln(n/0.01). An event for which that never happens
within the run cannot be told by anybody.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Curve = Callable[[Array], Array]

EPSILON = 0.03
SURE = 0.01
BENIGN = (
    "warmup", "restart", "curriculum", "resume", "stairs", "sawtooth", "memorise", "recovered",
    "running_mean", "window_mean", "smoothed", "dropout", "flat_eval", "flat_start", "summary_row",
    "rate_step",
)  # fmt: skip
EVENTS = ("plateau", "divergence", "spike", "overfitting")
SIZES = (150, 300, 600, 1200, 2500)
NOISES = ("gauss", "ar3", "ar6", "t4", "shrinking", "skewed", "rounded", "bimodal")
_NOISE_WEIGHTS = (0.28, 0.16, 0.08, 0.13, 0.15, 0.08, 0.07, 0.05)
LEVELS = (0.005, 0.02, 0.06, 0.2)
_LEVEL_WEIGHTS = (0.25, 0.3, 0.3, 0.15)


@dataclass
class Labelled:
    """One simulated run and the truth about it. All arrays but the evals' have shape (n,)."""

    kind: str
    values: Array
    steps: Array
    rates: Array | None
    epochs: Array | None
    eval_at: npt.NDArray[np.int64]
    eval_values: Array
    mean: Array
    sd: Array
    eval_mean: Array
    eval_sd: float
    descent: float
    onset: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)


def gain_share(curve: Curve, t: Array) -> Array:
    """What training 1.5 times as long would gain, over what the last 90 % of the run bought."""
    share: Array = (curve(t) - curve(1.5 * t)) / np.maximum(curve(0.1 * t) - curve(t), 1e-12)
    return share


def _family(rng: np.random.Generator, n: int, a: float, c: float) -> tuple[str, Curve, float]:
    """One random mean curve, its name, and up to which share of the run it must be healthy."""
    name = str(
        rng.choice(
            ["power", "exponential", "two_exponentials", "linear", "cosine_tail", "logistic",
             "broken_power", "stretched", "logarithmic", "steep_then_slow"],
            p=[0.25, 0.15, 0.1, 0.08, 0.1, 0.06, 0.08, 0.06, 0.06, 0.06],
        )
    )  # fmt: skip
    u = rng.uniform
    if name == "power":
        t0, b = n * 10 ** u(-3.5, -0.7), u(0.1, 0.9)
        return name, lambda t: c + a * (1 + t / t0) ** -b, 1.0
    if name == "exponential":
        tau = n * u(0.35, 2.0)
        return name, lambda t: c + a * np.exp(-t / tau), 1.0
    if name == "two_exponentials":
        fast, slow, w = n * u(0.02, 0.1), n * u(0.5, 2), u(0.3, 0.7)
        return name, lambda t: c + a * (w * np.exp(-t / fast) + (1 - w) * np.exp(-t / slow)), 1.0
    if name == "linear":
        slope = u(0.4, 0.9)
        return name, lambda t: c + a * (1 - slope * t / n), 1.0
    if name == "cosine_tail":
        t0, b, d = n * 10 ** u(-2, -1), u(0.2, 0.6), u(0.05, 0.2)
        return name, lambda t: c + a * (
            (1 + t / t0) ** -b - d * (1 - np.cos(np.pi * np.minimum(t / n, 1.5))) / 2
        ), 0.66  # fmt: skip
    if name == "logistic":
        middle, width = n * u(0.25, 0.6), n * u(0.1, 0.3)
        return name, lambda t: c + a / (1 + np.exp((t - middle) / width)), 1.0
    if name == "broken_power":
        t0, b1, b2, turn = n * 10 ** u(-3, -1.5), u(0.05, 0.3), u(0.3, 0.9), n * u(0.1, 0.5)
        return name, lambda t: c + a * (1 + t / t0) ** -b1 * (1 + t / turn) ** -b2, 1.0
    if name == "stretched":
        tau, b = n * u(0.2, 1.5), u(0.4, 0.8)
        return name, lambda t: c + a * np.exp(-((t / tau) ** b)), 1.0
    if name == "logarithmic":
        t0 = n * 10 ** u(-2.5, -0.5)
        return name, lambda t: c + a * (1 - 0.15 * np.log1p(t / t0)), 1.0
    t0, slope = n * 10 ** u(-2.5, -1.5), u(0.1, 0.4)
    return name, lambda t: c + a * ((1 + t / t0) ** -0.8 - slope * t / n), 1.0


def _healthy_curve(rng: np.random.Generator, n: int) -> tuple[Curve, str, float, float]:
    for _ in range(500):
        a = 10 ** rng.uniform(-1, 1)
        c = a * rng.choice([0.0, 0.3, 1.0, 3.0, -2.0])
        name, curve, until = _family(rng, n, a, c)
        t = np.arange(max(5, int(0.04 * n)), int(until * n), dtype=float)
        if name == "logistic":
            t = t[t > 0.3 * n]  # before its drop nothing has been learned: another question
        if gain_share(curve, t).min() > 1.5 * EPSILON:
            return curve, name, a, c
    raise RuntimeError("no healthy curve in 500 tries")


def _noise(
    rng: np.random.Generator, n: int, sd: float, kind: str, level: Array
) -> tuple[Array, Array]:
    """Noise and its standard deviation at each point; `level` falls from 1 to 0 with the loss."""
    e = rng.standard_normal(n)
    if kind in ("ar3", "ar6"):
        r = 0.3 if kind == "ar3" else 0.6
        scale = math.sqrt(1 - r * r)
        for i in range(1, n):
            e[i] = r * e[i - 1] + scale * e[i]
    elif kind == "t4":
        e = rng.standard_t(4, n) / 1.098  # the same median of absolute deviations as N(0, 1)
    elif kind == "skewed":
        e = (np.exp(0.5 * e) - math.exp(0.125)) / 0.604
    elif kind == "bimodal":  # two data sources of different difficulty in turn, at random
        e = 0.6 * e + 0.8 * rng.choice([-1.0, 1.0], n)
    s = np.full(n, sd)
    if kind == "shrinking":
        s = 2.5 * sd * (0.1 + 0.9 * np.clip(level, 0, 1))
    return e * s, s


def simulate(kind: str, seed: int) -> Labelled:
    """Make one run of a kind: `healthy`, one of `BENIGN` or one of `EVENTS`."""
    rng = np.random.default_rng([seed, *map(ord, kind)])
    n = int(rng.choice(SIZES))
    t = np.arange(n, dtype=float)
    curve, family, a, c = _healthy_curve(rng, n)
    base = curve(t)
    unit = float(base[n // 10] - base[-1])
    noise = str(rng.choice(NOISES, p=_NOISE_WEIGHTS))
    relative = float(rng.choice(LEVELS, p=_LEVEL_WEIGHTS))
    run = Labelled(
        kind, base.copy(), t.copy(), np.full(n, 1e-3), None, np.empty(0, dtype=np.int64),
        np.empty(0), base.copy(), np.empty(n), base.copy(), 0.0, unit,
        tags={"family": family, "noise": noise, "relative": relative},
    )  # fmt: skip
    columns = bool(rng.random() < 0.5)
    run.tags["columns"] = columns
    _TRAPS.get(kind, _nothing)(rng, run, curve, a, c)
    sd = run.tags.get("relative") * run.descent
    calm = base if kind == "divergence" else run.mean
    e, run.sd = _noise(rng, n, sd, run.tags["noise"], (calm - calm.min()) / max(a, 1e-300))
    run.values = run.mean + e
    if run.tags["noise"] == "rounded":
        digit = 10 ** math.floor(math.log10(max(sd, 1e-9)))
        run.values = np.round(run.values / digit) * digit
    _after_noise(rng, run, curve)
    _evaluate(rng, run, curve, base)
    if not columns:
        run.rates = None
        if kind in ("stairs", "sawtooth", "running_mean"):
            run.epochs = None
    return run


# ---- kinds: each changes the mean curve, and the other series with it ----------------------


def _nothing(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    return None


def _warmup(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n, t = len(run), run.steps
    w = int(n * rng.uniform(0.02, 0.06)) + 2
    run.mean += rng.uniform(0.1, 1) * run.descent * np.sin(np.pi * np.clip(t / (2 * w), 0, 1))
    run.rates = 1e-3 * np.clip((t + 1) / w, 0, 1)


def _restart(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n, t = len(run), run.steps
    rates = np.full(n, 1e-3)
    for at in np.sort(rng.uniform(0.25, 0.9, rng.integers(1, 4))) * n:
        d = np.clip(t - at, 0, None)
        height = rng.uniform(0.03, 0.3) * run.descent
        rise, decay = n * 0.004 + 1, n * rng.uniform(0.02, 0.05)
        run.mean += (t > at) * height * (1 - np.exp(-d / rise)) * np.exp(-d / decay)
        rates = np.where((t >= at) & (t < at + decay), 2e-3, rates)
    run.rates = rates


def _rate_step(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    """The learning rate falls by ten: the loss drops fast, then goes on as slowly as before."""
    n, t = len(run), run.steps
    at = rng.uniform(0.3, 0.7) * n
    d = np.clip(t - at, 0, None)
    run.mean -= rng.uniform(0.05, 0.4) * run.descent * (1 - np.exp(-d / (n * 0.01 + 1)))
    run.rates = np.where(t >= at, 1e-4, 1e-3)


def _curriculum(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n = len(run)
    at = rng.uniform(0.3, 0.7) * n
    d = np.clip(run.steps - at, 0, None)
    height = rng.uniform(0.05, 0.4) * run.descent
    run.mean += (run.steps > at) * height * np.exp(-d / (n * rng.uniform(0.1, 0.4)))
    run.tags["change_at"] = at


def _resume(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n = len(run)
    at, back = int(rng.uniform(0.3, 0.8) * n), int(n * rng.uniform(0.01, 0.05)) + 2
    run.steps = np.concatenate([np.arange(at), np.arange(at - back, n - back)]).astype(float)
    run.mean = curve(run.steps)
    bump = rng.uniform(0, 0.05) * run.descent
    run.mean[at:] += bump * np.exp(-np.arange(n - at) / (n * 0.01 + 2))


def _stairs(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n = len(run)
    count = int(rng.integers(3, 7))
    run.epochs = run.steps / n * count
    run.mean -= rng.uniform(0.05, 0.3) * run.descent * np.floor(run.epochs)


def _sawtooth(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n = len(run)
    count = int(rng.integers(3, 7))
    run.epochs = run.steps / n * count
    whole = np.floor(run.epochs)
    drop = rng.uniform(0.05, 0.3) * run.descent
    run.mean += drop * (-whole + rng.uniform(0.3, 0.7) * (whole > 0) * (run.epochs - whole))


def _memorise(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    """Training loss to zero, evaluation flat: the gap in percent explodes, nothing is wrong."""
    n = len(run)
    run.mean = a * np.exp(-run.steps / (n * rng.uniform(0.12, 0.2))) + 1e-4 * a
    run.descent = float(run.mean[n // 10] - run.mean[-1])
    run.tags.update(noise="shrinking", relative=run.tags["relative"] * 0.3)


def _running_mean(
    rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float
) -> None:
    n = len(run)
    count = int(rng.integers(2, 6))
    run.epochs = run.steps / n * count
    run.tags["running"] = count


def _window_mean(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    run.tags["window"] = int(rng.choice([5, 10, 20]))


def _smoothed(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    """The log holds an exponential average of the loss, as progress bars and dashboards do."""
    run.tags["smoothing"] = float(rng.choice([0.9, 0.95, 0.98, 0.99]))


def _flat_start(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n = len(run)
    for at in (int(rng.integers(5, max(6, min(30, n // 12)))), 5):

        def late(t: Array, at: int = at) -> Array:
            return curve(np.clip(t - at, 0, None))

        # Where the steep first drop falls into the last 90 % of the run, R is that drop, and
        # the run would be flat by definition: not the case that is wanted here.
        if gain_share(late, np.arange(3 * at, 0.66 * n)).min() > EPSILON:
            run.mean = late(run.steps)
            return


def _plateau(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n, t = len(run), run.steps
    o = int(rng.uniform(0.25, 0.6) * n)
    first = float(run.mean[n // 10] - run.mean[-1])
    if rng.random() < 0.6:
        run.mean = np.where(t < o, run.mean, run.mean[o])
    else:
        tau = o / 4.2

        def saturating(x: Array) -> Array:
            return c + a * np.exp(-x / tau)

        run.mean = saturating(t)
        o = 5 + int(np.argmax(gain_share(saturating, t[5:]) < 0.5 * EPSILON))
        run.tags["family"] = "saturating"
    run.onset["plateau"] = o
    run.descent = max(float(run.mean[o // 10] - run.mean[o]), 0.2 * first)


def _divergence(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n, t = len(run), run.steps
    o = int(rng.uniform(0.2, 0.8) * n)
    how = str(rng.choice(["exponential", "linear", "jump", "nan"]))
    run.onset["divergence"] = o
    run.tags["how"] = how
    d = np.clip(t - o, 0, None)
    unit = run.descent
    if how in ("exponential", "nan"):
        growth = np.exp(np.clip(d / (n * rng.uniform(0.01, 0.04)), 0, 12)) - 1
        run.mean += 0.02 * unit * growth
    elif how == "linear":
        run.mean = np.where(t > o, run.mean[o] + rng.uniform(0.3, 3) * unit * d / n, run.mean)
    else:
        run.mean = np.where(t > o, run.mean[o] + rng.uniform(0.15, 1.5) * unit, run.mean)


def _spikes(rng: np.random.Generator, run: Labelled, curve: Curve, a: float, c: float) -> None:
    n, t = len(run), run.steps
    sd = run.tags["relative"] * run.descent
    shrinking = 2.5 if run.tags["noise"] == "shrinking" else 1.0
    places = np.arange(int(0.15 * n), int(0.95 * n))
    found = []
    for at in rng.choice(places, rng.integers(1, 4), replace=False):
        height = max(rng.uniform(10, 60) * sd * shrinking, rng.uniform(0.05, 0.5) * run.descent)
        d = np.clip(t - at, 0, None)
        run.mean += (t >= at) * height * np.exp(-d / rng.choice([0.7, 3.0, 8.0]))
        found.append(int(at))
    run.onset["spike"] = sorted(found)


_TRAPS: dict[str, Callable[..., None]] = {
    "warmup": _warmup, "restart": _restart, "rate_step": _rate_step, "curriculum": _curriculum,
    "resume": _resume, "stairs": _stairs, "sawtooth": _sawtooth, "memorise": _memorise,
    "recovered": _spikes, "running_mean": _running_mean, "window_mean": _window_mean,
    "smoothed": _smoothed,
    "flat_start": _flat_start, "plateau": _plateau, "divergence": _divergence, "spike": _spikes,
}  # fmt: skip


def _after_noise(rng: np.random.Generator, run: Labelled, curve: Curve) -> None:
    """What the logger does to the values."""
    n = len(run)
    if "running" in run.tags:
        assert run.epochs is not None
        whole = np.floor(run.epochs)
        for epoch in np.unique(whole):
            inside = np.flatnonzero(whole == epoch)
            counts = np.arange(1, len(inside) + 1)
            run.values[inside] = np.cumsum(run.values[inside]) / counts
            run.mean[inside] = np.cumsum(run.mean[inside]) / counts
    elif "window" in run.tags:
        w = run.tags["window"]
        padded = np.concatenate((np.full(w - 1, run.values[0]), run.values))
        run.values = np.convolve(padded, np.ones(w) / w, "valid")
    elif "smoothing" in run.tags:
        for series in (run.values, run.mean):
            for i in range(1, n):
                series[i] = (
                    run.tags["smoothing"] * series[i - 1] + (1 - run.tags["smoothing"]) * series[i]
                )
    elif run.kind == "summary_row":
        run.values[-1] = float(run.values[:-1].mean())
    elif run.tags.get("how") == "nan":
        o = run.onset["divergence"]
        above = run.mean > max(run.mean[0], run.mean[o] + run.descent)
        run.values[int(np.argmax(above)) or n - 1 :] = np.nan


def _evaluate(rng: np.random.Generator, run: Labelled, curve: Curve, base: Array) -> None:
    n, t, unit = len(run), np.arange(len(run), dtype=float), run.descent
    count = min(int(rng.choice([10, 20, 40, 100])), n // 3)
    run.eval_at = np.unique(np.linspace(n / count, n - 1, count).astype(np.int64))
    mean = curve(t)
    if run.kind == "memorise":
        mean = np.maximum(mean, mean[n // 2])
    mean = mean + rng.uniform(-0.1, 0.3) * unit
    mean = mean + rng.uniform(0, 0.3) * unit * (1 - np.exp(-t / (n * 0.3)))
    if run.kind == "dropout":
        mean = mean - rng.uniform(0.1, 0.5) * unit
    mean = np.minimum.accumulate(mean)
    if run.kind == "flat_eval":  # memorised from the start, or a set that training cannot help
        mean = np.full(n, mean[0])
        run.tags["eval_correlation"] = float(rng.choice([0.0, 0.3, 0.6]))
    if run.kind == "overfitting":
        o = int(rng.uniform(0.2, 0.7) * n)
        power, total = rng.choice([1.0, 1.5]), rng.uniform(0.05, 0.8)
        rise = total * unit * (np.clip(t - o, 0, None) / (n - o)) ** power
        mean = np.where(t > o, mean[o] + rise, mean)
        run.onset["overfitting"] = o
        run.tags["total"] = float(total)
    if run.kind == "plateau":
        mean = run.mean + 0.1 * unit
    relative = float(rng.choice(LEVELS, p=_LEVEL_WEIGHTS))
    run.tags["eval_relative"] = relative
    run.eval_mean, run.eval_sd = mean, relative * unit
    e = rng.standard_normal(len(run.eval_at))
    alike = 0.3 if rng.random() < 0.3 else 0.0
    alike = run.tags.get("eval_correlation", alike)
    if alike:
        for i in range(1, len(e)):
            e[i] = alike * e[i - 1] + math.sqrt(1 - alike * alike) * e[i]
    run.eval_values = mean[run.eval_at] + run.eval_sd * e


# ---- the noise-limited optimum --------------------------------------------------------------


def _long_run_sd(run: Labelled) -> Array:
    r = {"ar3": 0.3, "ar6": 0.6}.get(run.tags["noise"], 0.0)
    sd: Array = run.sd * math.sqrt((1 + r) / (1 - r))
    return sd


def resolvable_spikes(run: Labelled) -> list[int]:
    """Onsets of the spikes that stand out from the noise's own largest values.

    Their first point must lie above what the noise itself passes in one of a
    hundred runs, and at least 8 σ above (under heavy tails nobody can tell less).
    """
    chance = SURE / len(run)
    noise = run.tags["noise"]
    if noise == "t4":
        # P(T₄ > x) ~ 3 x⁻⁴ far out.
        limit = (3 / chance) ** 0.25 / 1.098
    elif noise == "skewed":
        z = math.sqrt(-2 * math.log(chance * 5))
        limit = (math.exp(0.5 * z) - math.exp(0.125)) / 0.604
    else:
        limit = 6.0
    height = {at: run.mean[at] - run.mean[at - 1] for at in run.onset["spike"]}
    return [at for at, rise in height.items() if rise / run.sd[at] > max(limit, 8.0) + 1]


def resolvable(run: Labelled, event: str, epsilon: float = EPSILON) -> int | None:
    """Points after the onset that even an oracle needs, None where the run ends before.

    `epsilon`: share of R that the plateau test calls nothing.
    """
    o, n = run.onset[event], len(run)
    if event == "overfitting":
        inside = run.eval_at >= o
        rise = run.eval_mean[run.eval_at[inside]] - run.eval_mean[o]
        told = np.cumsum(0.5 * (rise / run.eval_sd) ** 2) >= math.log(len(run.eval_at) / SURE)
        return int(run.eval_at[inside][int(np.argmax(told))] - o) if told.any() else None
    sd = _long_run_sd(run)[o:]
    if event == "plateau":
        # Flat against the gentlest healthy slope, 1.5 ε R over half the run; intercept unknown.
        d = np.arange(1, n - o)
        unit = run.mean[((o + d) * 0.1).astype(int)] - run.mean[o]
        slope = 1.5 * epsilon * unit / (0.5 * (o + d))
        told = slope**2 * d**3 / 24 / float(np.median(sd)) ** 2 >= math.log(n / SURE)
        return int(d[int(np.argmax(told))]) if told.any() else None
    rise = run.mean[o:] - run.mean[o]
    told = np.cumsum(0.5 * (rise / sd) ** 2) >= math.log(n / SURE)
    return int(np.argmax(told)) if told.any() else None
