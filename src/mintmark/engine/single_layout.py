"""Where the words of one row's list of steps stand (`engine.single`), without the compiler.

folds, first, steps, then pairs (unit, context), then the contexts that fold
"""

FOLDS, FIRST, STEPS = range(3)
SIZE = 3
