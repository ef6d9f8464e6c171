"""What happens: a payment, and later perhaps the chargeback that says it was a fraud.

Read this file first, then `fourteen.py`, `features.py` and `model.py`. Together they are all that
Mintmark is told; ingest, training, serving and the watch follow from them.
"""

import mintmark as mm

# Entities are what history is kept of. Their ids are text unless they say otherwise.
card = mm.Entity("card")
terminal = mm.Entity("terminal")
place = mm.Entity("place")

# A payment. The names on the left of each pair are ours; in the source the columns have the same
# names here (where they differ, `columns={ours: theirs}` says so, as ../../handbook does).
payment = mm.Event(
    "payment",
    id="payment_id",
    id_type="integer",
    at="paid_at",
    # A role is how an event names an entity. A payment without a card is an error of the row; one
    # without a place was made online, and then whatever is counted by place is null.
    keys={"card": card, "terminal": terminal, "place": mm.Optional(place)},
    fields={
        # Stored as whole cents. 12.345 is refused, and so is an amount below zero.
        "amount": mm.Money("EUR"),
        # With its values declared a category is a number to a model: its place in the list.
        "country": mm.Category(["BE", "DE", "ES", "FR", "GB", "IT", "NL", "TH", "US"]),
        "channel": mm.Category(["chip", "contactless", "online", "phone"]),
        "category": mm.Category(
            [
                "digital_goods",
                "electronics",
                "fashion",
                "fuel",
                "grocery",
                "leisure",
                "marketplace",
                "pharmacy",
                "restaurant",
                "travel",
            ]
        ),
        # Whose card it is, by age. It is never an input of the model: it is here so that the gate
        # on fairness can look whether the model errs more often against one band than another.
        "segment": mm.Category(["18-34", "35-59", "60+"]),
        # The bank's own checks (balance, PIN, expiry) had refused the attempt before we saw it.
        "declined": mm.Flag(),
    },
)

# A chargeback refers to a payment. It may be withdrawn: then the same case comes once more, with
# the next revision and `fraud` false, and what is read after that moment reads the new one.
chargeback = mm.Event(
    "chargeback",
    id="case_id",
    id_type="integer",
    at="reported_at",
    keys={},
    fields={"fraud": mm.Flag()},
    refers_to=payment,
    revision="revision",
)

# The truth as it is known: what the newest chargeback says, and no fraud where there is none. Nine
# frauds in ten are reported within thirty days, so a younger payment is not called genuine: it is
# unknown, and neither training nor a metric uses it.
fraud = mm.Label(chargeback["fraud"], of=payment, mature_after="30d", otherwise=False)
