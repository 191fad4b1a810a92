-- promise_items: promises broken or open, the latest of each kind and verdict.
-- grain: one row per promise, at most 60 of each kind and verdict
-- A response has its clock and times beside it: they say how late it was.
with placed as (
    select obligation.*,
           row_number() over (
               partition by kind, verdict
               order by month desc nulls last, due_at desc nulls last, subject_id
           ) as place,
           count(*) over (partition by kind, verdict) as of_kind
    from marts.obligations as obligation
    where verdict in ('breached', 'pending')
        and (
            kind <> 'filing'
            or exists (select 1 from meta.files where export = 'service_records')
        )
)
select placed.kind,
       placed.subject_id,
       placed.ticket_id,
       placed.responsible,
       placed.customer_type,
       placed.due_at,
       placed.done_at,
       placed.verdict,
       placed.reason,
       placed.reason_zh,
       placed.clause,
       placed.month,
       placed.of_kind,
       response.clock,
       response.target_seconds,
       response.elapsed_seconds,
       response.is_open
from placed
left join facts.responses as response
    on placed.kind = 'response' and response.ticket_id = placed.subject_id
where placed.place <= 60
order by placed.kind, placed.verdict, placed.place
