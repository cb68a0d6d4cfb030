"""`leeward evidence`: each statistic of the results alone, from a CSV file, as a table or as JSON."""

import typer

from .accuracy import accuracy
from .change import change
from .control_chart import control_chart
from .multiple_systems import multiple_systems
from .suppress import suppress
from .survival import survival
from .time_series import time_series

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("change")(change)
app.command("control-chart")(control_chart)
app.command("time-series")(time_series)
app.command("survival")(survival)
app.command("accuracy")(accuracy)
app.command("suppress")(suppress)
app.command("multiple-systems")(multiple_systems)
