"""Flow files with a slip in each, by what is wrong."""

from __future__ import annotations

from textwrap import indent

_HEAD = "flow: w\non: {webhook: {path: w}}\nsteps:\n"


def _steps(text: str) -> dict[str, str]:
    return {"flows/w.yaml": _HEAD + indent(text.strip("\n"), "  ") + "\n"}


def _file(text: str) -> dict[str, str]:
    return {"flows/w.yaml": text}


_END = "steps: [{do: stop}]\n"
BROKEN: dict[str, dict[str, str]] = {
    # --- YAML ---
    "an empty file": _file(""),
    "a list": _file("- flow: w\n"),
    "a text": _file("flow"),
    "a bracket that is not closed": _file("flow: w\non: {manual: \nsteps: []\n"),
    "an expression in a flow mapping without quotes": _steps("- do: send\n  with: {to: ${event.body}, text: a}"),
    "an expression with a colon without quotes": _steps("- do: log\n  with:\n    text: ${x: 1}"),
    "a text with a colon without quotes": _steps("- do: log\n  with:\n    text: a: b"),
    "a tab": _file("flow: w\non:\n\tmanual: \n"),
    "a key twice": _file(f"flow: w\nflow: v\non: {{manual: }}\n{_END}"),
    "an anchor and an alias": _file(f"flow: w\non: &on {{manual: }}\n{_END}output: *on\n"),
    "an unknown alias": _file(f"flow: *w\non: {{manual: }}\n{_END}"),
    "a tag": _file(f"flow: !!str w\non: {{manual: }}\n{_END}"),
    "a merge key": _steps("- do: log\n  with:\n    <<: {text: a}\n    text: a"),
    "a key that is a number": _steps("- do: set\n  with: {1: a}"),
    "a key that is a mapping": _steps("- do: set\n  with: {{event}}: a"),
    "two documents": _file(f"flow: w\non: {{manual: }}\n{_END}---\nflow: v\n"),
    "a control character": _file("flow: w\nname: a\x07b\n"),
    "a text that begins with @": _steps("- do: send\n  with:\n    to: @news\n    text: a"),
    "a text that is not closed": _file("flow: 'w\n"),
    "too deep": _file("a: " + "[" * 200),
    "too large": _file("# " + "x" * 1_000_001),
    # --- the file ---
    "nothing but a name": _file("flow: w\n"),
    "an unknown key of the file": _file(f"flow: w\non: {{manual: }}\nlimit: {{time: 1m}}\n{_END}"),
    "a name that does not fit": _file(f"flow: My Flow\non: {{manual: }}\n{_END}"),
    "a name that is a number": _file(f"flow: 1.10\non: {{manual: }}\n{_END}"),
    "no steps": _file("flow: w\non: {manual: }\nsteps: []\n"),
    "steps that are a mapping": _file("flow: w\non: {manual: }\nsteps: {do: stop}\n"),
    "no trigger": _file(f"flow: w\non: {{}}\n{_END}"),
    "a trigger that is a text": _file(f"flow: w\non: webhook\n{_END}"),
    "an unknown trigger": _file(f"flow: w\non: {{webhok: {{path: w}}}}\n{_END}"),
    "an unknown setting of a trigger": _file(f"flow: w\non: {{webhook: {{pth: w}}}}\n{_END}"),
    "a wrong setting in a list of triggers": _file(f"flow: w\non:\n  webhook:\n    - path: a\n    - path: 7\n{_END}"),
    "a duration of a trigger": _file(f"flow: w\non: {{feed: {{urls_from: a.txt, every: 15 minutes}}}}\n{_END}"),
    "a topic with an expression": _file(f"flow: w\non: {{event: '${{vars.topic}}'}}\n{_END}"),
    "limits": _file(f"flow: w\non: {{manual: }}\nlimits: {{concurency: 3, time: soon, per_sender: 0}}\n{_END}"),
    "a time zone": _file(f"flow: w\non: {{manual: }}\ntimezone: Europe/Berln\n{_END}"),
    "an error flow that is not there": _file(f"flow: w\non: {{manual: }}\non_error: alrt\n{_END}")
    | {"flows/alert.yaml": f"flow: alert\non: {{flow: }}\n{_END}"},
    "an error handling that is a number": _file(f"flow: w\non: {{manual: }}\non_error: 7\n{_END}"),
    "keep": _file(f"flow: w\non: {{manual: }}\nkeep: 30\n{_END}"),
    # --- the shape of steps ---
    "a step that is a text": _steps("- send"),
    "a step without a shape": _steps("- id: a\n  with: {text: a}"),
    "a slip in do": _steps("- doo: log\n  with: {text: a}"),
    "two shapes": _steps("- do: stop\n  switch: ${event.body}\n  cases: []"),
    "then and do": _steps("- if: ${event.body}\n  then: [{do: stop}]\n  do: stop"),
    "else without then": _steps("- if: ${event.body}\n  else: [{do: stop}]"),
    "then without if": _steps("- then: [{do: stop}]"),
    "an unknown key of a step": _steps("- do: stop\n  retries: 3"),
    "a condition without an expression": _steps("- if: event.body.n > 3\n  do: stop"),
    "a condition that is a number": _steps("- if: 1\n  do: stop"),
    "an unknown kind": _steps("- do: http.gte\n  with: {url: a}"),
    "a missing argument": _steps("- do: http.get"),
    "an unknown argument": _steps("- do: http.get\n  with: {ulr: a}"),
    "arguments that are a list": _steps("- do: http.get\n  with: [a]"),
    "a number for a text": _steps("- do: log\n  with: {text: 1.10}"),
    "a list for a text": _steps("- do: log\n  with: {text: [a]}"),
    "a choice": _steps("- do: log\n  with: {text: a, level: warn}"),
    "a number out of range": _steps("- do: respond\n  with: {status: 20}"),
    "a text for a number": _steps("- do: respond\n  with: {status: '200'}"),
    "a wrong value deep inside": _steps("- do: http.get\n  with:\n    url: a\n    headers:\n      x-number: 7"),
    "a union": _steps("- do: send\n  with: {to: 7, text: a}"),
    "an expression where none may stand": _steps("- do: sql\n  with: {run: \"select '${event.body}'\"}"),
    "a key with an expression": _steps("- do: set\n  with: {'${event.body}': 1}"),
    "retry": _steps("- do: stop\n  retry: {times: 0, wait: 5, grow: 0.5, jitter: 2, every: 1s}"),
    "retry without times": _steps("- do: stop\n  retry: {wait: 5s}"),
    "a timeout": _steps("- do: stop\n  timeout: soon"),
    "a timeout that is a number": _steps("- do: stop\n  timeout: 10"),
    "catch with nothing": _steps("- do: stop\n  catch: {}"),
    "catch with both": _steps("- do: stop\n  catch: {value: 1, steps: [{do: stop}]}"),
    "catch that is a text": _steps("- do: stop\n  catch: ignore"),
    "a try without catch": _steps("- try: [{do: stop}]"),
    "a switch without an expression": _steps("- switch: event.body\n  cases: [{equals: a, steps: [{do: stop}]}]"),
    "a switch without cases": _steps("- switch: ${event.body}"),
    "a case with two conditions": _steps(
        "- switch: ${event.body}\n  cases:\n    - match: a\n      equals: b\n      steps: [{do: stop}]"
    ),
    "a case with none": _steps("- switch: ${event.body}\n  cases:\n    - steps: [{do: stop}]"),
    "a case without steps": _steps("- switch: ${event.body}\n  cases:\n    - equals: a"),
    "a wrong pattern": _steps("- switch: ${event.body}\n  cases: [{match: '(a', steps: [{do: stop}]}]"),
    "a look-ahead": _steps("- switch: ${event.body}\n  cases: [{match: 'a(?=b)', steps: [{do: stop}]}]"),
    "each without a body": _steps("- each: ${event.body}"),
    "each with two bodies": _steps("- each: ${event.body}\n  do: stop\n  steps: [{do: stop}]"),
    "each of a text": _steps("- each: event.body\n  do: stop"),
    "each with a reserved name": _steps("- each: ${event.body}\n  as: event\n  do: stop"),
    "each with no width": _steps("- each: ${event.body}\n  parallel: 0\n  do: stop"),
    "repeat without an end": _steps("- repeat: {pause: 1s}\n  steps: [{do: stop}]"),
    "repeat with two ends": _steps("- repeat: {times: 3, until: '${index > 2}'}\n  steps: [{do: stop}]"),
    "repeat without steps": _steps("- repeat: {times: 3}"),
    "a wait that is a number": _steps("- wait: 3"),
    "a wait until": _steps("- wait: {until: tomorrow}"),
    "a wait with a slip": _steps("- wait: {util: '16:00'}"),
    "wait_for without an event": _steps("- wait_for: {match: {a: 1}}"),
    "wait_for with a list": _steps("- wait_for: {event: a, match: [b]}"),
    # --- names ---
    "an id twice": _steps("- id: a\n  do: stop\n- id: a\n  do: stop"),
    "a reserved id": _steps("- id: event\n  do: stop"),
    "an id that is no name": _steps("- id: my-step\n  do: stop"),
    "an unknown name": _steps("- do: log\n  with: {text: 'Hello ${evnt.body}'}"),
    "an unknown name of the event": _steps("- do: log\n  with: {text: 'Hello ${event.bdy.name}'}"),
    "an unknown variable": _steps("- do: log\n  with: {text: '${vars.shop_pai}'}"),
    "an unknown secret": _steps("- do: log\n  with: {text: '${secret.crm}'}"),
    "a name of a result": _steps("- id: a\n  do: set\n  with: {total: 1}\n- do: log\n  with: {text: '${a.totl}'}"),
    "a later step": _steps("- do: log\n  with: {text: '${a}'}\n- id: a\n  do: stop"),
    "a step of another branch": _steps(
        "- if: ${event.body}\n  then: [{id: a, do: stop}]\n  else: [{do: log, with: {text: '${a}'}}]"
    ),
    "a step of a branch beside": _steps("- parallel:\n    - {id: a, do: stop}\n    - {do: log, with: {text: '${a}'}}"),
    "a step inside each": _steps(
        "- each: ${event.body}\n  steps: [{id: a, do: stop}]\n- do: log\n  with: {text: '${a} ${each} ${index}'}"
    ),
    "match outside its case": _steps(
        "- switch: ${event.body}\n  cases:\n    - match: a(?P<n>b)\n      steps:\n        - do: log\n"
        "          with: {text: '${match.m}'}\n  else: [{do: log, with: {text: '${match.n}'}}]"
    ),
    "error outside catch": _steps("- do: log\n  with: {text: '${error.message}'}"),
    "a name of the error": _steps("- do: stop\n  catch: [{do: log, with: {text: '${error.mesage}'}}]"),
    "a name with a hyphen": _steps("- do: log\n  with: {text: '${event.headers.content-type}'}"),
    "a name of the run": _steps("- do: log\n  with: {text: '${run.name} ${flow.name}'}"),
    "an expression that is not closed": _steps("- do: log\n  with: {text: 'a ${event.body'}"),
    "an unknown filter": _steps("- do: log\n  with:\n    text: a ${event.body | uper}"),
    "a name in a block of text": _steps("- do: log\n  with:\n    text: |\n      Hello\n      ${evnt}"),
    "a method that changes things": _steps("- do: log\n  with: {text: '${event.body.clear()}'}"),
    "a flow that is not there": _steps("- do: run\n  with: {flow: wx}"),
    # --- files beside it, and flows beside each other ---
    "a file that is not there": _steps("- do: render\n  with: {template: hlp.md}") | {"flows/help.md": "a"},
    "a file elsewhere": _steps("- do: render\n  with: {template: ../secret.md}"),
    "a file by an expression": _steps("- do: render\n  with: {template: '${event.body}.md'}"),
    "a text and a file": _steps("- do: render\n  with: {text: a, template: a.md}") | {"flows/a.md": "a"},
    "a statement and a file": _steps("- do: sql\n  with: {run: a, file: a.sql}") | {"flows/a.sql": "a"},
    "a name in a file": _steps("- do: render\n  with: {template: a.md}") | {"flows/a.md": "Hello\n${evnt.body}\n"},
    "a slip in a file": _steps("- do: render\n  with: {template: a.md}") | {"flows/a.md": "Hello\n {% fi x %}\n"},
    "a loop in a file that is not closed": _steps("- do: render\n  with: {template: a.md}")
    | {"flows/a.md": "Hello\n\n{% for x in event.body %}\n${x}\n"},
    "two flows with one name": {
        "flows/a.yaml": f"flow: w\non: {{manual: }}\n{_END}",
        "flows/b.yaml": f"# the same\nflow: w\non: {{manual: }}\n{_END}",
    },
    "two flows with one path": {
        "flows/a.yaml": f"flow: a\non: {{webhook: {{path: w}}}}\n{_END}",
        "flows/b.yaml": f"flow: b\non:\n  webhook: [{{path: x}}, {{path: w}}]\n{_END}",
    },
    "many faults of many files": {
        "flows/a.yaml": "flow: a\non: {manul: }\nsteps:\n  - do: lgo\n  - do: log\n    with: {txt: a, level: x}\n",
        "flows/b.yaml": "flow: [",
        "flows/c.yaml": "flow: a\non: {manual: }\nsteps:\n  - wait: x\n    if: a\n    then: [{do: x}]\n",
    },
}
