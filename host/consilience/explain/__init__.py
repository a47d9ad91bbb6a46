"""Why a verdict is what it is: the steps that moved it, each taken out exactly, in plain words."""
