"""
The table of keys of a gate file: name, kind, description, default.

It is the one source of what is accepted, what `proctor schema` prints and what messages say.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from proctor.budget import Adaptivity, Mode
from proctor.gatefile import checks, feedback, isolation, recipients
from proctor.gatefile.adaptivity import AdaptivityKind, AdaptivityPolicy
from proctor.gatefile.candidates import BASELINE, CANDIDATE, column
from proctor.gatefile.contenders import Accepted
from proctor.gatefile.declarations import DevelopmentFiles, Engine, First, Inputs, Labeling, Repeats, TestSetSource
from proctor.gatefile.feedback import VerdictOnly
from proctor.gatefile.isolation import Isolation
from proctor.gatefile.kinds import Choice, ListOf, Number, Text, Whole
from proctor.gatefile.named import CONDITION_KIND, CONDITIONS_KIND
from proctor.gatefile.recipients import Notify, Owner
from proctor.gatefile.sections import Key, Made, MapOf, Section, WordOrMap
from proctor.gatefile.slot import DEFAULT_SLOT_S, Slot
from proctor.ledger import address
from proctor.planning import Bound

MOST_STEPS = 10_000
DEFAULT_STEPS, DEFAULT_PASSES = 32, 3


class StakesWord(StrEnum):
    """The word for the stakes; steps and passes are keys of their own."""

    ADAPTIVE = "adaptive"
    GUARANTEED = "guaranteed"
    INFORMED = "informed"


# --- the values ------------------------------------------------------------------------------------------------------


_TESTSET = Section(
    (
        Key(
            "labels",
            Text(),
            "File of the labels, which the people who build models do not see: CSV, JSON Lines, NPY, NPZ or Parquet, "
            "sealed or not.",
            required=True,
        ),
        Key(
            "features",
            Text(),
            "File of what a model is shown, without the column of labels if that is in it; not needed when predictions "
            "come as files and have ids.",
        ),
        Key(
            "metadata",
            Text(),
            "File of ids and columns that slices and `cluster` may speak of, as of features; no model is shown it. "
            "Under `engine` a table, which may be that of the labels.",
        ),
        column("id", "the example's id, in every file where no other is named"),
        column("label", "the label"),
        Key("name", Text(checks.name_problem, checks.NAME), "What people call this test set."),
        Key("sample", Text(), "File of a few public examples, on which a candidate is tried first, free of charge."),
        Key(
            "inputs",
            Choice(Inputs),
            "`sealed`: nobody who builds models has the inputs, and the model runs in the sandbox only; "
            "`open`: the guarantee holds if candidates were not chosen by looking at these inputs.",
            Inputs.OPEN,
        ),
        Key("classes", ListOf(Text(any_scalar=True)), "Every label that may occur; left out: those that do."),
        Key(
            "cluster",
            Text(),
            "Column of the features or the metadata that tells whose each example is, such as the user or the "
            "document: all examples of one are one observation, their mean, and each counts once. Left out: each "
            "example is one.",
        ),
        Key(
            "repeats",
            Choice(Repeats),
            "`average`: files of predictions may have several rows for an example, as many for each, such as "
            "the scores of several epochs, and their mean is its score. Left out: there is one row for each.",
        ),
        Key("engine", Choice(Engine), "Program that counts tables of any size, as `proctor docs formats` tells."),
    ),
    TestSetSource,
)

_SECONDS = Number(0, 86_400, low_excluded=True)
_SLOT = WordOrMap(
    Made(_SECONDS, Slot),
    Section(
        (
            Key("seconds", _SECONDS, "Length of a slot.", DEFAULT_SLOT_S),
            Key("most", Whole(1, 1_000), "Slots until the program is stopped; which one it ends in is charged.", 1),
            Key(
                "chance",
                Number(0, 1, low_excluded=True, high_excluded=True),
                "Declared probability that a program that has reached a slot ends in it: the outcome of one that ends "
                "in the first costs 1 bit at 0.5, and 0.15 bits at 0.9.",
                0.5,
            ),
        ),
        Slot,
    ),
)

_DEVELOPMENT = Section(
    (
        Key("labels", Text(), "File of their labels: examples that are not in the test set.", required=True),
        Key("features", Text(), "File of what a model is shown; left out where predictions on them come as files."),
        Key("candidate", Text(), "File of the new model's predictions on them; left out, the model is run."),
        Key(
            "baseline",
            Text(),
            "File of the old model's predictions on them; left out, it is run, or the candidate's file is taken as it "
            "was at the baseline's commit.",
        ),
    ),
    DevelopmentFiles,
)

# --- the table -------------------------------------------------------------------------------------------------------

CONDITION = Key(
    "condition",
    CONDITION_KIND,
    "What must be shown, such as n - o > 0.02 +/- 0.01: n, o and a are the accuracies of candidate, baseline and "
    "anchor, d is the share of changed predictions.",
    required=True,
)
CONDITIONS = Key(
    "conditions",
    CONDITIONS_KIND,
    "Several conditions in place of `condition`, by names of your choice, judged in this order: each is an evaluation "
    "of its own, and the first enforced one that fails ends the check. The candidate becomes the baseline when all "
    "enforced ones pass.",
)
RELIABILITY = Key(
    "reliability",
    Number(
        0.5,
        1,
        high_excluded=True,
        is_share=True,
        advice=lambda value: "; 0.999 is one chance in a thousand of being wrong" if value > 0 else "",
    ),
    "Probability that no proven outcome is ever wrong in the whole life of the test set.",
    0.999,
)
MODE = Key("mode", Choice(Mode), "`fp-free`: a pass is never wrong; `fn-free`: a fail is never wrong.", Mode.FP_FREE)
ADAPTIVITY = Key(
    "adaptivity",
    AdaptivityKind(),
    "How much of the budget an evaluation takes. `recycling`: as much as what was released tells; the paper's "
    "`none -> ADDRESS` (outcomes go to the owner only), `firstChange` and `full` need `steps`.",
    AdaptivityPolicy(Adaptivity.RECYCLING),
    shown_default="recycling",
)
STEPS = Key(
    "steps",
    Whole(1, MOST_STEPS),
    "Evaluations that are expected; under the paper's policies, the number that is fixed at registration.",
    shown_default=DEFAULT_STEPS,
)

DISAGREEMENT = Key(
    "disagreement",
    Number(0, 1, low_excluded=True, is_share=True),
    "Anticipated share of predictions that a new model changes; left out: that of a `d <` clause, else 1, "
    "which makes plans ten times larger.",
)

POLICY_KEYS = (
    CONDITION,
    RELIABILITY,
    Key(
        "power",
        Number(0, 1, low_excluded=True, high_excluded=True, is_share=True),
        "Chance that an improvement of threshold + 2 tolerances is passed; left out: the reliability.",
    ),
    MODE,
    ADAPTIVITY,
    Key(
        "stakes",
        Choice(StakesWord),
        "`adaptive`: no end, passes predict passes; `guaranteed`: promises `steps` and `passes`; `informed`: as "
        "adaptive, and results on `development` data say how likely a pass is, which makes expected passes cheap.",
        shown_default="adaptive",
    ),
    Key("bound", Choice(Bound), "`exact` tests, or the paper's bounds.", Bound.EXACT),
    STEPS,
    Key(
        "passes",
        Whole(1, MOST_STEPS),
        "Passes that are expected (in fn-free: fails).",
        shown_default=DEFAULT_PASSES,
    ),
    DISAGREEMENT,
)

GATE = Section(
    (
        Key(
            "name",
            Text(checks.name_problem, checks.NAME),
            "What this gate is called in results; left out: the file's name, or the folder's of a `proctor.yml` "
            "below the top of a repository.",
        ),
        replace(CONDITION, required=False, description=f"{CONDITION.description} This or `conditions` is required."),
        CONDITIONS,
        *POLICY_KEYS[1:],
        Key("testset", _TESTSET, "Files of the test set and their columns.", required=True),
        Key(
            "labels",
            Choice(Labeling, "a file in `testset:`"),
            "How missing labels are bought. `all`: whatever the condition needs, at once; `sequential`: batch by batch "
            "until the outcome is decided, for accuracies and their differences; `sampled`: for differences of "
            "precision, recall, specificity and F1, those on which the models differ, and one in ten of the others "
            "(`proctor docs labels`).",
            Labeling.ALL,
        ),
        Key(
            "candidate",
            CANDIDATE,
            "The new model: its predictions, a command that makes them, or a saved estimator.",
            required=True,
        ),
        Key(
            "first",
            Choice(First),
            "What the first commit gets when there is no baseline: accepted, or judged by the clauses on n alone.",
            First.ACCEPT,
        ),
        Key(
            "baseline",
            BASELINE,
            "The old model: the last accepted candidate, a predictions file, a revision of git, or a version that "
            "MLflow keeps.",
            Accepted(),
            shown_default="accepted",
        ),
        Key(
            "ledger",
            Text(checks.ledger_problem, address.PATTERN),
            "Where the books are kept: a path (SQLite), postgresql://…, or a branch git:REMOTE/BRANCH.",
            ".proctor/ledger.db",
        ),
        Key("runstore", recipients.RUNSTORE, "MLflow tracking server that is shown every release; left out: none."),
        Key(
            "sandbox",
            isolation.SANDBOX,
            "Isolation of the candidate's process: `auto` takes the best that works here, `required` refuses to run "
            "without any, `none` asks for none. As a map, it opens devices (GPUs) and folders of the machine, too.",
            Isolation(),
            shown_default="auto",
        ),
        Key(
            "feedback",
            feedback.FEEDBACK,
            "What is released beside the verdict, at its price in budget.",
            VerdictOnly(),
            shown_default="none",
        ),
        Key(
            "slot",
            _SLOT,
            "With `inputs: sealed`, seconds that each run of a model takes, in place of `timeout`; or a map, for "
            "outcomes that appear earlier at a price.",
        ),
        Key(
            "development",
            _DEVELOPMENT,
            "Labeled examples that everybody may look at, for `stakes: informed` and `proctor preflight`.",
        ),
        Key(
            "metrics",
            MapOf(
                Text(checks.distribution_problem, checks.DISTRIBUTION),
                r"[A-Za-z_]\w*",
                "letters, digits and _, starting with a letter",
            ),
            "Functions of the owner by name, as `politeness` of `user.politeness(n)`, each with the installed "
            "distribution that has it as an entry point of the group `proctor.metrics`; its version and files are "
            "fixed at registration.",
            (),
        ),
        Key("owner", recipients.OWNER, "Files of the test set's owner.", Owner()),
        Key(
            "notify",
            recipients.NOTIFY,
            "Who is told, once, that a fresh test set is needed: `proctor testset notify`.",
            Notify(),
        ),
    )
)
