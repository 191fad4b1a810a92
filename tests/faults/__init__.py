"""What a run survives: a kill, another run, a reader."""
