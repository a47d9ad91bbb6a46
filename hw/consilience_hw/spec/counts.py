"""How many of something a unit is built for: whole numbers within a range."""

__all__ = ["check_count", "check_power_of_two"]


def check_count(name: str, count: int, least: int = 1, most: int | None = None) -> None:
    """Raise ValueError with the parameter's name unless `count` is a whole number in its range.

    Parameters
    ----------
    name : str
        Of the parameter, for the message.
    count : int
    least, most : int
        Both included; without `most` the range is open.
    """
    if not _counts(count, least, most):
        raise ValueError(f"{name} must be a whole number {_range(least, most)}, not {count!r}")


def check_power_of_two(name: str, count: int, most: int | None = None) -> None:
    """Raise ValueError with the parameter's name unless `count` is a power of two from 2 on.

    Parameters
    ----------
    name : str
        Of the parameter, for the message.
    count : int
    most : int
        Included; without it the range is open.
    """
    if not _counts(count, 2, most) or count & (count - 1):
        raise ValueError(f"{name} must be a power of two {_range(2, most)}, not {count!r}")


def _counts(count: object, least: int, most: int | None) -> bool:
    return isinstance(count, int) and count >= least and (most is None or count <= most)


def _range(least: int, most: int | None) -> str:
    return f"from {least} on" if most is None else f"in {least}..{most}"
