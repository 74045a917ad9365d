"""
Counts of examples by label and predictions, for tables that do not fit into memory or lie on a cluster.

An engine (`duckdb`, `spark`) sends one aggregation: the tables are brought together by id, and examples that agree in
every *raw* cell are counted together. What a cell means, and what is refused, is decided once for each combination,
by the code that reads whole files; so an engine cannot count anything else than the gate does.
Importing this package loads no engine.
"""

from proctor.crosstabs.crosstab import Crosstab
from proctor.crosstabs.fields import Field
from proctor.crosstabs.slicing import Combinations
