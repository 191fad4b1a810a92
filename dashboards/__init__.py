"""The report: Polars frames in, pages and figures out.

Belongs here: what people see. Does not belong here: the warehouse, its SQL or Dagster.
``pipelines.reporting.report.build_report(con, out_dir)`` reads the frames and calls ``site``.

How to add a page:

1. ``pipelines/report_queries/<frame>.sql``: one select per frame, bounded in size (totals by
   month, or the worst rows). A frame is simply absent when its tables are.
2. ``dashboards/pages/<page>.py``: ``build(report) -> dict`` of what the template prints, and
   ``PAGE = Page(name, title, template, build, needs=, uses=, exports=, promise=, words=,
   has_months=, downloads=)``. Pure functions of frames; read them with ``report.frame(name)``.
3. ``dashboards/templates/<page>.html.j2``: extends ``base.html.j2``, imports
   ``macros.html.j2`` with context: ``static_table``, ``data_table``, ``chart``, ``parts_bar``.
4. Every text is a ``Text(zh, en)``; ``{{ text }}`` prints the page's language. The page's own
   words are ``{{ t.key }}``, shared ones ``{{ w.key }}``; numbers by filter: count, percent,
   points, hours_minutes, money, month, instant, day.
5. A section that follows the month picker carries ``data-month="2025-06"`` (``hidden`` unless it
   is the default); a DataTable follows it by ``month_column``, and link filters by column key
   (``#month=2025-06&level=3&at=breached``: ``at`` is the id to scroll to).
6. Charts: a ``charts.Chart`` drawn from ``Figure()`` with its sentence and table twin; texts
   from exports through ``safe.plot_text``. No style attribute, no handler: the policy forbids.
7. Files of their own: ``Page.sheets`` with ``sheet_template``, named by ``safe.file_name(id)``.
   A ticket's section is ``ticket.html#id=…``: column kind ``ticket``.
8. Add the page to ``pages/__init__.py`` and its hand-made frames to ``tests/dashboards``.
"""
