"""The planner: an island that imports nothing of the chassis. `pip install 'rookery[cost]'`."""
