"""The same run on Spark: exports and tables in Parquet where a whole cluster can reach them.

Belongs here: everything that knows PySpark, but for the judging of suites
(``expectations.on_spark``): starting the session, reading exports in its tasks, translating the
models, fetching what the report needs. Does not belong here: what any table means (``models``),
how a cell is read (``exports``), or anything of a cluster's own work: scheduling, shuffling and
storing are Spark's.
"""
