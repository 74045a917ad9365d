"""Make the data of this example: 600 transactions, of which the larger ones are fraud, and two models of them."""

from __future__ import annotations

import random
from pathlib import Path

N_EXAMPLES = 600


def main(folder: Path) -> None:
    """Write the labels of the test set, and the predictions of a good and of a bad model."""
    rng = random.Random(1)
    amounts = {f"t{number}": rng.uniform(1, 100) for number in range(N_EXAMPLES)}
    write(folder / "exam/labels.csv", "label", {name: amount > rng.gauss(50, 3) for name, amount in amounts.items()})
    for model, limit in (("good", 50), ("bad", 5)):
        write(folder / f"data/{model}.csv", "prediction", {name: amount > limit for name, amount in amounts.items()})


def write(path: Path, column: str, is_fraud: dict[str, bool]) -> None:
    """Write a table of ids and classes."""
    path.parent.mkdir(exist_ok=True)
    rows = [f"{name},{'fraud' if value else 'fair'}\n" for name, value in is_fraud.items()]
    path.write_text("".join([f"id,{column}\n", *rows]))


if __name__ == "__main__":
    main(Path(__file__).parent)
