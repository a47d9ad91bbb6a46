"""Texts that are numbers."""

__all__ = ["is_number"]


def is_number(text: str) -> bool:
    """Return whether a text is a number as Python reads it, infinite ones and NaN too."""
    try:
        float(text)
    except ValueError:
        return False
    return True
