-- readings: how the terms are read, period by period.
-- grain: one row per reading and period
select readings.reading, readings.name, readings.choice, readings.default_choice,
       readings.alternatives, readings.clause, readings.title_zh, readings.title_en,
       readings.text_zh, readings.text_en, periods.valid_from, periods.valid_to
from terms.readings as readings
join terms.periods as periods on periods.period_id = readings.period_id
order by readings.reading, periods.valid_from
