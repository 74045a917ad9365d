"""`proctor testset seal`: encrypt the labels, and on request the inputs, so that they can lie with the code."""

from __future__ import annotations

from pathlib import Path

import click

from proctor.cli.owners import EXISTING
from proctor.cli.printing import json_text
from proctor.environment import forbid_core_dumps, with_keys
from proctor.errors import KeyFault, Misuse

NEW = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog="""\b
Examples:
  proctor testset seal exam/labels.csv                            prints a new key, once
  proctor testset seal exam/labels.csv --features exam/features.csv --key-file owner.key
  proctor testset seal exam/labels.csv --json | jq -r .key | gh secret set PROCTOR_KEY
""",
)
@click.argument("labels", type=EXISTING)
@click.option("--features", type=EXISTING, help="Seal the inputs, too: only a sandboxed model sees them then.")
@click.option(
    "--metadata", type=EXISTING, help="Seal the metadata, too, such as the column that tells whose each example is."
)
@click.option("--out", type=NEW, help="Where the sealed labels go.  [default: LABELS.sealed]")
@click.option("--key-file", type=EXISTING, help="File that holds the key.  [default: the variable PROCTOR_KEY]")
@click.option("--pair-with", type=EXISTING, help="Sealed file of the same test set: seal corrected labels beside it.")
@click.option("--force", is_flag=True, help="Overwrite sealed files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON: the files, and the key if one was made.")
def seal(
    labels: Path,
    features: Path | None,
    metadata: Path | None,
    out: Path | None,
    key_file: Path | None,
    pair_with: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """
    Encrypt LABELS under the owner's key.

    The sealed file can be committed; the gate opens it in memory with the same key.
    Without a key one is made and printed once: keep it, for it is stored nowhere.
    """
    from proctor.testset import keys, sealing

    jobs = [(labels, out or _sealed_name(labels), sealing.LABELS)]
    for file, context in ((features, sealing.INPUTS), (metadata, sealing.METADATA)):
        if file is not None:
            jobs.append((file, _sealed_name(file), context))
    _refuse_targets([(source, target) for source, target, _ in jobs], force=force)
    pair = sealing.fresh_pair() if pair_with is None else bytes.fromhex(sealing.file_facts(pair_with).pair)
    forbid_core_dumps()
    given = keys.find_key(with_keys(), key_file)
    if given is None and pair_with is not None:
        raise KeyFault(f"{str(pair_with)!r} is sealed already, and the key to it is not given")
    key = given or keys.generate_key()
    for source, target, context in jobs:
        sealing.seal_file(source, target, key, context, pair)
    files = [(str(source), str(target)) for source, target, _ in jobs]
    new = key.text if given is None else None
    if as_json:
        sealed = [{"source": source, "sealed": target} for source, target in files]
        click.echo(json_text({"files": sealed, "key_id": key.id, "key": new}))
    else:
        click.echo("\n".join(_lines(files, key.id, new)))


def _lines(files: list[tuple[str, str]], key_id: str, new: str | None) -> list[str]:
    return [
        *(f"sealed {source} as {target} under the key {key_id}" for source, target in files),
        *([] if new is None else [_new_key(new)]),
        "Now name the sealed files in the gate file, and delete what lies open (history included): "
        + ", ".join(source for source, _ in files),
    ]


def _sealed_name(path: Path) -> Path:
    return path.with_name(path.name + ".sealed")


def _refuse_targets(jobs: list[tuple[Path, Path]], *, force: bool) -> None:
    from proctor.testset import sealing

    targets = [target.resolve() for _, target in jobs]
    if len(set(targets)) < len(targets) or {source.resolve() for source, _ in jobs} & set(targets):
        raise Misuse("a sealed file needs a name of its own", hint="Choose another --out")
    for source, target in jobs:
        if sealing.is_sealed(source):
            raise Misuse(f"{str(source)!r} is sealed already")
        if target.exists() and not force:
            raise Misuse(f"{str(target)!r} exists", hint="Choose another --out, or --force to overwrite it")


def _new_key(text: str) -> str:
    return (
        f"\n  {text}\n\n"
        "This is the owner's key, made now and stored nowhere: without it the sealed files are lost.\n"
        "Keep it where only the owner and the gate can read it, as the secret PROCTOR_KEY for example."
    )
