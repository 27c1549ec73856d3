"""Tables for people to look at, with suppressed cells marked."""

from typing import TYPE_CHECKING

import pyarrow

from ._cells import suppressed

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

MARK = "*"
"""What stands in a suppressed cell."""

# Marked by shape, weight and hatching, not by colour alone; readable on a light and on a dark page.
STYLE = (
    "font-weight: bold; color: #7a3b00; background: repeating-linear-gradient(135deg, #fbe9d3 0 6px, #f3d3a8 6px 9px); "
    "text-align: center"
)


def marked(table: pyarrow.Table, caption: str | None = None) -> "Styler":
    """A table as pandas' `Styler`: suppressed cells show `MARK`, hatched, with the rule as a hint; NULL is empty.

    >>> marked(table)                                                                     # doctest: +SKIP

    Needs pandas with Jinja2.
    """
    import pandas

    # Nullable types: a NULL does not make 15 into 15.0.
    frame = table.to_pandas(types_mapper=_nullable)
    hidden = suppressed(table)
    texts = frame.astype(object).where(frame.notna(), "")
    styles = pandas.DataFrame("", index=frame.index, columns=frame.columns)
    hints = styles.copy()
    for column, rules in hidden.items():
        place = list(frame.columns).index(column)
        for rule, rows in rules.items():
            for row in rows:
                texts.iat[row, place], styles.iat[row, place], hints.iat[row, place] = MARK, STYLE, rule
    styler = texts.style.hide(axis="index").format(_shown).apply(lambda _: styles, axis=None)
    numbers = [name for name in frame.columns if pandas.api.types.is_numeric_dtype(frame[name])]
    styler = styler.set_properties(subset=numbers, **{"font-variant-numeric": "tabular-nums"})
    if hidden:
        styler = styler.set_tooltips(hints, as_title_attribute=True)
    return styler.set_caption(caption) if caption else styler


def _nullable(kind: pyarrow.DataType) -> object | None:
    import pandas

    return {
        pyarrow.int8(): pandas.Int8Dtype(),
        pyarrow.int16(): pandas.Int16Dtype(),
        pyarrow.int32(): pandas.Int32Dtype(),
        pyarrow.int64(): pandas.Int64Dtype(),
        pyarrow.bool_(): pandas.BooleanDtype(),
    }.get(kind)


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
