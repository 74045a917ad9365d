"""
A look at a candidate before it is judged, without spending anything and without a single test label.

Gate file, books, plan and cost come from the same functions as the verdict does; the candidate is run on public
examples or on development data; how likely it is to pass is judged from development data alone, never from the test
set or its inputs. The test set's inputs are read for one thing: to find its account, as `proctor status` does.
"""

from proctor.preflight.development import Development
from proctor.preflight.inspection import inspect
from proctor.preflight.report import Figures, Finding, Mark, Preflight
