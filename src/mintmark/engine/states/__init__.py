"""One state is one small file here: the words that a window is summed up in, and how they change.

WORDS names them; FORM says how they follow a window that slides: a "group" adds and drops, a
"monoid" adds and is asked whether what leaves was missed (`lost`), an "ordered" one is read from
the older end, a "look" walks over the events at each read.  TABLE asks for words whose number
grows with the window; FINISHED names words that `finish` works out at each read; EXTENDS names a
state whose words come first among its own, so that both are read in one pass; `carry` writes the
same words so that more events fit.  What a window
without a beginning may forget, REACH and NEWEST say (`plan.memory`): how many times b it looks
back, or that it looks at the newest "events" or at the a newest "values" alone; EVER names the
state that keeps of a lifetime what this one would look for at its older end, and FIXED that the
table of an ordered one always has so many words, so that a lifetime can keep it (decision 0012).
VERSION, 1 if it is not said, is raised by whoever changes what is read off the words, or what kept
words mean (decision 0013).
"""
