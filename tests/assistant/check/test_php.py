"""PHP and WordPress: syntax of the edited file; phpstan at the end, where the project has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects

PLUGIN = {
    "opening-hours.php": "<?php\n/*\n * Plugin Name: Opening hours\n */\nfunction hours() { return '9-17'; }\n",
    "composer.json": '{"name": "example/opening-hours"}\n',
}
# It takes a config, as phpstan does, and tells a fault for each file that has `var_dump`.
PHPSTAN = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -c ] && config=$2; shift; done
mkdir -p "$(sed -n 's/ *tmpDir: "\\(.*\\)"/\\1/p' "$config")" || exit 9
grep -n var_dump *.php /dev/null | sed "s|^\\([^:]*\\):\\([0-9]*\\):.*|$PWD/\\1:\\2:Call of var_dump|"
! grep -q var_dump *.php
"""


@pytest.mark.soak
def test_tells_where_a_file_does_not_parse(projects: Projects, php: str) -> None:
    project = projects(PLUGIN)
    assert project.edit("opening-hours.php", PLUGIN["opening-hours.php"] + "hours();\n").quiet()
    told = project.edit("opening-hours.php", "<?php\nfunction hours( { }\n")

    assert told.code == 2
    assert told.lines == ['opening-hours.php:2: Parse error: syntax error, unexpected token "{", expecting variable']


def test_phpstan_runs_at_the_end_with_its_cache_elsewhere(projects: Projects) -> None:
    project = projects({**PLUGIN, "phpstan.neon.dist": "parameters:\n    level: 5\n    tmpDir: build/phpstan\n"})
    project.script("vendor/bin/phpstan", PHPSTAN)
    assert project.stop().quiet()
    project.write({"opening-hours.php": "<?php\nvar_dump(1);\n"})
    told = project.stop()

    assert told.code == 2
    assert told.lines == ["1 fault in the project:", "opening-hours.php:2: Call of var_dump"]
