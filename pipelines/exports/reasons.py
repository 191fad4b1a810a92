"""Why a cell is a problem, in the words people read.

Belongs here: every reason of ``staging.problems``, English and Chinese. Does not belong here:
when each applies (``values`` and the readers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.exports.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR, LAST_YEAR = 1900, 2199

NOT_A_TIME = "not a date or time we can read"
NO_DATE = "a time of day without its date"
NONE_OF_A_DATABASE = f"{FIRST_YEAR}-01-01 is what databases write for none"
OUT_OF_RANGE = f"the year is not within {FIRST_YEAR}-{LAST_YEAR}"
NOT_ONE_OF = "not one of: "
NOT_A_NUMBER = "not a number"
NOT_WHOLE = "not a whole number"
TOO_FINE = "more than two decimals"
TOO_LARGE = "too large"
BELOW_ZERO = "below zero"
POINT_OR_THOUSANDS = "a number with decimals, or a text that means thousands: it may be either"
TOO_MANY_CELLS = "more cells than headers"
NUL_BYTES = "NUL bytes taken out"
ERROR_CELL = "an error instead of a value"
OVER_COLUMNS = "merged over several columns: read in the first of them alone"
KEY_OVER_ROWS = "one key merged over several rows: only its first row has it"
SAME_TIME = "changes at the same time: which was the last cannot be told"
NO_TIME_OF_CHANGE = "a change without a readable time: what it changed cannot be told"
BEFORE_THE_LOG = "already in that state when the log begins: since when cannot be told"

CHINESE = {
    NOT_A_TIME: "不是可识别的日期或时间",
    NO_DATE: "只有时刻，没有日期",
    NONE_OF_A_DATABASE: f"{FIRST_YEAR}-01-01 是数据库表示“无”的写法",
    OUT_OF_RANGE: f"年份不在 {FIRST_YEAR}–{LAST_YEAR} 之内",
    NOT_ONE_OF: "不在可填的值之中：",
    NOT_A_NUMBER: "不是数字",
    NOT_WHOLE: "不是整数",
    TOO_FINE: "多于两位小数",
    TOO_LARGE: "数字过大",
    BELOW_ZERO: "小于零",
    POINT_OR_THOUSANDS: "可能是带小数的数字，也可能是表示千位的文字，无法判断",
    TOO_MANY_CELLS: "单元格多于标题",
    NUL_BYTES: "已去掉空字节",
    ERROR_CELL: "单元格是错误值",
    OVER_COLUMNS: "合并了多列：只按其中第一列读取",
    KEY_OVER_ROWS: "一个编号合并了多行：只有第一行有编号",
    SAME_TIME: "同一时间有多次变更，无法判断最后一次",
    NO_TIME_OF_CHANGE: "有一次变更的时间读不懂，无法判断其结果",
    BEFORE_THE_LOG: "变更记录开始时已处于该状态，无法判断从何时起",
}
"""Each reason in Chinese. After NOT_ONE_OF come the values that may stand there."""


def in_chinese(reason: str, asked: Mapping[str, str] | None = None) -> str:
    """SQL of the Chinese words for the reason in the expression ``reason``.

    ``asked``: questions that may be reasons too, English and Chinese.
    """
    words = CHINESE | dict(asked or {})
    whens = " ".join(
        f"when {literal(english)} then {literal(chinese)}" for english, chinese in words.items()
    )
    values_from = len(NOT_ONE_OF) + 1
    return (
        f"(case when starts_with({reason}, {literal(NOT_ONE_OF)})"
        f" then {literal(CHINESE[NOT_ONE_OF])} || substr({reason}, {values_from})"
        f" else case {reason} {whens} end end)"
    )
