"""What the end-to-end tests share. See run.py for how they are run."""
