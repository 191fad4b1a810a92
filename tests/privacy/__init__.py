"""Names and texts that are hidden, and folders that hold what their readers may see."""
