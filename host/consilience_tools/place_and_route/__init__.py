"""Place and route of published configurations, with open tools that pip installs.

``python -m consilience_tools.place_and_route`` (``make timing``) says how fast each of them runs
and how large it is on which part; docs/timing.md says how.
"""
