"""Where the words of one row's list of steps stand (`engine.single`), without the compiler.

    header, then pairs (unit, context), then the contexts that fold, then what is to be found

`MARK_AT` is the address of the word that says how far the requests have come with this row;
`STORES` steps come before the first that folds.  A row that goes straight stands at `RAW_AT`: its
inputs, at, seq and known_at, `FRONT` words in all, then its keys as they are.  Each of `FINDS`
says in which table a word of it, or two, are to be found, and which word of the buffer at
`BUFFER_AT` takes what they stand for.
"""

FOLDS, FIRST, STEPS, MARK_AT, STORES, FINDS, RAW_AT, BUFFER_AT, FRONT = range(9)
SIZE = 9

FIND_TABLE, FIND_ENTRIES, FIND_A, FIND_B, FIND_TARGET = range(5)
FIND_SIZE = 5
"""The first two are kept by `engine.finder`; the others are places of words, `FIND_B` -1 for none.
"""

UNKNOWN_KEY = 3
"""What `run_steps` answers when a number is not in its table; nothing has moved then."""
