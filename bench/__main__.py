"""Every measurement, one after another, each in a process of its own: `python bench`, or `python bench NAME …`.

What each found is kept in `var/bench/results/`; the promises stand together at the end. It takes about an hour,
most of it for the million cases of `growth`, for 1,000 races and 200 kills.
"""

import json
import subprocess
import sys
from pathlib import Path

from measure import KEPT, Claim, say

SCRIPTS = (
    "decide_one",
    "plan_one_case",
    "append_event",
    "replay_duckdb",
    "growth",
    "spark_same_rows",
    "audit_tampering",
    "withdrawal",
    "crash",
    "multiple_systems",
    "mixed_model",
    "kaplan_meier",
    "suppression",
    "coverage",
)


def main() -> int:
    chosen = sys.argv[1:] or list(SCRIPTS)
    if unknown := [name for name in chosen if name not in SCRIPTS]:
        say(f"There is no measurement {', '.join(unknown)}. Known: {', '.join(SCRIPTS)}.")
        return 2
    results = KEPT / "results"
    failed = [name for name in chosen if not measured(name, results / f"{name}.json")]
    say()
    for name in chosen:
        if name not in failed:
            for claim in claims(results / f"{name}.json"):
                say(f"{name:<16} {claim}")
    for name in failed:
        say(f"{name:<16} could not be measured; see above.")
    return 1 if failed else 0


def measured(name: str, out: Path) -> bool:
    """Run one script; whether it came to an end."""
    say()
    script = Path(__file__).with_name(f"{name}.py")
    return subprocess.run([sys.executable, str(script), "--json", str(out)], check=False).returncode == 0


def claims(file: Path) -> list[Claim]:
    """The promises of one result."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return [
        Claim(
            promise=claim["promise"],
            value=claim["value"],
            unit=claim["unit"],
            bound=claim["bound"],
            at_least=claim["at_least"],
        )
        for claim in document["claims"]
    ]


if __name__ == "__main__":
    sys.exit(main())
