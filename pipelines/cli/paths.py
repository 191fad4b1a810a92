"""The type of every option that names a file or folder.

Belongs here: what is refused before it is looked up. Does not belong here: whether it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    import os


class _Place(click.Path):
    """A path; an empty one, as of a variable that is not set, would be the current folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - click's signature
        if not str(value).strip():
            self.fail("it is empty. Name a file or folder, or leave it out.", param, ctx)
        return super().convert(value, param, ctx)


PATH: Final = _Place(path_type=Path)
