"""One aggregate is one small file here: what it takes, the state it reads, and its formula.

The docstring declares algebra, exactness and source.  The constants are literals, because
`define.catalogue` reads them as data: TAKES (kinds of values), GIVES ("number", or None for the
kind of the values), ROWS (whether it may be taken without a column), PARAMS (names of its whole
numbers), OWN (whether it compares with the request's own value) and, where powers must fit,
RANGE.  STATE names a file of `engine.states`.  VERSION, 1 if it is not said, is that of the
formula: a plan knows the file by these alone, so whoever changes a value raises it (decision 0013).
A stranger adds an aggregate as such a file, or as
an entry point of the group "mintmark.aggregates"; nothing else needs to know of it.
"""
