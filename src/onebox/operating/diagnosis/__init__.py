"""Diagnosis of logs, of any program: bytes in, findings out. It opens nothing, and asks no clock."""
