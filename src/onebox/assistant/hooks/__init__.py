"""The hooks that the kit writes into a repository. They live without Onebox: the standard library alone, Python 3.9 on.

Each folder here is put together into one file, in the order of its `ORDER`.
"""
