package tests.lib.duration

import data.lib.duration

test_a_number_and_a_unit if {
	duration.ms("90s") == 90000
	duration.ms("30m") == 1800000
	duration.ms("24h") == 86400000
	duration.ms("7d") == 604800000
	duration.ms("0h") == 0
}

test_all_else_is_undefined if {
	every value in [
		"", "h", "24", "24 h", "24H", "1.5h", "-1h", "024h", "24hh", "5ms", "1w", "day",
		24, 0, null, true, [], ["2", "h"], {"24": "h"},
	] {
		not duration.ms(value)
	}
}
