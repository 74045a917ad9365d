"""Running models: what they are given, what is taken from them, and every way in which they can fail."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

from proctor.errors import DataError, Misuse, ModelError, NotStarted
from proctor.models.child import Limits, PlainLauncher
from proctor.models.formats import PICKLE
from proctor.models.runnable import Command, Model
from proctor.models.running import run
from proctor.models.sandbox import candidates, confines, scratch
from proctor.models.submission import project_of
from proctor.predictions import Sheet, align

GOOD = """
import csv, sys
with open(sys.argv[1]) as file, open(sys.argv[2], "w") as out:
    print("id,prediction", file=out)
    for row in csv.DictReader(file):
        print(row["id"], int(row["x"]) % 2, sep=",", file=out)
"""


@pytest.fixture(params=["bubblewrap", "landlock", "none"])
def tier(request, place):
    """The same in each kind of isolation that works on this machine."""
    if request.param == "none":
        return place
    found = [each for each in candidates() if each.tier == request.param and confines(each)]
    if not found:
        pytest.skip(f"{request.param} does not work on this machine")
    return replace(place, launcher=found[0])


def run_model(model, place, features="features.csv"):
    """Run *model* as it lies in the gate's folder, in a copy of its own."""
    project = project_of(model, place.root, None, place.hidden)
    with scratch.folder(place.stage) as stage:
        return run(model, project, place.folder / features, replace(place, stage=stage))


def predict(place, program, line=f"{sys.executable} predict.py {{features}} {{predictions}}", **options):
    (place.root / "predict.py").write_text(textwrap.dedent(program))
    return run_model(Command(line, **{"files": ("predict.py",), **options}), place)


def test_run__command(place):
    """A command reads the features, writes predictions, and they carry the digest of what was submitted."""
    ran = predict(place, GOOD)

    assert [1, 0, 1] == ran.predictions.values.tolist()
    line = f"{sys.executable} predict.py {{features}} {{predictions}}"
    digest = project_of(Command(line, ("predict.py",)), place.root).digest
    assert (("a", "b", "c"), digest) == (ran.predictions.ids, ran.predictions.digest)
    assert "none" == ran.tier
    assert ran.predictions.source.endswith("predict.py {features} {predictions}")


def test_run__dies_before_the_gate_where_memory_runs_out(tier):
    """The kernel is told to end the model first: a gate that it ends could be asked again, free."""
    if isinstance(tier.launcher, PlainLauncher):
        pytest.skip("the promise is the sandbox's")
    program = "import sys; open(sys.argv[2], 'w').write('prediction\\n' + open('/proc/self/oom_score_adj').read())"

    ran = predict(tier, program)

    assert [1000] == ran.predictions.values.tolist()


def test_run__named_columns(place):
    """The command's output may name its columns as it likes."""
    program = "import sys; open(sys.argv[2], 'w').write('key,guess\\na,cat\\n')"

    ran = predict(place, program, id="key", prediction="guess")

    assert (("a",), ["cat"]) == (ran.predictions.ids, ran.predictions.values.tolist())


def test_run__no_shell(place):
    """No shell reads the command: nothing in it is expanded or redirected."""
    program = """
    import sys
    assert sys.argv[3:] == ["$HOME", ";", "echo", "a b", "*"], sys.argv
    open(sys.argv[2], "w").write("prediction\\n1\\n")
    """

    predict(place, program, f"{sys.executable} predict.py {{features}} {{predictions}} $HOME ; echo 'a b' *")


def test_run__what_the_child_is_given(place):
    """Arguments and environment hold no key, token or path of the labels, and the features are a copy by themselves."""
    program = """
    import os, pathlib, sys
    given = " ".join([*sys.argv, *os.environ, *os.environ.values()])
    for secret in ("labels", "k3y", "t0ken", "PROCTOR", "GITHUB"):
        assert secret not in given, secret
    assert not {name for name in os.environ if "TOKEN" in name or "KEY" in name}
    assert sys.stdin.read() == ""
    folder = pathlib.Path(sys.argv[1]).parent
    assert sorted(p.name for p in folder.iterdir()) == ["features.csv", "home", "out"]
    open(sys.argv[2], "w").write("prediction\\n1\\n")
    """

    predict(place, program)


def test_run__python_of_the_gate(place):
    """Where the search path has no python, the gate's own is found."""
    ran = predict(place, GOOD, "python predict.py {features} {predictions}")

    assert [1, 0, 1] == ran.predictions.values.tolist()


ENDS = {
    "crash": ("raise RuntimeError('boom')", "ended with exit code 1"),
    "crash, with its last words": ("raise RuntimeError('boom')", "| RuntimeError: boom"),
    "signal": ("import os; os.kill(os.getpid(), 9)", "ended by the signal SIGKILL"),
    "nothing written": ("pass", "ended well but wrote no predictions"),
    "empty file": ("import sys; open(sys.argv[2], 'w')", "is empty"),
    "rubbish": ("import sys, os; open(sys.argv[2], 'wb').write(os.urandom(3000))", "cannot be used"),
    "nan": ("import sys; open(sys.argv[2], 'w').write('prediction\\nnan\\n')", "'nan' is not a class"),
    "a score": ("import sys; open(sys.argv[2], 'w').write('prediction\\n0.5\\n')", "'0.5' is not a class"),
    "no header": ("import sys; open(sys.argv[2], 'w').write('1\\n0\\n')", "has no column 'prediction'"),
    "a link": ("import sys, os; os.symlink('/etc/passwd', sys.argv[2])", "no ordinary file"),
    "a dead link": ("import sys, os; os.symlink('/nowhere', sys.argv[2])", "no ordinary file"),
    "a pipe": ("import sys, os; os.mkfifo(sys.argv[2])", "not an ordinary file"),
    "a folder": ("import sys, os; os.mkdir(sys.argv[2])", "ordinary file"),
}


@pytest.mark.parametrize(("program", "message"), ENDS.values(), ids=ENDS)
def test_run__bad_ends(place, program, message):
    """However a model fails, the error names it, says how, and quotes its last words."""
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        predict(place, program)

    assert "predict.py" in str(caught.value) or "predictions.csv" in str(caught.value)
    assert caught.value.hint or "ordinary file" in str(caught.value)


def test_run__more_than_there_is_room_for(place):
    """Predictions that would fill the gate's memory are not read."""
    program = "import sys; open(sys.argv[2], 'w').write('prediction\\n' + '1\\n' * 20)"
    with pytest.raises(ModelError, match="larger than 20 bytes"):
        predict(replace(place, most_bytes=20), program)


def test_run__too_few_lines(place):
    """A model that leaves out rows is refused when its predictions are aligned, whichever rows they are."""
    all_rows = predict(place, GOOD)
    fewer = predict(place, GOOD.replace("in csv.DictReader(file)", "in list(csv.DictReader(file))[:2]"))
    sheet = Sheet(3, ("a", "b", "c"))

    assert [1, 0, 1] == align(sheet, all_rows.predictions).values.tolist()
    with pytest.raises(DataError, match=r"no prediction for 1 id \(c\)"):
        align(sheet, fewer.predictions)


def test_run__hangs(place, tmp_path):
    """A model that hangs is ended with everything it started, and the error names the limit."""
    beat = tmp_path / "beat"
    program = f"""
    import subprocess, sys, time
    subprocess.Popen([sys.executable, "-c",
        "import time\\nwhile True: open({str(beat)!r}, 'a').write('x'); time.sleep(0.05)"])
    print("still here", flush=True)
    time.sleep(60)
    """
    hasty = replace(place, limits=Limits(seconds=1.5))

    with pytest.raises(ModelError, match=r"did not finish within 1\.5 seconds") as caught:
        predict(hasty, program)

    assert "| still here" in str(caught.value)
    before = beat.read_text()
    time.sleep(0.3)
    assert before == beat.read_text()


def test_run__outlives(place, tmp_path):
    """What a model leaves running is ended when the model ends; a gate that waited for it would wait for ever."""
    beat = tmp_path / "beat"
    program = f"""
    import subprocess, sys
    subprocess.Popen([sys.executable, "-c",
        "import time\\nwhile True: open({str(beat)!r}, 'a').write('x'); time.sleep(0.05)"])
    open(sys.argv[2], "w").write("prediction\\n1\\n")
    """

    predict(place, program)

    before = beat.read_text() if beat.exists() else ""
    time.sleep(0.3)
    assert before == (beat.read_text() if beat.exists() else "")


def test_run__endless_talk(place):
    """However much a model prints, only its end is kept, and control characters are taken out."""
    program = """
    import sys
    for i in range(200_000):
        print("chatter", i)
    print("\\x1b[31m::error::last\\x07 words")
    sys.exit(3)
    """

    with pytest.raises(ModelError) as caught:
        predict(place, program)

    text = str(caught.value)
    assert len(text) < 3_000
    assert "\x1b" not in text
    assert "\x07" not in text
    assert not [line for line in text.splitlines() if line.startswith("::")]
    assert "last? words" in text


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("no-such-program {features} {predictions}", NotStarted, "the program 'no-such-program' was not found"),
        ("./predict.py {features} {predictions}", NotStarted, "cannot be started"),
        ("python 'predict.py {predictions}", Misuse, "No closing quotation"),
        ("python predict.py {features}", Misuse, "does not say where its predictions go"),
        ("", Misuse, "does not say where its predictions go"),
    ],
)
def test_run__not_started(place, line, error, message):
    """A command that cannot be started says which program, and what to write instead."""
    with pytest.raises(error, match=re.escape(message)):
        predict(place, GOOD, line)


def test_run__not_started_is_told_from_a_failure(tier):
    """In every tier a program that cannot be executed is told from one that ended with an error of its own."""
    (tier.root / "broken").write_text("#!/no/such/interpreter\n")
    (tier.root / "broken").chmod(0o755)

    with pytest.raises(NotStarted):
        predict(tier, GOOD, "./broken {features} {predictions}", files=("broken",))
    with pytest.raises(ModelError):
        predict(tier, "raise SystemExit(127)")


def test_run__sees_what_it_is_known_by_and_nothing_else(tier):
    """In every tier the model starts in a copy of its files: no labels, no stray file, whatever lies beside them."""
    (tier.root / "weights.json").write_text("{}")
    (tier.root / "src").mkdir()
    (tier.root / "src/rules.py").write_text("def decide(x): return x")
    (tier.root / "src/__pycache__").mkdir()
    (tier.root / "src/__pycache__/rules.pyc").write_text("stale")
    program = """
    import os, sys
    sys.path.insert(0, "src")
    import rules
    there = sorted(os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names)
    assert there == ["./predict.py", "./src/rules.py"], there
    open(sys.argv[2], "w").write("prediction\\n7\\n")
    """

    ran = predict(tier, program, files=("predict.py", "src", "exam"))

    assert [7] == ran.predictions.values.tolist()


def test_run__missing_file_that_is_there_is_explained(tier):
    """A file in the gate's folder that the model is not known by is not seen; the error says what to do."""
    (tier.root / "weights.json").write_text("{}")
    (tier.root / "rules.py").write_text("")

    for program, name in (("open('weights.json')", "weights.json"), ("import rules", "rules.py")):
        with pytest.raises(ModelError) as caught:
            predict(tier, program)
        assert f"{name!r} lies there and is not among the files of the model" in caught.value.hint
        assert "candidate.files" in caught.value.hint


def test_run__both_copies_look_alike(tier):
    """Where it runs, as whom, with which variables and among which files tells a model nothing of its role."""
    program = """
    import hashlib, os, re, sys
    facts = [os.getcwd(), sys.argv, sorted(os.environ.items())]
    facts += sorted((p, os.lstat(p).st_mode, os.lstat(p).st_mtime, os.lstat(p).st_nlink) for p in (".", "predict.py"))
    said = re.sub(r"proctor-scratch-\\w+", "SCRATCH", repr(facts))
    open(sys.argv[2], "w").write("prediction\\n" + hashlib.sha256(said.encode()).hexdigest() + "\\n")
    """
    first = predict(tier, program)
    (tier.root / "predict.py").touch(0o600)
    again = predict(tier, program)

    assert first.predictions.values.tolist() == again.predictions.values.tolist()


def test_run__temporary_files_and_copies(tier):
    """In every tier a program may make temporary files and copy, move and date them."""
    program = """
    import os, shutil, sys, tempfile
    own = tempfile.mkdtemp()
    shutil.copy(sys.argv[1], own + "/a.csv")
    shutil.copy2(own + "/a.csv", own + "/b.csv")
    shutil.move(own + "/b.csv", own + "/c.csv")
    os.utime(own + "/c.csv", (1, 1))
    os.chmod(own + "/c.csv", 0o600)
    assert open(own + "/c.csv").read() == open(sys.argv[1]).read()
    open(sys.argv[2], "w").write("prediction\\n7\\n")
    """

    assert [7] == predict(tier, program).predictions.values.tolist()


def test_run__has_a_user_name(tier):
    """A model that asks for its user's name gets one, also where the uid has none; it tells nothing of the machine."""
    program = """
    import getpass, sys
    open(sys.argv[2], "w").write("prediction\\n" + getpass.getuser() + "\\n")
    """

    assert ["model"] == predict(tier, program).predictions.values.tolist()


def test_run__own_environment(tier):
    """A virtual environment in the gate's folder is found, with the installation behind it, and is no part of it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tier.root / ".venv"], check=True)
    line = ".venv/bin/python predict.py {features} {predictions}"
    program = """
    import csv, sqlite3, sys
    assert sys.prefix.endswith("/.venv"), sys.prefix
    open(sys.argv[2], "w").write("prediction\\n7\\n")
    """

    assert [7] == predict(tier, program, line).predictions.values.tolist()


def test_run__pool_works_or_says_which_tier_has_one(tier):
    """A pool of processes works, except under Landlock, where the error names the way out."""
    program = """
    import multiprocessing, sys
    if __name__ == "__main__":
        with multiprocessing.Pool(2) as pool:
            pool.map(str, range(4))
        open(sys.argv[2], "w").write("prediction\\n7\\n")
    """
    if getattr(tier.launcher, "tier", "none") != "landlock":
        assert [7] == predict(tier, program).predictions.values.tolist()
        return
    with pytest.raises(ModelError) as caught:
        predict(tier, program)
    assert "bubblewrap" in caught.value.hint


def test_run__changed_while_it_is_judged(place):
    """What was digested is what runs: a file that changed in between stops the gate, and is not the model's fault."""
    (place.root / "predict.py").write_text(textwrap.dedent(GOOD))
    model = Command(f"{sys.executable} predict.py {{features}} {{predictions}}", ("predict.py",))
    project = project_of(model, place.root)
    (place.root / "predict.py").write_text(textwrap.dedent(GOOD) + "# another\n")

    with scratch.folder(place.stage) as stage, pytest.raises(DataError, match="changed while it was judged"):
        run(model, project, place.folder / "features.csv", replace(place, stage=stage))


def test_run__what_it_said_is_kept_for_the_user(place):
    """Warnings of a model that went well are there to be shown, without what a terminal would obey."""
    ran = predict(place, GOOD + '\nprint("\\x1b[31mdeprecated", file=sys.stderr)\n')

    assert ("?[31mdeprecated",) == ran.said


def test_run__tier_adds_no_warnings_of_its_own(tier):
    """What a model says is its own: joblib, which most saved models load, complains of no missing semaphores."""
    ran = predict(tier, "import joblib, sys\nopen(sys.argv[2], 'w').write('prediction\\n7\\n')")

    assert () == ran.said


# --- saved estimators ------------------------------------------------------------------------------------------------

ESTIMATOR = """
class Parity:
    def predict(self, features):
        return [int(row[0]) % 2 for row in features]
"""


def save_pickle(place, content="Parity()", name="model.pkl"):
    """A pickle made by, and loaded with, a module of the project."""
    (place.root / "parity.py").write_text(ESTIMATOR)
    program = f"import pickle, parity\nfrom parity import *\npickle.dump({content}, open({name!r}, 'wb'))"
    subprocess.run([sys.executable, "-c", program], cwd=place.root, check=True)
    return Model(name, trust=(PICKLE,), files=("parity.py",))


def test_run__pickle(place):
    """A trusted pickle predicts in a child process, by the project's own modules."""
    model = save_pickle(place)

    ran = run_model(model, place)

    assert (("a", "b", "c"), [1, 0, 1]) == (ran.predictions.ids, ran.predictions.values.tolist())
    assert (project_of(model, place.root).digest, "model.pkl") == (ran.predictions.digest, ran.predictions.source)


def test_run__pickle_with_an_undeclared_module(place):
    """A module that the pickle was made with counts: it is declared, or it is not seen, and the error says so."""
    model = replace(save_pickle(place), files=())

    with pytest.raises(ModelError) as caught:
        run_model(model, place)

    assert "'parity.py' lies there and is not among the files" in caught.value.hint


def test_run__pickle_that_writes_a_bomb(place):
    """Predictions that are small in their file and huge in memory are not unpacked."""
    code = "import numpy, os, sys; numpy.savez_compressed(sys.argv[3], prediction=numpy.zeros(10**8)); os._exit(0)"
    (place.root / "bomb.pkl").write_bytes(b"cbuiltins\nexec\n(V" + code.encode() + b"\ntR.")
    model = Model("bomb.pkl", trust=(PICKLE,))

    with pytest.raises(ModelError, match="unpacks to more than 1048576 bytes"):
        run_model(model, replace(place, most_bytes=1 << 20))


def test_run__pickle_without_trust(place):
    """Without the line of trust a pickle is not even opened."""
    model = replace(save_pickle(place), trust=())
    with pytest.raises(Misuse, match="trust: pickle"):
        run_model(model, place)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "has no attribute 'predict'"), (None, "there is no file")],
)
def test_run__bad_pickle(place, content, message):
    """What has no predict, or is not there, is named."""
    model = Model("model.pkl", trust=(PICKLE,)) if content is None else save_pickle(place, content)

    with pytest.raises(ModelError, match=re.escape(message)):
        run_model(model, place)


def test_run__scikit_learn(place):
    """A pipeline of scikit-learn gets numbers or texts as it was fitted with, and gives its classes back."""
    joblib = pytest.importorskip("joblib")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier

    texts, classes = ["good day", "bad day", "good"], ["up", "down", "up"]
    joblib.dump(
        make_pipeline(CountVectorizer(), DecisionTreeClassifier(random_state=0)).fit(texts, classes),
        place.root / "text.joblib",
    )
    joblib.dump(DecisionTreeClassifier(random_state=0).fit([[1], [2], [3]], [5, 6, 7]), place.root / "numbers.joblib")
    (place.folder / "features.npz").unlink(missing_ok=True)
    np.savez(place.folder / "features.npz", text=np.array(texts))

    of_text = run_model(Model("text.joblib", (PICKLE,)), place, "features.npz")
    of_numbers = run_model(Model("numbers.joblib", (PICKLE,)), place)

    assert (None, classes) == (of_text.predictions.ids, of_text.predictions.values.tolist())
    assert [5, 6, 7] == of_numbers.predictions.values.tolist()
