-- steps.classed_records: each filed record by what it is to the record that was owed, in a word.
-- grain: one row per service record
-- clauses: AG, KA
-- materialized: table
-- What stays of steps.record_classes for those who look after the run; the rest of a record is in its
-- export.
-- columns:
--   record_id: key
--   class: of steps.record_classes
select
    record_id,
    class
from steps.record_classes
