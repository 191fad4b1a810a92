-- steps.invoice_lines: the one place every invoice line has, by its charge.
--
-- A line belongs to the ticket it cites, when that ticket is there. A maintenance fee without a ticket,
-- for a unit (or else a contract) and from a day on, belongs to that period, and makes one charge
-- with the lines of the same month of issue, so that each month adds up. Any other line stands alone.
-- On a ticket the lines of one charge type net, currency by currency, in one charge, with three exceptions:
--   * A repeat (duplicate) stands alone: same ticket or period, charge type, amount and currency as
--     a line on another invoice issued at most the window of the terms before, whoever issued either,
--     neither of them reversed. Only what the provider bills and what others bill are not compared:
--     the latter is the wrong biller's. Which of equal lines is the later one: by day of issue, then
--     invoice, then line number, never by place in a file. A credit reverses what its own issuer
--     billed by that day: one of the same amount the latest such line that still stands; other credits
--     what was billed last, bill by bill. What they reverse in part stays; such parts, and what was
--     credited before anything was billed, are taken off the repeats, latest first: one of which
--     nothing is left is none. A credit of an issuer who billed nothing is taken for one of the
--     only issuer who did.
--   * What issuers bill who are not the provider (reading 15) is a charge of its own when it nets
--     above zero, credits without an issuer taken off where the provider billed nothing; what they
--     only credit nets with the rest.
--   * A currency that nets to zero was reversed in full: its lines join what is left of the charge, so
--     that a bill reversed and written again in another currency reads as one; never another biller's.
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
--   customer_id: as the line names it; null on a ticket that has its own
--   ticket_id: as the line cites it, there or not
--   serial_no: unit the line names; null on a ticket
--   contract_id: contract the line names; null on a ticket
--   charge_type: what is billed; null when unreadable
--   amount: money, credits negative; null when unreadable
--   currency: of the amount
--   charge_currency: of the charge; differs only for lines of a currency reversed in full
--   is_shared: other lines may be part of the same charge
--   coverage_start: first day covered
--   coverage_end: last day covered
--   is_other_biller: part of a charge by an issuer who is not the provider
--   is_duplicate: repeats an earlier line that was not reversed
--   repeats_invoice_id: the invoice repeated
--   credited_amount: of a repeat, the part that credits among the other lines took back
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
        case when tickets.customer_id is null then invoices.customer_id end as customer_id,
        invoices.ticket_id,
        case when tickets.ticket_id is null then invoices.serial_no end as serial_no,
        case when tickets.ticket_id is null then invoices.contract_id end as contract_id,
        invoices.charge_type,
        invoices.amount,
        coalesce(invoices.currency, 'CNY') as currency,
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

-- What others than the provider billed on a ticket, beside what could be against theirs.
others_lines as (
    select
        lines.ticket_id,
        lines.type_key,
        lines.currency,
        sum(case when lines.is_not_provider then lines.amount else 0 end) as named_amount,
        sum(case when lines.issuer is null and lines.amount < 0 then lines.amount else 0 end)
            as unnamed_credits,
        bool_or(lines.amount > 0 and not lines.is_not_provider) as has_provider_bill
    from lines
    inner join (
        select distinct ticket_id, type_key, currency from lines where is_not_provider
    ) as theirs
        on lines.ticket_id = theirs.ticket_id
        and lines.type_key = theirs.type_key
        and lines.currency = theirs.currency
    where lines.is_shared and lines.place = 'ticket'
    group by lines.ticket_id, lines.type_key, lines.currency
),

shared_lines as (
    select
        lines.*,
        coalesce(
            others.named_amount
                + case when others.has_provider_bill then 0 else others.unnamed_credits end > 0
            and (
                lines.is_not_provider
                or (
                    lines.issuer is null
                    and lines.amount < 0
                    and not others.has_provider_bill
                )
            ),
            false
        ) as is_other_biller
    from lines
    left join others_lines as others
        on lines.ticket_id = others.ticket_id
        and lines.type_key = others.type_key
        and lines.currency = others.currency
        and lines.place = 'ticket'
    where lines.is_shared
),

-- What a line may repeat another of: one key for the ticket or period, type, currency and side.
keyed as (
    select
        *,
        abs(amount) as size,
        subject || '|' || place || '|' || charge_type || '|' || currency
            || case when is_other_biller then '|other' else '' end as repeat_key
    from shared_lines
    where charge_type <> 'other' and amount <> 0
),

-- Only where an amount stands on two invoices can there be a repeat.
repeated_charges as (
    select distinct repeat_key
    from (
        select repeat_key
        from keyed
        where amount > 0
        group by repeat_key, amount
        having min(invoice_id) <> max(invoice_id)
    ) as repeated
),

billed as (
    select
        *,
        max(amount) over (partition by repeat_key, issuer) < 0 as is_mere_credit,
        min(case when amount > 0 then coalesce(issuer, '') end) over (partition by repeat_key)
            as first_biller,
        max(case when amount > 0 then coalesce(issuer, '') end) over (partition by repeat_key)
            as last_biller
    from keyed
    where repeat_key in (select repeat_key from repeated_charges)
),

audited as (
    select
        *,
        case
            when is_mere_credit and first_biller = last_biller then first_biller
            else coalesce(issuer, '')
        end as issuer_key
    from billed
),

-- Bills count up and credits down, by issuer and amount, in order of time: a bill was reversed when
-- the count later falls below where the bill had brought it.
counted as (
    select
        audited.*,
        row_number() over (
            partition by audited.repeat_key, audited.issuer_key, audited.size
            order by
                audited.issued_on nulls last, audited.amount desc, audited.invoice_id,
                audited.line_no
        ) as turn,
        sum(case when audited.amount > 0 then 1 else -1 end) over (
            partition by audited.repeat_key, audited.issuer_key, audited.size
            order by
                audited.issued_on nulls last, audited.amount desc, audited.invoice_id,
                audited.line_no
            rows between unbounded preceding and current row
        ) as standing
    from audited
),

matched as (
    select
        *,
        min(standing) over (
            partition by repeat_key, issuer_key, size order by turn
            rows between 1 following and unbounded following
        ) as least_after,
        min(standing) over (
            partition by repeat_key, issuer_key, size order by turn
            rows between unbounded preceding and 1 preceding
        ) as least_before
    from counted
),

-- What no credit of the same amount took back, and the credits that were of no bill's amount.
open_lines as (
    select
        *,
        sum(amount) over (
            partition by repeat_key, issuer_key
            order by issued_on nulls last, amount desc, invoice_id, line_no
            rows between unbounded preceding and current row
        ) as balance
    from matched
    where
        case
            when amount > 0 then coalesce(least_after, standing) >= standing
            else standing < least(coalesce(least_before, 0), 0)
        end
),

-- Those credits take back what was billed last: all of a bill, or a part, as far as the balance later
-- falls below where the bill had brought it.
credited_lines as (
    select
        *,
        greatest(
            balance - coalesce(
                min(balance) over (
                    partition by repeat_key, issuer_key
                    order by issued_on nulls last, amount desc, invoice_id, line_no
                    rows between 1 following and unbounded following
                ),
                balance
            ),
            0
        ) as fall
    from open_lines
),

standing_bills as (
    select
        *,
        fall as credited_part
    from credited_lines
    where amount > 0 and fall < amount
),

standing_invoices as (
    select
        repeat_key,
        size,
        invoice_id,
        min(issued_on) as issued_on,
        min(period_id) as period_id
    from standing_bills
    group by repeat_key, size, invoice_id
),

invoices_in_turn as (
    select
        *,
        lag(invoice_id) over (
            partition by repeat_key, size order by issued_on nulls last, invoice_id
        ) as previous_invoice_id,
        lag(issued_on) over (
            partition by repeat_key, size order by issued_on nulls last, invoice_id
        ) as previous_issued_on
    from standing_invoices
),

repeats as (
    select
        bills.invoice_id,
        bills.line_no,
        bills.repeat_key,
        bills.size,
        turns.previous_invoice_id,
        sum(bills.amount) over (
            partition by bills.repeat_key
            order by
                bills.issued_on desc, bills.amount desc, bills.invoice_id desc, bills.line_no desc
            rows between unbounded preceding and current row
        ) as amount_so_far
    from invoices_in_turn as turns
    inner join standing_bills as bills
        on turns.repeat_key = bills.repeat_key
        and turns.size = bills.size
        and turns.invoice_id = bills.invoice_id
    left join terms.days as days on turns.issued_on = days.day
    left join terms.rules as rules on coalesce(turns.period_id, days.period_id) = rules.period_id
    where date_diff('day', turns.previous_issued_on, turns.issued_on) <= rules.duplicate_window_days
),

-- Of equal bills it is all one which of them a part was credited on, or a credit was written before.
credits_on_repeats as (
    select repeat_key, sum(credited_part) as credited
    from (
        select repeat_key, credited_part
        from standing_bills
        where repeat_key || '|' || cast(size as varchar) in (
            select repeat_key || '|' || cast(size as varchar) from repeats
        )
        union all
        select repeat_key, greatest(-min(balance), 0) as credited_part
        from open_lines
        group by repeat_key, issuer_key
    ) as parts
    group by repeat_key
),

duplicates as (
    select
        repeats.invoice_id,
        repeats.line_no,
        repeats.previous_invoice_id,
        greatest(credits.credited - (repeats.amount_so_far - repeats.size), 0) as credited_amount
    from repeats
    inner join credits_on_repeats as credits on repeats.repeat_key = credits.repeat_key
    where repeats.amount_so_far > credits.credited
),

marked as (
    select
        shared_lines.*,
        duplicates.invoice_id is not null as is_duplicate,
        duplicates.previous_invoice_id as repeats_invoice_id,
        cast(duplicates.credited_amount as decimal(18, 2)) as credited_amount
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
    having min(currency) <> max(currency) or bool_or(is_other_biller)
),

sides as (
    select
        marked.ticket_id,
        marked.type_key,
        marked.currency,
        marked.is_other_biller,
        case when marked.is_other_biller then '1' else '0' end || marked.currency as side_key,
        sum(coalesce(marked.amount, 0)) <> 0 or count(*) > count(marked.amount) as is_live
    from marked
    inner join mixed_charges as mixed
        on marked.ticket_id = mixed.ticket_id
        and marked.type_key = mixed.type_key
    where marked.place = 'ticket' and not marked.is_duplicate
    group by marked.ticket_id, marked.type_key, marked.currency, marked.is_other_biller
),

placed_sides as (
    select
        *,
        case
            when is_live then side_key
            else coalesce(
                min(case when is_live then side_key end) over (
                    partition by ticket_id, type_key, is_other_biller
                ),
                min(side_key) over (partition by ticket_id, type_key, is_other_biller)
            )
        end as charge_key
    from sides
),

placed as (
    select
        marked.*,
        coalesce(substr(placed_sides.charge_key, 2), marked.currency) as charge_currency
    from marked
    left join placed_sides
        on marked.ticket_id = placed_sides.ticket_id
        and marked.type_key = placed_sides.type_key
        and marked.currency = placed_sides.currency
        and marked.is_other_biller = placed_sides.is_other_biller
        and marked.place = 'ticket'
        and not marked.is_duplicate
    union all
    select
        lines.*,
        coalesce(lines.is_not_provider and lines.amount > 0, false) as is_other_biller,
        false as is_duplicate,
        cast(null as varchar) as repeats_invoice_id,
        cast(null as decimal(18, 2)) as credited_amount,
        lines.currency as charge_currency
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
    coverage_start,
    coverage_end,
    is_other_biller,
    is_duplicate,
    repeats_invoice_id,
    credited_amount,
    source_file,
    source_row
from placed
