package tests.lib.payers

import data.lib.payers

test_the_wallet_or_the_address_that_paid_most if {
	payers.most("2", [["a", "1"], ["b", "0"]]) == {"payer": "the wallet", "past": "2"}
	payers.most("2", [["a", "1"], ["b", "10"]]) == {"payer": "b", "past": "10"}
	payers.most("2", [["a", "2"]]) == {"payer": "the wallet", "past": "2"}
	payers.most("0", [["a", "9007199254740993"], ["b", "9007199254740992"]]).past == "9007199254740993"
}

test_nothing_without_an_address if {
	not payers.most("2", [])
}

test_nothing_where_one_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not payers.most(value, [["a", "1"]])
		not payers.most("1", [["a", "1"], ["b", value]])
	}
}
