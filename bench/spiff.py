"""A case as SpiffWorkflow would hold it: a BPMN process of ours with one user task for each event of the case.

The plain process is the least that could follow a case: its user tasks stand in a row, and nothing has a deadline. The
process with deadlines hangs a timer on each task that does not interrupt it, which is BPMN's way of saying "within 14
days"; it is the nearer relative of a protocol step, still without conditions, choices, repeats and branches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from SpiffWorkflow import TaskState  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn import BpmnWorkflow  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.parser import BpmnParser  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec  # type: ignore[import-untyped]

from leeward.rules.protocol import Event

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(slots=True)
class Running:
    """One process instance, advanced as SpiffWorkflow's documentation shows.

    Its loop is: run the engine's own tasks until only a person's tasks are ready, refresh the timers, complete the
    person's task, and again.
    """

    workflow: BpmnWorkflow

    def engine(self) -> None:
        """Run what needs nobody."""
        while (task := self.workflow.get_next_task(state=TaskState.READY, manual=False)) is not None:
            task.run()
        self.workflow.refresh_timers()

    def advance(self, event: Event) -> None:
        """The event completes the task that is ready."""
        task = self.workflow.get_next_task(state=TaskState.READY, manual=True)
        task.set_data(kind=event.kind, occurred_at=event.occurred_at.isoformat())
        task.run()
        self.engine()


def start(process: BpmnProcessSpec) -> Running:
    """A new instance whose first user task is ready."""
    running = Running(BpmnWorkflow(process))
    running.engine()
    return running


def follow(process: BpmnProcessSpec, case: Sequence[Event]) -> None:
    """A whole case, from the first event to the end of the process."""
    running = start(process)
    for event in case:
        running.advance(event)
    if not running.workflow.is_completed():
        raise AssertionError("The process did not reach its end.")


def process_of(case: Sequence[Event], *, deadlines: bool) -> BpmnProcessSpec:
    """The process whose user tasks are the kinds of the case's events, in their order."""
    parser = BpmnParser()
    parser.add_bpmn_io(BytesIO(_bpmn([event.kind for event in case], deadlines=deadlines).encode()))
    return parser.get_spec("case")


def _bpmn(kinds: Sequence[str], *, deadlines: bool) -> str:
    tasks = [f"task{number}" for number in range(len(kinds))]
    nodes = ["start", *tasks, "end"]
    lines = ['<startEvent id="start"/>', '<endEvent id="end"/>']
    for task, kind in zip(tasks, kinds, strict=True):
        lines.append(f"<userTask id={quoteattr(task)} name={quoteattr(kind)}/>")
        if deadlines:
            lines += [
                f'<boundaryEvent id="clock-{task}" attachedToRef="{task}" cancelActivity="false">',
                f'<timerEventDefinition id="timer-{task}">',
                '<timeDuration xsi:type="tFormalExpression">"P14D"</timeDuration>',
                "</timerEventDefinition></boundaryEvent>",
                f'<endEvent id="late-{task}"/>',
                f'<sequenceFlow id="flow-late-{task}" sourceRef="clock-{task}" targetRef="late-{task}"/>',
            ]
    lines += [
        f'<sequenceFlow id="flow{number}" sourceRef="{source}" targetRef="{target}"/>'
        for number, (source, target) in enumerate(pairwise(nodes))
    ]
    head = f'<definitions xmlns="{_BPMN}" xmlns:xsi="{_XSI}" targetNamespace="urn:leeward:bench" id="bench">'
    return f'{head}<process id="case" isExecutable="true">{"".join(lines)}</process></definitions>'
