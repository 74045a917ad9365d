"""
The exam: byte strings whose encoding is known because they are encoded here.

Each is one to three sentences of one language in one codec, all drawn at random with a fixed seed.
The sentences in ``sentences.json`` were written for this example.
"""

from __future__ import annotations

import codecs
import json
import random
from pathlib import Path

SENTENCES = Path(__file__).with_name("sentences.json")
SEED = 20_260_301

# Who reads with the codec on the right reads all that the one on the left wrote: both count as the same answer.
READ_BY = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}


def codec_name(answer: str | None) -> str:
    """One name for each codec, however it was spelled; ``none`` where there is no answer."""
    if answer is None:
        return "none"
    try:
        name = codecs.lookup(answer).name
    except LookupError:  # a name that Python does not know is an answer too, and a wrong one
        return answer.lower()
    return READ_BY.get(name, name)


def make_exam(n_examples: int) -> dict[bytes, str]:
    """So many different byte strings, each with the name of its codec."""
    languages = json.loads(SENTENCES.read_text(encoding="utf-8"))
    rng = random.Random(SEED)
    exam: dict[bytes, str] = {}
    while len(exam) < n_examples:
        language = rng.choice(list(languages.values()))
        text = " ".join(rng.sample(language["sentences"], rng.choice((1, 1, 2, 3))))
        codec = rng.choice(language["codecs"])
        written = [encoded(text, each) for each in language["codecs"]]
        mine = encoded(text, codec)
        # What two codecs write alike has no one truth; what this one cannot write is no example.
        if mine is not None and written.count(mine) == 1:
            exam[mine] = codec_name(codec)
    return exam


def encoded(text: str, codec: str) -> bytes | None:
    """The text in this codec, or nothing if it lacks one of the characters."""
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None
