"""How many reporters must take part before a verdict can be had, and what each further one buys."""
