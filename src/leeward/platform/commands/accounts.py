"""The first two people of a new centre. All others are asked for and agreed to on the page **Staff**."""

from typing import Annotated

import typer

from leeward.platform import database

app = typer.Typer(no_args_is_help=True, help="The first two people of a new centre.")
Person = Annotated[tuple[str, str], typer.Option(help="Name and work e-mail.")]


@app.callback()
def accounts() -> None:
    """The first two people of a new centre."""


@app.command()
def begin(
    centre: Annotated[str, typer.Option(help="Name of the centre.")],
    director: Person,
    privacy_officer: Person,
) -> None:
    """Make the accounts of a program director and a privacy officer, and print two invitation codes for each.

    Each code goes to its person by another way: one on paper, one by voice. It is refused once two leaders work here.

    Example: leeward accounts begin --centre "River Center" --director "Ana Ruiz" ana@river.example
    --privacy-officer "Li Wen" li@river.example
    """
    import django

    database.administrator_url()
    django.setup()
    from django.utils import timezone

    from leeward.protect import first_people

    people = first_people.begin(centre=centre, director=director, privacy_officer=privacy_officer, now=timezone.now())
    for email, codes in people.items():
        print(f"{email}\n  {codes[0]}\n  {codes[1]}")
