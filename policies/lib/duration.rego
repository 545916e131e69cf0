# METADATA
# title: Durations
# description: Spans of time as data spells them, a whole number and one unit. All else is undefined.
package lib.duration

import data.lib.amount

milliseconds := {"s": 1000, "m": 60000, "h": 3600000, "d": 86400000}

# METADATA
# description: The milliseconds that such a text spells, as in "90s", "30m", "24h", "7d".
ms(text) := amount.int(substring(text, 0, count(text) - 1)) * milliseconds[substring(text, count(text) - 1, 1)]
