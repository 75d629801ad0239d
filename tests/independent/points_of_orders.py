"""What each customer must have: one point per started dollar of each order. Prints `{customer: points}` as JSON."""

import collections
import csv
import gzip
import json
import math
import sys
from fractions import Fraction

path = sys.argv[1]
points: dict[str, int] = collections.defaultdict(int)
with (gzip.open if path.endswith(".gz") else open)(path, "rt") as orders:
    for order in csv.DictReader(orders):
        points[order["customer_id"]] += math.ceil(Fraction(order["amount_usd"]))
json.dump({customer: total for customer, total in points.items() if total}, sys.stdout)
