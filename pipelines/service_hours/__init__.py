"""Service hours: the clocks that every promise is measured with.

Belongs here: opening hours, holidays, elapsed time and due times, in Python and as tables for
SQL. Does not belong here: which promise has which clock (``models/``).
"""

from pipelines.service_hours.hours import WEEKDAYS, Interval, ServiceHours, ServiceHoursError

__all__ = ["WEEKDAYS", "Interval", "ServiceHours", "ServiceHoursError"]
