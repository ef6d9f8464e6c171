"""Where the words of a table of whole numbers stand (`engine.places`), without the compiler."""

ENTRY_A, ENTRY_B, ENTRY_VALUE = range(3)
ENTRY_SIZE = 4

NOTE_TABLE, NOTE_ENTRIES, NOTE_A, NOTE_B, NOTE_VALUES, NOTE_COUNT = range(6)
NOTE_SIZE = 6
