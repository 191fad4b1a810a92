"""What a run survives: a kill, a full disk, another run, a reader, a clock that jumps."""
