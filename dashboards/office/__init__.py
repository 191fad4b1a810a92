"""What leaves the report for a mailbox, a slide or a spreadsheet.

Belongs here: the mailable edition of the management page (``mail``), its charts as static SVG
(``charts`` drawn with ``svg``) and its workbook (``management_workbook``), all from the frames
the page is made of. Does not belong here: what a number is (``dashboards.pages.management``), or
running a browser (``pipelines.reporting.office``).
"""
