"""What merged cells say: a value stands in each row it is merged over, a heading over its columns.

Belongs here: blocks of merged cells, filling rows, naming columns below merged headings. Does
not belong here: how cells are read (``workbooks``) and what they mean (``values``).

A reader of cells gives the value of a block in its first cell alone. On the screen it stands in
each of its rows, so it is filled down. Two things are not filled but listed, as that would be a
guess: the only key of an export, which would repeat in rows that are then one another's
replacement; and a value that spans columns, of which nobody can tell which one it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import python_calamine

from pipelines.errors import DataError
from pipelines.exports.headers import fold, known_headers
from pipelines.exports.reasons import KEY_OVER_ROWS, OVER_COLUMNS
from pipelines.exports.source import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from pipelines.contract import Export
    from pipelines.exports.mapping import ExportMapping
    from pipelines.exports.surveying import Extent


@dataclass(frozen=True)
class Block:
    """A block of merged cells by its first and last row and column, from 0.

    Columns count from the first one in use, as in the frame of the sheet; ``shift`` is how many
    blank ones the sheet has before it.
    """

    top: int
    left: int
    bottom: int
    right: int
    shift: int = 0

    @property
    def range(self) -> str:
        """As a spreadsheet program names it: A9:B10."""
        left, right = (_letters(column + self.shift) for column in (self.left, self.right))
        return f"{left}{self.top + 1}:{right}{self.bottom + 1}"


def _letters(column: int) -> str:
    letters = ""
    number = column + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def merged_blocks(path: Path, sheet: int, extent: Extent | None) -> tuple[list[Block], int]:
    """The merged blocks of a sheet, and how many blank columns it has before the first in use.

    No blocks in a format that does not tell (XLSB).

    Raises:
        DataError: they cannot be read.
    """
    if extent and not extent.has_merges and not extent.errors:
        return [], 0
    try:
        cells = python_calamine.load_workbook(path).get_sheet_by_index(sheet)
    except python_calamine.CalamineError as error:
        message = (
            f"{path.name}: which cells are merged cannot be read: {str(error).splitlines()[0]}."
            " Open it in a spreadsheet program and save it again."
        )
        raise DataError(message) from error
    found = extent.merges if extent and extent.merges is not None else cells.merged_cell_ranges
    shift = cells.start[1] if cells.start else 0
    blocks = [
        Block(top, max(left - shift, 0), bottom, right - shift, shift)
        for (top, left), (bottom, right) in found or []
        if right >= shift
    ]
    return blocks, shift


# Headers


def named_rows(
    head: Sequence[Sequence[str | None]],
    blocks: Iterable[Block],
    export: Export,
    rules: ExportMapping | None,
) -> list[list[str]]:
    """The first rows of a sheet as headers: what is merged down into a row, and over it, counts.

    A cell below a heading that spans columns has its own name where that is known, and else the
    heading and its own ("客户" over "编号": 客户编号), if that is known or two cells have the
    same name.
    """
    own = [[cell or "" for cell in row] for row in head]
    above = [[""] * len(row) for row in own]
    for block in blocks:
        if block.top >= len(own) or block.left >= len(own[block.top]):
            continue
        label = own[block.top][block.left]
        for row in own[block.top + 1 : block.bottom + 1]:
            row[block.left] = row[block.left] or label
        if block.right > block.left and block.bottom + 1 < len(own):
            under = above[block.bottom + 1]
            width = min(block.right + 1, len(under)) - block.left
            under[block.left : block.left + width] = [label] * width
    known = known_headers(export, rules)
    return [_named(row, headings, known) for row, headings in zip(own, above, strict=True)]


def _named(row: list[str], headings: list[str], known: set[str]) -> list[str]:
    folded = [fold(cell) for cell in row]
    joined = [
        f"{heading}{' ' if heading[-1:].isascii() and cell[:1].isascii() else ''}{cell}"
        if heading and cell
        else cell
        for heading, cell in zip(headings, row, strict=True)
    ]
    named = []
    for cell, name, with_heading in zip(row, folded, joined, strict=True):
        is_repeated = bool(name) and folded.count(name) > 1
        is_own = name in known and not is_repeated
        is_joined = fold(with_heading) in known or (is_repeated and name not in known)
        named.append(with_heading if is_joined and not is_own else cell)
    return named


def header_bottom(header: int, blocks: Iterable[Block]) -> int:
    """The last row that a cell of the header is merged down into."""
    return max([header, *(block.bottom for block in blocks if block.top <= header <= block.bottom)])


# Rows


def filled(
    cells: pl.DataFrame,
    is_row: pl.Series,
    blocks: Sequence[Block],
    used: Collection[int],
    only_key: int | None,
) -> tuple[pl.DataFrame, list[Finding]]:
    """The cells of a sheet with what is merged filled down, and a finding for what is not.

    ``is_row`` says which rows count at all; ``used`` are the positions of columns that are read,
    ``only_key`` that of a column that is the whole key of its rows.

    Raises:
        DataError: blocks overlap, as no spreadsheet program lets them.
    """
    findings = []
    rows_before = np.concatenate([[0], np.cumsum(is_row.to_numpy())])
    for left in sorted({block.left for block in blocks}):
        column = cells.to_series(left)
        texts = column.to_list()
        spans = []
        for block in blocks:
            if block.left != left or not texts[block.top]:
                continue
            bottom = min(block.bottom, cells.height - 1)
            rows_below = rows_before[bottom + 1] - rows_before[block.top + 1]
            reason = OVER_COLUMNS if block.right > left else None
            if left == only_key and rows_below:
                reason = KEY_OVER_ROWS
            else:
                spans.append((block.top, bottom))
            place = next((at for at in range(left, block.right + 1) if at in used), None)
            if reason and place is not None:
                shown = f"{block.range} {texts[block.top]}"
                findings.append(Finding(block.top + 1, place, shown, reason))
        if spans:
            cells = cells.with_columns(column.gather(_rows_read(spans, cells.height)))
    return cells, findings


def spread(errors: Iterable[Finding], blocks: Sequence[Block]) -> list[Finding]:
    """Errors of cells, each in every row that its cell is merged over."""
    bottoms = {(block.top + 1, block.left): block.bottom + 1 for block in blocks}
    return [
        replace(error, line=line)
        for error in errors
        for line in range(
            error.line, bottoms.get((error.line, error.position or 0), error.line) + 1
        )
    ]


def _rows_read(spans: list[tuple[int, int]], height: int) -> pl.Series:
    """For each row the row whose value it has: its own, or the first of its block."""
    rows = np.arange(height)
    top, bottom = np.array(spans).T
    sizes = bottom - top + 1
    if sizes.sum() > height:
        message = "merged cells overlap"
        raise DataError(message)
    starts = np.repeat(top, sizes)
    within = np.arange(len(starts)) - np.repeat(sizes.cumsum() - sizes, sizes)
    rows[starts + within] = starts
    return pl.Series(rows)
