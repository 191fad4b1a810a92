"""What the report shows in place of names and free text, where the settings ask for it.

The warehouse keeps what the exports say: it is what the report is made from and checked against,
and not for handing out. Whatever is handed out (pages, workbooks, downloads, editions, agents'
sheets) reads it through a curtain: the same tables under the same names, in which each name, text
and identifying id is replaced. So no page and no query has to think of it, and none can forget to.

Belongs here: what is hidden and how. Does not belong here: what the settings may say
(``settings_file``).
"""

from pipelines.privacy.showing import check_agreement, curtain, open_shown, remember

__all__ = ["check_agreement", "curtain", "open_shown", "remember"]
