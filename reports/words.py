"""Numbers and names as people read them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT = frozenset("\n\t")


def clean(value: Any) -> Any:
    r"""Make the invisible visible in every string of plain data that came from outside.

    Control characters, lone surrogates and the marks that turn the direction of writing would
    break the page, or make it say something else than it holds.

    >>> clean({"a": ["x\u202ey", 1]})
    {'a': ['x[U+202E]y', 1]}
    """
    if isinstance(value, str):
        return "".join(map(_visible, value))
    if isinstance(value, Mapping):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def _visible(character: str) -> str:
    if character in _KEPT:
        return character
    hidden = character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Cn")
    return f"[U+{ord(character):04X}]" if hidden else character


def shorten(text: str, length: int = 60) -> str:
    """Return one line of at most ``length`` characters; the cut is marked.

    >>> shorten("abcdefgh", 5)
    'abcd…'
    """
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length and len(text) <= 4 * length else line[: length - 1] + "…"


def distinct(names: Sequence[str], length: int = 40) -> list[str]:
    """Shorten names so that they stay different from each other.

    >>> distinct(["aaaaaaaa1", "aaaaaaaa2", "b"], 6)
    ['aaaaa…', 'aaaaa… (2)', 'b']
    """
    seen: dict[str, int] = {}
    short = []
    for name in names:
        label = shorten(name, length) or "(empty)"
        seen[label] = seen.get(label, 0) + 1
        short.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return short


def listing(items: Iterable[str], last: str = "and") -> str:
    """Join words as a sentence does.

    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str) -> str:
    """Return a text that starts with a capital letter.

    >>> sentence("k nearest neighbours")
    'K nearest neighbours'
    """
    return text[:1].upper() + text[1:]


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return the number with its noun.

    >>> counted(1, "trial"), counted(1200, "trial")
    ('1 trial', '1,200 trials')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with so many significant digits.

    >>> number(1234567.0), number(0.012341), number(None)
    ('1.235e+06', '0.01234', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value):,}".replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−", 1) if value < 0 else f"{value:.{digits}g}"


def score(value: float | None, decimals: int | None = None) -> str:
    """Return a score: three decimals, four from 0.995 on, four digits where it is far from 1.

    >>> score(0.97222), score(0.9996), score(0.99998), score(54.3219), score(-0.5)
    ('0.972', '0.9996', '> 0.9999', '54.32', '−0.500')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if decimals is None:
        if abs(value) >= 10 or 0 < abs(value) < 0.0005:
            return number(value, 4 if abs(value) >= 10 else 2)
        decimals = common_decimals(value)
    text = f"{value:.{decimals}f}"
    if decimals == 4 and value < 1 == float(text):
        return "> 0.9999"  # only what is perfect is written so
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def common_decimals(*values: float) -> int:
    """Return how many decimals tell scores from each other that are read together.

    >>> common_decimals(0.5, 0.96), common_decimals(0.5, 0.996), common_decimals(5.0, 123.4)
    (3, 4, 1)
    """
    largest = max(map(abs, values))
    if largest >= 10:
        return max(0, 3 - int(math.log10(largest)))
    return 4 if any(0.995 <= value < 1 for value in values) else 3


def estimate(value: Sequence[float | None] | None) -> str:
    """Return a score with its interval.

    >>> estimate([0.97222, 0.95, 0.985])
    '0.972 [0.950, 0.985]'
    """
    return " ".join(estimate_parts(value)).strip()


def estimate_parts(value: Sequence[float | None] | None) -> tuple[str, str]:
    """Return a score and its interval apart."""
    middle, low, high = value or (None, None, None)
    if middle is None or low is None or high is None:
        return score(middle), ""
    decimals = common_decimals(middle, low, high)
    return score(middle, decimals), f"[{score(low, decimals)}, {score(high, decimals)}]"


def difference_parts(value: Sequence[float] | None) -> tuple[str, str]:
    """Return a signed difference and its interval.

    >>> difference_parts([0.04, 0.004, 0.079])
    ('+0.040', '[+0.004, +0.079]')
    """
    if value is None:
        return "–", ""
    decimals = common_decimals(*value)
    middle, low, high = (("+" if v > 0 else "") + score(v, decimals) for v in value)
    return middle, f"[{low}, {high}]"


def share(value: float | None) -> str:
    """Return a share in percent.

    >>> share(0.1234), share(0.0004), share(1.0)
    ('12.3 %', '0.04 %', '100.0 %')
    """
    if value is None:
        return "–"
    return f"{100 * value:.{2 if 0 < value < 0.0095 else 1}f} %"


def p_value(value: float | None) -> str:
    """Return a p-value, never as zero.

    >>> p_value(0.00001), p_value(0.04)
    ('< 0.001', '0.040')
    """
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def seconds(value: float | None) -> str:
    """Return a duration.

    >>> seconds(0.0123), seconds(1.5), seconds(125), seconds(7320)
    ('12 ms', '1.5 s', '2 min 5 s', '2 h 2 min')
    """
    if value is None:
        return "–"
    if value < 1:
        return f"{1000 * value:.2g} ms" if value < 0.0995 else f"{1000 * value:.3g} ms"
    if value < 99.5:
        return f"{value:.2g} s" if value < 9.95 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def spread_parts(value: Sequence[float] | None) -> tuple[str, str]:
    """Return the median of several durations, and their range where there is one to show.

    >>> spread_parts([0.010, 0.009, 0.020])
    ('10 ms', '9 ms to 20 ms')
    """
    if not value:
        return "–", ""
    middle, low, high = map(seconds, value)
    return middle, "" if low == high else f"{low} to {high}"


def seeds_parts(value: Sequence[float] | None) -> tuple[str, str]:
    """Return the standard deviation of a score over several seeds, and its range.

    >>> seeds_parts([0.0061, 0.95, 0.967, 5])
    ('0.0061', '0.950 to 0.967, 5 seeds')
    """
    if value is None:
        return "–", ""
    deviation, low, high, n = value
    decimals = common_decimals(low, high)
    ends = f"{score(low, decimals)} to {score(high, decimals)}"
    return number(deviation, 2), f"{ends}, {counted(int(n), 'seed')}"


def size(value: float | None) -> str:
    """Return a number of bytes.

    >>> size(999), size(12345), size(3_400_000_000)
    ('999 B', '12.3 kB', '3.4 GB')
    """
    if value is None:
        return "–"
    for unit in ("B", "kB", "MB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB"


def params(value: Mapping[str, Any] | None) -> str:
    """Return parameters as assignments, without the name of the step that holds the model.

    >>> params({"model__n_neighbors": 3, "model__lr": 0.00012345, "reduce": None})
    'n_neighbors=3, lr=0.0001234, reduce=None'
    """
    if not value:
        return "defaults"
    return ", ".join(f"{parameter(k)}={_setting(v)}" for k, v in value.items())


def parameter(name: str) -> str:
    """Return a parameter's name without the step ``model``.

    >>> parameter("model__C"), parameter("reduce__n_components")
    ('C', 'reduce__n_components')
    """
    return name.removeprefix("model__")


def _setting(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return shorten(setting(value), 40)


def setting(value: Any) -> str:
    """Return a value that was tried, without the seed that a step of the pipeline holds.

    >>> setting("PCA(n_components=50, random_state=0)"), setting((16, 32))
    ('PCA(n_components=50)', '(16, 32)')
    """
    return re.sub(r"(, )?\brandom_state=\d+", "", str(value))
