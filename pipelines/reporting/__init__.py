"""What is handed out: pages, workbooks, sheets of the agents, folders of the audiences.

Belongs here: reading the report's frames from the warehouse and writing its files. Does not
belong here: how a page or a sheet looks (``dashboards``).
"""
