"""Exact log sums in Polars: an aggregate expression, and partial states as rows.

``pip install 'consilience[engines]'``

>>> import polars as pl
>>> from consilience.engines import polars as exact
>>> frame = pl.DataFrame({"code": [-65536, -65536]}, schema={"code": pl.Int32})
>>> frame.select(exact.logsumexp("code")).item()
0
"""

from collections.abc import Sequence

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.engines.evidence_text import SPLIT_BITS
from consilience.engines.state_codes import final as final_of_arrow
from consilience.engines.state_rows import REFUSED, ZEROS
from consilience.engines.sum_text import MANTISSA_BITS, MANTISSA_POLYNOMIAL
from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE

with naming_extras("consilience.engines.polars"):
    import polars as pl

__all__ = ["evidence", "final", "logsumexp", "merge", "merge_evidence", "partial"]

Frame = pl.DataFrame | pl.LazyFrame

_PARTS = Q16_16.parts
_BIAS = 1 << Q16_16.code_bits - 1
_BIN = 1 << Q16_16.fraction_bits + 3
_BYTE = (1 << Q16_16.bin_width) - 1
_NO_SUM = 1 << 62


def logsumexp(code: str | pl.Expr) -> pl.Expr:
    """Return the log sum of a column of codes, an Int32 code: for `select` and `agg`.

    Holds the codes of a group in memory, and computes by the kernels of the cpu device: one call
    a group. For many groups, or more codes than memory holds: `partial` and `final`. NULL raises;
    no row gives the log of zero.
    """
    column = pl.col(code) if isinstance(code, str) else code
    return column.map_batches(_reduced, return_dtype=pl.Int32, returns_scalar=True)


def partial(frame: Frame, by: Sequence[str] = (), code: str = "code") -> pl.LazyFrame:
    """Return rows of states: the columns of `by`, then bin, terms, total (`state_rows`).

    Parameters
    ----------
    frame : DataFrame or LazyFrame
        ``collect(engine="streaming")`` of the result takes half the time of the default.
    by : sequence of str
        Group columns; null is a group as any other.
    code : str
        Column of codes, integers; null and what is beyond 32 bits is counted as REFUSED, which
        `final` raises at.
    """
    lazy = frame.lazy()
    _check_whole(lazy, [code])
    keys = list(by)
    column = pl.col(code)
    inside = column.is_between(-_BIAS, _BIAS - 1)
    place = pl.when(inside).then(column.cast(pl.Int64, strict=False) + _BIAS)
    spread = pl.col("term")
    sums = [
        spread.floordiv(1 << 8 * part).and_(_BYTE).sum().alias(f"s{part}") for part in range(_PARTS)
    ]
    bins = (
        lazy.select(*keys, place.alias("place"))
        .select(
            *keys,
            pl.when(pl.col("place").is_null())
            .then(REFUSED)
            .when(pl.col("place") == 0)
            .then(ZEROS)
            .otherwise(pl.col("place") // _BIN - _BIAS // _BIN)
            .alias("q"),
            _term(pl.col("place")).alias("term"),
        )
        .group_by(*keys, "q")
        .agg(pl.len().cast(pl.Int64).alias("n"), *sums)
    )
    # A column of four numbers, crossed: lists that are exploded take five times as long.
    part, last = pl.col("part"), _PARTS - 1
    digits = pl.col(f"s{last}")
    for lower in range(last):
        digits = pl.when(part == lower).then(pl.col(f"s{lower}")).otherwise(digits)
    counted = pl.col("q") > REFUSED
    return (
        bins.join(pl.LazyFrame({"part": range(_PARTS)}), how="cross")
        .filter(counted | (part == last))
        .select(
            *keys,
            pl.when(counted).then(pl.col("q") + part - last).otherwise(pl.col("q")).alias("bin"),
            pl.when(part == last).then(pl.col("n")).otherwise(0).alias("terms"),
            pl.when(counted).then(digits).otherwise(0).alias("total"),
        )
        .group_by(*keys, "bin")
        .agg(pl.col("terms").sum(), pl.col("total").sum())
        .filter((pl.col("terms") != 0) | (pl.col("total") != 0))
    )


def merge(frame: Frame, by: Sequence[str] = ()) -> pl.LazyFrame:
    """Return the rows of states merged; what is null, negative or too large becomes REFUSED."""
    numbers = ("terms", "total")
    sound = pl.col("bin").is_not_null() & pl.all_horizontal(
        pl.col(name).is_between(0, _NO_SUM).fill_null(False) for name in numbers
    )
    # Sums of 128 bits: those of 64 wrap around in silence.
    return _refusing(
        _refusing(frame.lazy().select(*by, "bin", *numbers), sound)
        .group_by(*by, "bin")
        .agg(pl.col(name).cast(pl.Int128).sum() for name in numbers),
        pl.all_horizontal(pl.col(name) <= _NO_SUM for name in numbers),
    ).with_columns(pl.col(name).cast(pl.Int64) for name in numbers)


def final(frame: Frame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Return the log sum of each group of rows of states: see `state_codes.final`."""
    return pl.DataFrame(final_of_arrow(frame.lazy().collect().to_arrow(), by))


def evidence(
    frame: Frame, agent: str, evidence: Sequence[str], weight: str | None = None
) -> pl.LazyFrame:
    """Return the evidence of each agent: rows of `evidence_rows`, for `posterior`.

    Parameters
    ----------
    frame, agent
        Rows of evidence, and their column of agents.
    evidence : sequence of str
        Columns of codes, one a hypothesis.
    weight : str, optional
        Column of weights, integers 0 .. 65536.
    """
    lazy = frame.lazy()
    _check_whole(lazy, [*evidence, *([] if weight is None else [weight])])
    share = pl.lit(ONE, pl.Int64) if weight is None else pl.col(weight)
    sound = pl.all_horizontal(
        pl.col(agent).is_not_null(),
        share.is_between(0, ONE).fill_null(False),
        *(pl.col(name).is_between(-_BIAS, _BIAS - 1).fill_null(False) for name in evidence),
    )
    cells = []
    sums = []
    for place, name in enumerate(evidence):
        zero = (pl.col(name) == -_BIAS) | ~sound
        product = pl.col(name).cast(pl.Int64, strict=False) * share.cast(pl.Int64, strict=False)
        cells += [
            (sound & (pl.col(name) == -_BIAS) & (share > 0)).cast(pl.Int64).alias(f"zeros_{place}"),
            pl.when(zero).then(0).otherwise(product).alias(f"p{place}"),
        ]
        sums += [
            pl.col(f"zeros_{place}").sum(),
            (pl.col(f"p{place}") // (1 << SPLIT_BITS)).sum().alias(f"high_{place}"),
            pl.col(f"p{place}").and_((1 << SPLIT_BITS) - 1).sum().alias(f"low_{place}"),
        ]
    return (
        lazy.select(agent, (~sound).cast(pl.Int64).alias("refused"), *cells)
        .group_by(agent)
        .agg(pl.len().cast(pl.Int64).alias("row_count"), pl.col("refused").sum(), *sums)
    )


def merge_evidence(frame: Frame, agent: str, hypotheses: int) -> pl.LazyFrame:
    """Return the rows of evidence merged: one an agent; null becomes a refused row."""
    names = [
        "row_count",
        *(f"{part}_{place}" for place in range(hypotheses) for part in ("zeros", "high", "low")),
    ]
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in [*names, "refused"])
    # Sums of 128 bits, and a strict cast back: those of 64 wrap around in silence.
    return (
        frame.lazy()
        .select(
            agent,
            *(pl.col(name).cast(pl.Int128) for name in names),
            pl.when(whole).then(pl.col("refused")).otherwise(1).cast(pl.Int128),
        )
        .group_by(agent)
        .agg(pl.all().sum().cast(pl.Int64))
    )


def _check_whole(frame: pl.LazyFrame, names: Sequence[str]) -> None:
    """Refuse columns that are no integers: casting would cut floats in silence."""
    schema = frame.collect_schema()
    for name in names:
        kind = schema.get(name)
        if kind is None or not (kind.is_integer() or kind == pl.Null):
            raise BadInput(f"column {name} must hold integers, not {kind}; see to_codes()")


def _term(place: pl.Expr) -> pl.Expr:
    """Return the term of a code, in units of the lowest of its bins."""
    fraction = place.and_(Q16_16.fractions - 1)
    value = pl.lit(MANTISSA_POLYNOMIAL[-1], pl.Int64)
    for coefficient in MANTISSA_POLYNOMIAL[-2::-1]:
        value = (value * fraction) // Q16_16.fractions + coefficient
    cut = MANTISSA_BITS - Q16_16.mantissa_bits
    mantissa = (value + (1 << cut - 1)) // (1 << cut)
    raised = (place // Q16_16.fractions).and_(Q16_16.bin_width - 1)
    return mantissa * pl.lit(2, pl.Int64).pow(raised)


def _refusing(frame: pl.LazyFrame, sound: pl.Expr) -> pl.LazyFrame:
    return frame.with_columns(
        pl.when(sound).then(pl.col("bin")).otherwise(REFUSED).alias("bin"),
        pl.when(sound).then(pl.col("terms")).otherwise(1).alias("terms"),
        pl.when(sound).then(pl.col("total")).otherwise(0).alias("total"),
    )


def _reduced(codes: pl.Series) -> pl.Series:
    """Return the log sum of a series."""
    if not codes.dtype.is_integer():
        raise BadInput(f"codes must be integers, not {codes.dtype}; see to_codes()")
    if codes.null_count():
        raise BadInput(f"{codes.null_count()} codes are null; drop_nulls() leaves them out")
    found = CpuDevice().reduce(codes.to_numpy())
    return pl.Series(codes.name, np.asarray(found), pl.Int32)
