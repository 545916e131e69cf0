# METADATA
# title: Amounts
# description: |
#   Exact whole parsed from and to decimal strings. What is no such string is undefined, so that a
#   requirement built on it is not true.
package lib.amount

# METADATA
# scope: document
# description: |
#   The number that a string of digits spells: no sign, no leading zero, at most the 78 digits of a 256-bit
#   integer. Undefined for all else: `to_number` alone would read `null` as 0 and `true` as 1.
int("0") := 0

int(text) := to_number(text) if {
	is_string(text)
	count(text) > 0
	count(text) <= 78
	trim_left(text, "0") == text
	trim(text, "0123456789") == ""
}

# METADATA
# description: The sum of such strings, all or nothing. Undefined if one of them is no amount.
total(texts) := sum(parsed) if {
	parsed := [int(text) | some text in texts]
	count(parsed) == count(texts)
}

# METADATA
# description: A whole number as the digits that spell it. Numbers never leave a rule as parsed.
text(number) := json.marshal(number) if is_number(number)

# METADATA
# description: |
#   The dollars that a string of millionths spells, shortest and exact, for people: "1500000" is "1.5".
#   Undefined for what is no amount.
dollars(text) := trim_suffix(trim_right($"{substring(padded, 0, point)}.{substring(padded, point, 6)}", "0"), ".") if {
	int(text) >= 0
	padded := concat("", [substring("000000", 0, max([0, 7 - count(text)])), text])
	point := count(padded) - 6
}
