"""What a report says of what it does not show.

Belongs here: the sentence under each page. Does not belong here: what is hidden (the settings) or
the hiding itself (whoever reads the frames).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.language import Text

if TYPE_CHECKING:
    import polars as pl

_KINDS: Final = {
    "customers": Text("客户名称", "customers"),
    "agents": Text("代理商名称", "agents"),
    "people": Text("工程师姓名", "engineers"),
    "texts": Text("自由文字", "free texts"),
}
_PSEUDONYMS: Final = {
    "customers": Text("（C-…）", " (C-…)"),
    "agents": Text("（A-…）", " (A-…)"),
    "people": Text("（P-…）", " (P-…)"),
    "texts": Text("（T-…）", " (T-…)"),
}


def sentence(frame: pl.DataFrame) -> Text | None:
    """What the report hides by its settings, from the frame ``privacy``; None if nothing."""
    if frame.is_empty():
        return None
    row = frame.row(0, named=True)
    named = [kind for kind in _KINDS if row[kind] == "pseudonyms"]
    left_out = [kind for kind in _KINDS if row[kind] == "omit"]
    zh, en = [], []
    if named:
        zh.append(f"{'、'.join(_KINDS[k].zh + _PSEUDONYMS[k].zh for k in named)}以代号显示")
        en.append(
            f"{', '.join(_KINDS[k].en + _PSEUDONYMS[k].en for k in named)} stand under pseudonyms"
        )
    if left_out:
        zh.append(f"{'、'.join(_KINDS[kind].zh for kind in left_out)}略去")
        en.append(f"{', '.join(_KINDS[kind].en for kind in left_out)} are left out")
    if row["ids"] == "pseudonyms":
        zh.append("客户与代理商编号以代号显示")
        en.append("ids of customers and agents stand under pseudonyms")
    return Text(
        f"按隐私设置：{'；'.join(zh)}。原样的单元格与行不显示，可凭文件与行号查找。",
        f"By the privacy settings: {'; '.join(en)}. Cells and rows as they came are not shown; "
        "file and row lead to them.",
    )
