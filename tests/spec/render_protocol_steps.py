"""Writes the table of examples into the protocol's manual: `uv run python -m tests.spec.render_protocol_steps`."""

from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).parent / "protocol_steps.yaml"
MANUAL = Path(__file__).parents[2] / "docs" / "reference" / "protocol.md"
BEGIN, END = "<!-- examples: begin -->\n", "<!-- examples: end -->\n"


def rendered() -> str:
    """Every group as a table: what the step says, what happens, what the plan is."""
    lines: list[str] = []
    for group in yaml.safe_load(TABLE.read_text(encoding="utf-8"))["groups"]:
        lines += [
            f"### {group['title']}",
            "",
            "| example | the step says | what happens | at | the plan |",
            "|---|---|---|---|---|",
        ]
        for example in group["examples"]:
            cells = (
                example["title"],
                "<br>".join(_step(step) for step in example["steps"]) + _subprotocols(example) + _general(example),
                "<br>".join(_event(number, event) for number, event in enumerate(example["events"], start=1)),
                example["now"],
                "<br>".join(_row(row) for row in example["expect"]) or "nothing is open",
            )
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _step(step: dict[str, Any]) -> str:
    said = ", ".join(f"{key} {_short(value)}" for key, value in step.items() if key != "id")
    return f"**{step['id']}**: {said}"


def _subprotocols(example: dict[str, Any]) -> str:
    lines: list[str] = []
    for sub in example.get("subprotocols", []):
        said = ", ".join(f"{key} {_short(value)}" for key, value in sub.items() if key not in ("id", "steps"))
        lines.append(f"within it **{sub['id']}**{': ' + said if said else ''}")
        lines += [f"· {_step(step)}" for step in sub["steps"]]
    return "".join(f"<br>{line}" for line in lines)


def _general(example: dict[str, Any]) -> str:
    void = [f"void for all: {_short(example['void'])}"] if "void" in example else []
    facts = [f"fact {name}: {_short(fact['from'])}" for name, fact in example.get("facts", {}).items()]
    office = [f"office {_office(example['office'])}"] if "office" in example else []
    return "".join(f"<br>{line}" for line in (*void, *facts, *office))


def _office(office: dict[str, Any]) -> str:
    closed = f", closed {', '.join(map(str, office['closed']))}" if "closed" in office else ""
    return f"{office['zone']}, {' '.join(office['days'])}, {' and '.join(office['hours'])}{closed}"


def _short(value: Any) -> str:
    match value:
        case dict() if "kind" in value:
            rest = [f"where {value['where']}"] if "where" in value else []
            rest += [f"= {_short(value['value'])}"] if "value" in value else []
            return " ".join([f"`{value['kind']}`", *rest])
        case dict() if "step" in value:
            return f"{value['step']} is {value['is']}"
        case dict() if "all_of" in value:
            return "all of " + ", ".join(_short(item) for item in value["all_of"])
        case dict() if "any_of" in value:
            return f"({_short(value['any_of'])})"
        case list():
            return " or ".join(_short(item) for item in value) if value else "nothing"
        case bool():
            return str(value).lower()
        case _ if "." in str(value):
            return f"`{value}`"
        case _:
            return str(value)


def _event(number: int, event: dict[str, Any]) -> str:
    notes = [f"about {event['subject']}"] if "subject" in event else []
    notes += [f"{name} {_short(value)}" for name, value in event.get("data", {}).items()]
    notes += [f"recorded {event['recorded']}"] if "recorded" in event else []
    notes += [f"corrects {event['supersedes']}"] if "supersedes" in event else []
    note = f" ({', '.join(notes)})" if notes else ""
    return f"{event['at']} {event.get('id', f'e{number}')} `{event['kind']}`{note}"


def _row(row: dict[str, Any]) -> str:
    about = f" for {row['subject']}" if "subject" in row else ""
    closed = f", closed {row['closed']}" if "closed" in row else ""
    by = f" by {row['by']}" if "by" in row else ""
    return f"{row['step']}{about}: **{row['state']}**, opened {row['opened']}, due {row['due']}{closed}{by}"


def manual_with_examples(manual: str) -> str:
    """The manual with what stands between the two marks replaced."""
    before, rest = manual.split(BEGIN)
    return before + BEGIN + "\n" + rendered() + END + rest.split(END)[1]


if __name__ == "__main__":
    MANUAL.write_text(manual_with_examples(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
