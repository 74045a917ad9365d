"""A small classifier of digits, as `model.json` says: `python predict.py features.csv predictions.csv`."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def main() -> None:
    """Read the images of a table, write a digit for each."""
    source, target = map(Path, sys.argv[1:])
    with source.open(newline="") as file:
        header, *rows = csv.reader(file)
    pixels = [i for i, name in enumerate(header) if name.startswith("pixel_")]
    images = np.array([[float(row[i]) for i in pixels] for row in rows])
    digits = classify(images, json.loads((HERE / "model.json").read_text()))
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "prediction"])
        writer.writerows(zip((row[header.index("id")] for row in rows), digits.tolist(), strict=True))


def classify(images: np.ndarray, model: dict[str, int | str]) -> np.ndarray:
    """The digit of each image, from 497 images whose digits are known."""
    known = np.load(HERE / "training.npz")
    examples, labels = known["images"], known["labels"]
    if model["kind"] == "centroids":
        examples = np.array([examples[labels == digit].mean(axis=0) for digit in range(10)])
        labels = np.arange(10)
    distances = ((images[:, None, :] - examples[None, :, :]) ** 2).sum(axis=2)
    nearest = labels[np.argsort(distances, axis=1)[:, : int(model.get("neighbors", 1))]]
    return np.array([np.bincount(row, minlength=10).argmax() for row in nearest])


if __name__ == "__main__":
    main()
