-- steps.invoice_lines: the one place every invoice line has, by its charge.
--
-- A line belongs to the ticket it cites, when that ticket is there. A maintenance fee without a ticket,
-- for a unit (or else a contract) and from a day on, belongs to that period, and makes one charge
-- with the lines of the same month of issue, so that each month adds up. Any other line stands alone.
-- On a ticket the lines of one charge type net, currency by currency, in one charge, with three exceptions:
--   * A repeat (duplicate) stands alone: same issuer, ticket or period, charge type, amount and
--     currency as a line on another invoice issued at most the window of the terms before, and not
--     reversed. Which of equal lines is the later one: by day of issue, then invoice, then line
--     number, never by place in a file. A credit of the same amount reverses the latest repeat;
--     other credits together reverse repeats, largest and latest first, as far as they cover them whole.
--   * What an issuer bills who is not the provider (reading 15) is a charge of its own when it
--     nets above zero; a mere credit of such an issuer nets with the rest.
--   * A currency that nets to zero was reversed in full: its lines join the charge of the ticket
--     that is left, so that a bill reversed and written again in another currency reads as one.
-- grain: one row per invoice line
-- clauses: EC, AS-3
-- materialized: table
-- columns:
--   invoice_id: with line_no the key
--   line_no: number of the line in its invoice
--   charge_id: the charge the line is part of (facts.charges)
--   place: ticket, period or line (stands alone)
--   period_key: what the lines of one period fee share over all months; null elsewhere
--   issued_on: day of issue
--   issuer: company or an agent_id
--   customer_id: as the line names it
--   ticket_id: as the line cites it, there or not
--   serial_no: unit the line names
--   contract_id: contract the line names
--   charge_type: what is billed; null when unreadable
--   amount: money, credits negative; null when unreadable
--   currency: of the amount
--   charge_currency: of the charge; differs only for lines of a currency reversed in full
--   is_shared: other lines may be part of the same charge
--   payment_method: as the line names it
--   coverage_start: first day covered
--   coverage_end: last day covered
--   is_other_biller: part of a charge by an issuer who is not the provider
--   is_duplicate: repeats an earlier line that was not reversed
--   repeats_invoice_id: the invoice repeated
--   source_file: file the line came in
--   source_row: its row in that file, header = 1
with
-- Most charges are one line; only those that may be of several need the steps below.
shared_tickets as (
    select ticket_id, coalesce(charge_type, 'unknown') as type_key
    from staging.invoices
    where ticket_id is not null
    group by ticket_id, coalesce(charge_type, 'unknown')
    having count(*) > 1
),

lines as (
    select
        invoices.invoice_id,
        invoices.line_no,
        cast(invoices.issued_at as date) as issued_on,
        invoices.issuer,
        invoices.customer_id,
        invoices.ticket_id,
        invoices.serial_no,
        invoices.contract_id,
        invoices.charge_type,
        invoices.amount,
        coalesce(invoices.currency, 'CNY') as currency,
        invoices.payment_method,
        invoices.coverage_start,
        invoices.coverage_end,
        invoices.source_file,
        invoices.source_row,
        days.period_id,
        coalesce(invoices.charge_type, 'unknown') as type_key,
        invoices.ticket_id is null or shared_tickets.ticket_id is not null as is_shared,
        case
            when tickets.ticket_id is not null then 'ticket'
            when invoices.ticket_id is null
                and invoices.charge_type = 'maintenance_fee'
                and invoices.coverage_start is not null
                and coalesce(invoices.serial_no, invoices.contract_id) is not null
                then 'period'
            else 'line'
        end as place,
        case
            when tickets.ticket_id is not null then invoices.ticket_id
            when invoices.ticket_id is null
                and invoices.charge_type = 'maintenance_fee'
                and invoices.coverage_start is not null
                and coalesce(invoices.serial_no, invoices.contract_id) is not null
                then case
                    when invoices.serial_no is not null then 'unit:' || invoices.serial_no
                    else 'contract:' || invoices.contract_id
                end
                || '|' || cast(invoices.coverage_start as varchar)
                || '..' || coalesce(cast(invoices.coverage_end as varchar), '?')
            else 'line:' || invoices.invoice_id || '#' || cast(invoices.line_no as varchar)
        end as subject,
        coalesce(
            case tickets.provider
                when 'company' then invoices.issuer <> 'company'
                when 'agent' then invoices.issuer = 'company' or invoices.issuer <> tickets.agent_id
            end
            and invoices.charge_type <> 'other',
            false
        ) as is_not_provider
    from staging.invoices as invoices
    left join staging.tickets as tickets on invoices.ticket_id = tickets.ticket_id
    left join terms.days as days on cast(tickets.opened_at as date) = days.day
    left join shared_tickets
        on invoices.ticket_id = shared_tickets.ticket_id
        and coalesce(invoices.charge_type, 'unknown') = shared_tickets.type_key
),

shared_lines as (
    select * from lines where is_shared
),

audited as (
    select *, coalesce(issuer, '') as issuer_key
    from shared_lines
    where charge_type <> 'other' and amount <> 0
),

repeated as (
    select place, subject, charge_type, currency, issuer_key, amount
    from audited
    where amount > 0
    group by place, subject, charge_type, currency, issuer_key, amount
    having min(invoice_id) <> max(invoice_id)
),

repeated_invoices as (
    select
        audited.place,
        audited.subject,
        audited.charge_type,
        audited.currency,
        audited.issuer_key,
        audited.amount,
        audited.invoice_id,
        min(audited.issued_on) as issued_on,
        min(audited.period_id) as period_id
    from audited
    inner join repeated
        on audited.subject = repeated.subject
        and audited.place = repeated.place
        and audited.charge_type = repeated.charge_type
        and audited.currency = repeated.currency
        and audited.issuer_key = repeated.issuer_key
        and audited.amount = repeated.amount
    group by
        audited.place, audited.subject, audited.charge_type, audited.currency,
        audited.issuer_key, audited.amount, audited.invoice_id
),

invoices_in_turn as (
    select
        *,
        lag(invoice_id) over (
            partition by place, subject, charge_type, currency, issuer_key, amount
            order by issued_on nulls last, invoice_id
        ) as previous_invoice_id,
        lag(issued_on) over (
            partition by place, subject, charge_type, currency, issuer_key, amount
            order by issued_on nulls last, invoice_id
        ) as previous_issued_on
    from repeated_invoices
),

repeats as (
    select
        audited.invoice_id,
        audited.line_no,
        audited.place,
        audited.subject,
        audited.charge_type,
        audited.currency,
        audited.issuer_key,
        audited.amount,
        audited.issued_on,
        turns.previous_invoice_id
    from invoices_in_turn as turns
    inner join audited
        on turns.invoice_id = audited.invoice_id
        and turns.place = audited.place
        and turns.subject = audited.subject
        and turns.charge_type = audited.charge_type
        and turns.currency = audited.currency
        and turns.issuer_key = audited.issuer_key
        and turns.amount = audited.amount
    left join terms.days as days on turns.issued_on = days.day
    left join terms.rules as rules on coalesce(turns.period_id, days.period_id) = rules.period_id
    where date_diff('day', turns.previous_issued_on, turns.issued_on) <= rules.duplicate_window_days
),

repeated_charges as (
    select distinct place, subject, charge_type, currency, issuer_key
    from repeats
),

credits as (
    select
        audited.place,
        audited.subject,
        audited.charge_type,
        audited.currency,
        audited.issuer_key,
        abs(audited.amount) as amount,
        count(case when audited.amount < 0 then 1 end) as credited,
        greatest(
            count(case when audited.amount < 0 then 1 end)
            - count(case when audited.amount > 0 then 1 end),
            0
        ) * abs(audited.amount) as unmatched
    from audited
    inner join repeated_charges as charges
        on audited.subject = charges.subject
        and audited.place = charges.place
        and audited.charge_type = charges.charge_type
        and audited.currency = charges.currency
        and audited.issuer_key = charges.issuer_key
    group by
        audited.place, audited.subject, audited.charge_type, audited.currency,
        audited.issuer_key, abs(audited.amount)
),

credit_pools as (
    select place, subject, charge_type, currency, issuer_key, sum(unmatched) as pool
    from credits
    group by place, subject, charge_type, currency, issuer_key
),

ranked_repeats as (
    select
        *,
        row_number() over (
            partition by place, subject, charge_type, currency, issuer_key, amount
            order by issued_on desc, invoice_id desc, line_no desc
        ) as latest_rank
    from repeats
),

uncredited_repeats as (
    select
        ranked.*,
        sum(ranked.amount) over (
            partition by
                ranked.place, ranked.subject, ranked.charge_type, ranked.currency,
                ranked.issuer_key
            order by
                ranked.amount desc, ranked.issued_on desc, ranked.invoice_id desc,
                ranked.line_no desc
            rows between unbounded preceding and current row
        ) as amount_so_far
    from ranked_repeats as ranked
    inner join credits
        on ranked.subject = credits.subject
        and ranked.place = credits.place
        and ranked.charge_type = credits.charge_type
        and ranked.currency = credits.currency
        and ranked.issuer_key = credits.issuer_key
        and ranked.amount = credits.amount
    where ranked.latest_rank > credits.credited
),

duplicates as (
    select
        uncredited.invoice_id,
        uncredited.line_no,
        uncredited.previous_invoice_id
    from uncredited_repeats as uncredited
    inner join credit_pools as pools
        on uncredited.subject = pools.subject
        and uncredited.place = pools.place
        and uncredited.charge_type = pools.charge_type
        and uncredited.currency = pools.currency
        and uncredited.issuer_key = pools.issuer_key
    where uncredited.amount_so_far > pools.pool
),

marked as (
    select
        shared_lines.*,
        duplicates.invoice_id is not null as is_duplicate,
        duplicates.previous_invoice_id as repeats_invoice_id
    from shared_lines
    left join duplicates
        on shared_lines.invoice_id = duplicates.invoice_id
        and shared_lines.line_no = duplicates.line_no
),

-- Most of those are billed by one issuer in one currency; only the others need these steps.
mixed_charges as (
    select ticket_id, type_key
    from marked
    where place = 'ticket' and not is_duplicate
    group by ticket_id, type_key
    having min(currency) <> max(currency) or bool_or(is_not_provider)
),

sides as (
    select
        marked.ticket_id,
        marked.type_key,
        marked.currency,
        marked.is_not_provider,
        sum(coalesce(marked.amount, 0)) as net,
        count(*) - count(marked.amount) as unreadable
    from marked
    inner join mixed_charges as mixed
        on marked.ticket_id = mixed.ticket_id
        and marked.type_key = mixed.type_key
    where marked.place = 'ticket' and not marked.is_duplicate
    group by marked.ticket_id, marked.type_key, marked.currency, marked.is_not_provider
),

split_sides as (
    select
        ticket_id,
        type_key,
        currency,
        is_not_provider,
        is_not_provider and net > 0 as is_other_biller,
        sum(net) over (
            partition by ticket_id, type_key, currency, is_not_provider and net > 0
        ) as charge_net,
        sum(unreadable) over (
            partition by ticket_id, type_key, currency, is_not_provider and net > 0
        ) as charge_unreadable
    from sides
),

live_sides as (
    select
        *,
        case when is_other_biller then '1' else '0' end || currency as side_key,
        charge_net <> 0 or charge_unreadable > 0 as is_live
    from split_sides
),

placed_sides as (
    select
        *,
        case
            when is_live then side_key
            else coalesce(
                min(case when is_live then side_key end) over (partition by ticket_id, type_key),
                min(side_key) over (partition by ticket_id, type_key)
            )
        end as charge_key
    from live_sides
),

placed as (
    select
        marked.*,
        case
            when placed_sides.charge_key is not null then substr(placed_sides.charge_key, 2)
            else marked.currency
        end as charge_currency,
        case
            when placed_sides.charge_key is not null then substr(placed_sides.charge_key, 1, 1) = '1'
            else marked.is_not_provider
        end as is_other_biller
    from marked
    left join placed_sides
        on marked.ticket_id = placed_sides.ticket_id
        and marked.type_key = placed_sides.type_key
        and marked.currency = placed_sides.currency
        and marked.is_not_provider = placed_sides.is_not_provider
        and marked.place = 'ticket'
        and not marked.is_duplicate
    union all
    select
        lines.*,
        false as is_duplicate,
        cast(null as varchar) as repeats_invoice_id,
        lines.currency as charge_currency,
        coalesce(lines.is_not_provider and lines.amount > 0, false)
            as is_other_biller
    from lines
    where not lines.is_shared
)

select
    invoice_id,
    line_no,
    case
        when place = 'line' then subject
        else subject || '|' || type_key || '|' || charge_currency
            || case
                when is_duplicate
                    then '|repeat:' || invoice_id || '#' || cast(line_no as varchar)
                when place = 'period'
                    then '|' || coalesce(strftime(issued_on, '%Y-%m'), '?')
                when is_other_biller then '|other_biller'
                else ''
            end
    end as charge_id,
    place,
    case when place = 'period' and not is_duplicate then subject || '|' || charge_currency end
        as period_key,
    issued_on,
    issuer,
    customer_id,
    ticket_id,
    serial_no,
    contract_id,
    charge_type,
    amount,
    currency,
    charge_currency,
    is_shared,
    payment_method,
    coverage_start,
    coverage_end,
    is_other_biller,
    is_duplicate,
    repeats_invoice_id,
    source_file,
    source_row
from placed
