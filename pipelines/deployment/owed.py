"""Which agents owe records, out of a published warehouse.

Belongs here: the counts a message needs. Does not belong here: the message (``notifications``)
or what is owed (``facts.filings``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.privacy import open_shown

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pipelines.privacy.key import Discretion

_OWED: Final = """
select
    filing.agent_id,
    count(*),
    cast(max(epoch(run.as_of) - epoch(filing.due_at)) as bigint) // 86400
from facts.filings as filing
cross join meta.run as run
where filing.finding in ('missing', 'incomplete', 'wrong_form')
    and filing.agent_id is not null
    and exists (select 1 from meta.files where export = 'service_records')
group by filing.agent_id
order by count(*) desc, filing.agent_id
"""


@dataclass(frozen=True)
class OwingAgent:
    """An agent with the records it owes, and the whole days since the first was due."""

    agent_id: str
    records: int
    days_overdue: int


@dataclass(frozen=True)
class OwedRecords:
    """Everything owed at ``as_of``, the agents with the most records first."""

    as_of: datetime
    agents: tuple[OwingAgent, ...]

    @property
    def records(self) -> int:
        """All records owed."""
        return sum(agent.records for agent in self.agents)


def records_owed(out: Path, hidden: Discretion | None = None) -> OwedRecords | None:
    """What agents owe by the published result; None when nobody owes anything.

    Without an export of service records nobody can be said to owe one.

    Raises:
        UsageError: there is no result, or its run hid what ``hidden`` does not.
    """
    with open_shown(out / "warehouse.duckdb", hidden) as con:
        agents = tuple(OwingAgent(*row) for row in con.execute(_OWED).fetchall())
        (as_of,) = con.execute("select as_of from meta.run").fetchall()[0]
    return OwedRecords(as_of, agents) if agents else None
