"""The benchmark: a box beside a hand-written program. `./dev bench --help`."""
