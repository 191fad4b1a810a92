"""The models and the checks of a run on Spark: the same SQL, the same suites, the same report.

Belongs here: everything that knows PySpark, but for the judging of suites
(``expectations.on_spark``): starting the session, carrying tables over, translating the models.
Does not belong here: what any table means (``models``), how a cell is read (``exports``), or
anything of a cluster's own work: scheduling, shuffling and storing are Spark's.
"""
