"""Moves the data: reads exports, loads terms, runs the models, validates, reports, publishes.

Belongs here: everything that knows the warehouse or Dagster, and the ``sla`` command. Does not
belong here: what the tables mean (``models``), what must hold (``expectations``), how a page
looks (``dashboards``).
"""
