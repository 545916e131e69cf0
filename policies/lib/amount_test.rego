package tests.lib.amount

import data.lib.amount

largest := "115792089237316195423570985008687907853269984665640564039457584007913129639935"

test_int_reads_digits if {
	amount.int("0") == 0
	amount.int("5000000000") == 5000000000
}

test_int_is_exact_beyond_every_float if {
	endswith(amount.text(amount.int(largest) + 1), "584007913129639936")
	amount.int("9007199254740993") > amount.int("9007199254740992")
}

test_int_is_undefined_for_all_else if {
	every value in [
		"", "00", "01", "-1", "+1", " 1", "1.5", "1e3", "0x1", "٣", concat("", [largest, "0"]),
		1, 0, true, false, null, [], ["1"], {}, {"1": "1"},
	] {
		not amount.int(value)
	}
}

test_total_adds_up if amount.total(["1", "2", largest]) == amount.int(largest) + 3

test_total_of_nothing_is_zero if amount.total([]) == 0

test_total_is_undefined_if_one_is_no_amount if {
	not amount.total(["1", "x"])
	not amount.total(["1", null])
	not amount.total("1")
}

test_text_spells_whole_numbers if {
	amount.text(0) == "0"
	amount.text(amount.int("3000000000000000000")) == "3000000000000000000"
}

test_text_is_undefined_for_all_else if {
	every value in ["1", null, true, [], {}] {
		not amount.text(value)
	}
}

test_dollars_are_the_shortest_exact_spelling if {
	every text, dollars in {
		"0": "0",
		"1": "0.000001",
		"300000": "0.3",
		"999999": "0.999999",
		"1000000": "1",
		"1500000": "1.5",
		"10000000": "10",
		"5000000001": "5000.000001",
		"100000000000": "100000",
		"123456789012345678901234567890": "123456789012345678901234.56789",
	} {
		amount.dollars(text) == dollars
	}
}

test_dollars_of_what_is_no_amount if {
	every value in ["", "01", "-1", "1.5", 1, 0, null, true, [], {}] {
		not amount.dollars(value)
	}
}
