"""Sequential monitors: does an agent still behave? Statistics over time, alarms, their promises."""
