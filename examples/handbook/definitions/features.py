"""Two sets of inputs: the fifteen of the book, and a fuller one."""

from events import payment
from fourteen import amount, fourteen

import mintmark as mm

features_15 = mm.Features(payment, amount=amount, **fourteen)
