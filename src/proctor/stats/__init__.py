"""
Exact, finite-sample statistics for judging models on a test set, usable on their own.

Every level is kept for every sample size and every population; nothing is normal by assumption (theory.md §3).
Which module to use:

- :mod:`proctor.stats.binomial`: one accuracy, or how often two models differ.
- :mod:`proctor.stats.paired`: the difference of two accuracies on the same examples; also sample sizes for it.
- :mod:`proctor.stats.sequential`: the same difference or proportion, where labels are bought one at a time;
  :mod:`proctor.stats.expectation` says how many to expect.
- :mod:`proctor.stats.bounded`: the mean of anything bounded, such as a linear expression of accuracies, in fixed order.
- :mod:`proctor.stats.contrast`: the difference of F1 or precision between two models on the same examples.
- :mod:`proctor.stats.hinge`: the same from the total alone, in no order.
- :mod:`proctor.stats.hoeffding` and :mod:`proctor.stats.bennett`: the bounds of the ease.ml/ci paper, for comparison.

The other modules are what :mod:`proctor.stats.paired` is built of:
:mod:`~proctor.stats.score` orders outcomes, :mod:`~proctor.stats.certified` bounds how likely they are at worst,
:mod:`~proctor.stats.unconditional` decides, :mod:`~proctor.stats.region` and :mod:`~proctor.stats.resolution` plan,
:mod:`~proctor.stats.tails` holds the binomial distribution in logarithms.

Levels are probabilities at the borders that people use (``level``) and natural logarithms where an account,
whose levels fall below what a float can hold, hands them over (``log_level``).
"""
