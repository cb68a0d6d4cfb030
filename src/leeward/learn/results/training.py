"""How many of the staff whose role needs a course hold it on the day of the data cut."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from leeward.evidence.suppression import Cleared, Ledger
from leeward.rules.competence import Competence, Completion, lapse_days

from .data import ResultsData
from .document import Trained, Words


@dataclass(frozen=True, slots=True)
class TrainingCells:
    competence: Competence
    courses: tuple[str, ...]

    def publish(self, cleared: Cleared) -> tuple[Trained, ...]:
        return tuple(
            Trained(
                course=code,
                title=Words(self.competence.courses[code].title.en, self.competence.courses[code].title.es),
                staff=cleared[f"training.{code}"],
                current=cleared.share(f"training.{code}:current", f"training.{code}"),
            )
            for code in self.courses
        )


def training(data: ResultsData, competence: Competence, on: date, ledger: Ledger) -> TrainingCells:
    """Staff by course into the ledger: staff are few, and counted with the same care."""
    completions: dict[str, list[Completion]] = {}
    roles: dict[str, str] = {}
    present = data.staff[data.staff["is_active"].astype(bool)] if "is_active" in data.staff.columns else data.staff
    for staff, role, day, course in present[["staff", "role", "trained_on", "course"]].itertuples(index=False):
        roles[staff] = role
        held = completions.setdefault(staff, [])
        if isinstance(course, str) and not pd.isna(day):
            held.append(Completion(course, pd.Timestamp(day).date()))
    caring = {role for action in competence.actions.values() for role in action.roles}
    for code in competence.courses:
        needing = {role for action in competence.actions.values() if code in action.needs for role in action.roles}
        needing = needing or caring  # a duty that opens no action concerns everybody who acts
        staff_concerned = [staff for staff, role in roles.items() if role in needing]
        current = [
            staff
            for staff in staff_concerned
            if (ends := lapse_days(competence, completions[staff], on).get(code)) is not None and ends > on
        ]
        ledger.count(f"training.{code}", len(staff_concerned), importance=1)
        ledger.split(f"training.{code}", f"training.{code}:current", len(current))
    return TrainingCells(competence, tuple(competence.courses))
