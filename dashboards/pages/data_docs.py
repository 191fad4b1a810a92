"""Great Expectations' Data Docs: every expectation of the run as Great Expectations words it.

Frame: ``checks``, whose ``document`` is what Great Expectations' own renderers made of each
validation result. Printed here because the pages Great Expectations writes load styles and scripts
from the network and differ from run to run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dashboards import words
from dashboards.language import Text
from dashboards.pages.data import GUARDS, SEVERITIES, check_id
from dashboards.report import Page, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A parameter longer than this (a query, that is) is folded away.
_FOLDED = 60
_SCHEMAS = ("meta", "staging", "terms", "facts", "marts")


def build(report: Report) -> Mapping[str, Any]:
    """What ``data_docs.html.j2`` prints."""
    checks = report.frame("checks")
    suites: dict[str, list[dict[str, Any]]] = {}
    for row in checks.sort("table_name", "success", "check_name").iter_rows(named=True):
        suites.setdefault(row["table_name"], []).append(_expectation(row))
    rendered_by = json.loads(checks["document"][0])["by"] if checks.height else "Data Docs"
    return {
        "lead": Text(
            "本次运行检验的全部期望。每项的第一句是本报告的说法，其下的英文句子与观察值由 "
            f"{rendered_by} 生成。",
            "Every expectation validated in this run. The first sentence of each is this report's; "
            f"the one under it and the observed value are as {rendered_by} renders them.",
        ),
        "evaluated": checks.height,
        "failed": checks.height - int(checks["success"].sum()),
        "suites": [
            {
                "table": table,
                "evaluated": len(suites[table]),
                "failed": sum(not one["success"] for one in suites[table]),
                "expectations": suites[table],
            }
            for table in sorted(suites, key=_place)
        ],
    }


def _place(table: str) -> tuple[int, str]:
    """Where a suite stands: with its schema, in the order the tables are made in."""
    schema = table.partition(".")[0]
    return (_SCHEMAS.index(schema) if schema in _SCHEMAS else len(_SCHEMAS)), table


def _expectation(row: dict[str, Any]) -> dict[str, Any]:
    document = json.loads(row["document"])
    sentence = [(text, is_code) for text, is_code in document["sentence"] if len(text) <= _FOLDED]
    return {
        **row,
        "id": check_id(row["table_name"], row["check_name"]),
        "description": Text(row["description_zh"], row["description_en"]),
        "guards": words.label(GUARDS, row["guards"]),
        "severity_text": words.label(SEVERITIES, row["severity"]),
        "type": document["type"],
        "sentence": sentence,
        "query": "".join(text for text, _ in document["sentence"] if len(text) > _FOLDED),
        "observed": document["observed"],
    }


PAGE = Page(
    name="data-docs",
    title=Text("Data Docs：全部期望", "Data Docs"),
    template="data_docs.html.j2",
    build=build,
    needs=("checks",),
    in_navigation=False,
    promise=Text(
        "本次运行检验的全部期望及结果。", "every expectation of this run, and its result."
    ),
    words={
        "back": Text("回到数据质量", "Back to data quality"),
        "evaluated": Text("项检验", "evaluated"),
        "succeeded": Text("通过", "succeeded"),
        "failed": Text("未通过", "failed"),
        "suites": Text("期望套件，每表一套", "Expectation suites, by table"),
        "status": Text("状态", "Status"),
        "expectation": Text("期望", "Expectation"),
        "observed": Text("观察值", "Observed value"),
        "failing": Text("不符行", "Failing rows"),
        "guards": Text("依据", "Guards"),
        "severity": Text("级别", "Severity"),
        "query": Text("查询语句", "Query"),
    },
)
