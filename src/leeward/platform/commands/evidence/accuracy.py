"""`leeward evidence accuracy`: what a screen is worth, when only some are interviewed."""

from typing import Annotated

import typer

from leeward.evidence.choices import Limits

from .shown import AsJson, Json, Level, estimate, present, said


def accuracy(
    tp: Annotated[int, typer.Option(help="Positive screen, and the interview found it.", min=0)],
    fp: Annotated[int, typer.Option(help="Positive screen, and the interview did not.", min=0)],
    fn: Annotated[int, typer.Option(help="Negative screen, but the interview found it.", min=0)],
    tn: Annotated[int, typer.Option(help="Negative screen, and the interview found nothing.", min=0)],
    unverified_positive: Annotated[int, typer.Option(help="Positive screen, no interview.", min=0)] = 0,
    unverified_negative: Annotated[int, typer.Option(help="Negative screen, no interview.", min=0)] = 0,
    interval: Annotated[
        Limits, typer.Option(help="Intervals of what is corrected; `recovered` holds where few were interviewed.")
    ] = Limits.DELTA,
    level: Level = 0.95,
    as_json: AsJson = False,
) -> None:
    """Sensitivity, specificity and predictive values; corrected for those never interviewed (Begg & Greenes 1983).

    Example: leeward evidence accuracy --tp 90 --fp 30 --fn 5 --tn 60 --unverified-negative 400
    """
    from leeward.evidence import accuracy as room

    found = room.accuracy(
        room.Screened(
            true_positive=tp,
            false_positive=fp,
            false_negative=fn,
            true_negative=tn,
            unverified_positive=unverified_positive,
            unverified_negative=unverified_negative,
        ),
        limits=interval,
        level=level,
    )
    corrected = unverified_positive + unverified_negative > 0
    named = {
        "sensitivity": found.sensitivity,
        "specificity": found.specificity,
        "ppv": found.ppv,
        "npv": found.npv,
        "prevalence": found.prevalence,
    }
    estimates: dict[str, Json] = {name: estimate(each) for name, each in named.items()}
    document: dict[str, Json] = {
        "method": "begg_greenes_1983" if corrected else "complete_verification_wilson",
        "n": tp + fp + fn + tn + unverified_positive + unverified_negative,
        "n_verified": tp + fp + fn + tn,
        **estimates,
        "interval_methods": {name: each.method.value for name, each in named.items()},
        "naive": {"sensitivity": estimate(found.naive_sensitivity), "specificity": estimate(found.naive_specificity)},
        "warnings": list(found.warnings),
    }
    lines = [f"{document['n']} screened, {document['n_verified']} interviewed; {document['method']}."]
    lines += [f"  {name:<12}{said(each)}" for name, each in named.items()]
    present(document, as_json, lines)
