"""Quantiles without scipy: the t distribution's from the normal's, good to 1 % above 4 dof."""

from __future__ import annotations


def student_quantile(z: float, dof: float) -> float:
    """t quantile that has the same probability as the normal quantile `z` (Cornish-Fisher).

    `dof` below 2 counts as 2; the expansion is short of the true quantile there.
    """
    dof = max(dof, 2.0)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / dof + second / dof**2 + third / dof**3
