"""
Counts of small integers, one code for each example, from aligned predictions and labels.

A method of `proctor.methods` says by which events it tells examples apart (`events`); `coding` turns them into codes
and counts these, whatever they stand for. `panel` has the predictions that all of it looks at.
Importing this package loads the standard library alone.
"""
