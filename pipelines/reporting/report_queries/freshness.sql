-- freshness: until when each file of an export tells of anything.
-- grain: one row per file that has a dated row
-- What was planned (agreed due times, ends of coverages) is no sign of life and does not count.
with dated as (
    select 'tickets' as export, source_file,
        greatest(opened_at, responded_at, arrived_at, finished_at) as happened_at
    from staging.tickets
    union all
    select 'service_records', source_file,
        greatest(service_started_at, service_finished_at, submitted_at)
    from staging.service_records
    union all
    select 'invoices', source_file, issued_at
    from staging.invoices
    union all
    select 'installed_base', source_file, cast(purchased_at as timestamp)
    from staging.installed_base
    union all
    select 'agents', source_file, cast(active_from as timestamp)
    from staging.agents
    union all
    select 'pauses', source_file, greatest(paused_at, resumed_at)
    from staging.pauses
)
select dated.export, dated.source_file, max(dated.happened_at) as latest_at,
    any_value(run.as_of) as as_of
from dated
cross join meta.run as run
where dated.happened_at is not null
group by dated.export, dated.source_file
order by dated.export, dated.source_file
