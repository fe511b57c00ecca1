"""Modules that the end-to-end tests share; ../run.py runs the tests."""
