-- quality_history: how the quality of the exports went from run to run, the latest 60 runs.
-- grain: one row per run and export
select run_no, as_of, version, export, files, rows_in, rejected, problems, to_mend,
    checks_not_met
from meta.quality_history
where run_no > (select max(run_no) - 60 from meta.quality_history)
order by run_no, export
