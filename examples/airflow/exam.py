"""Make the data of this example: 600 transactions, of which the larger ones are fraud."""

from __future__ import annotations

import random
from pathlib import Path

N_EXAMPLES = 600


def main(folder: Path) -> None:
    """Write the transactions, and the labels of the test set."""
    rng = random.Random(1)
    amounts = {f"t{number}": round(rng.uniform(1, 100), 2) for number in range(N_EXAMPLES)}
    (folder / "data").mkdir(exist_ok=True)
    (folder / "exam").mkdir(exist_ok=True)
    transactions = [f"{name},{amount}\n" for name, amount in amounts.items()]
    labels = [f"{name},{'fraud' if amount > rng.gauss(50, 3) else 'fair'}\n" for name, amount in amounts.items()]
    (folder / "data/transactions.csv").write_text("".join(["id,amount\n", *transactions]))
    (folder / "exam/labels.csv").write_text("".join(["id,label\n", *labels]))


if __name__ == "__main__":
    main(Path(__file__).parent)
