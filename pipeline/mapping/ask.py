"""What a guess leaves open, decided by a person at the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.prompt import Prompt

from pipeline.mapping.guess import Guess, Proposal
from pipeline.terminal import as_text

LATER = "0"
"""Answer that leaves a question open: the mapping says `undecided`, or leaves the column out."""


def decide(proposal: Proposal, console: Console) -> None:
    """Ask every open question, and put the answers into the proposal."""
    for guess in proposal.open_questions():
        _ask(guess, console)
        if guess.column == "wide":
            proposal.places[guess.table]["wide"] = guess.spec


def _ask(guess: Guess, console: Console) -> None:
    console.print()
    console.print(as_text(guess.question or "", "bold"))
    console.print(as_text(guess.why))
    if not guess.choices:
        console.print("No column of the file could be it. Name one in the mapping, or a constant with {value: ...}.")
        return
    for number, (label, _) in enumerate(guess.choices, start=1):
        console.print(as_text(f"  {number}  {label}"))
    console.print(f"  {LATER}  I decide later, in the file")
    numbers = [str(number) for number in range(len(guess.choices) + 1)]
    answer = Prompt.ask("Which", choices=numbers, default=LATER, show_choices=False, console=console)
    if answer != LATER:
        label, guess.spec = guess.choices[int(answer) - 1]
        guess.question, guess.choices = None, []
        guess.why = f"{guess.why} Decided at the terminal: {label}."
