# METADATA
# description: Written by `policy build` from the rules. It collects; the host decides.
package countersign

# METADATA
# entrypoint: true
# scope: document
# description: The verdicts of the document's group. Nothing else of a rule is evaluated.
decision := {
	"allowlist_cooling_off": {"require": data.rules.transfer.allowlist_cooling_off.require},
	"amount_cap": {"require": data.rules.transfer.amount_cap.require},
	"daily_limit": {"require": data.rules.transfer.daily_limit.require},
	"destination_allowlist": {"require": data.rules.transfer.destination_allowlist.require},
	"evidence": {"require": data.rules.transfer.evidence.require},
	"new_destination": {"require": data.rules.transfer.new_destination.require},
	"ordinary_transfer": {"approve": data.rules.transfer.ordinary_transfer.approve},
	"payment_count": {"require": data.rules.transfer.payment_count.require},
	"repeated_payment": {"require": data.rules.transfer.repeated_payment.require},
	"sanctions": {"require": data.rules.transfer.sanctions.require},
	"token_limit": {"require": data.rules.transfer.token_limit.require},
	"transaction_type": {"require": data.rules.transfer.transaction_type.require},
} if input.group == "transfer"

decision := {
	"no_message_signing": {"require": data.rules.message.no_message_signing.require},
} if input.group == "message"

decision := {
	"key_ceremony": {"approve": data.rules.key.key_ceremony.approve},
	"no_key_share_signing": {"require": data.rules.key.no_key_share_signing.require},
	"participants_allowlist": {"require": data.rules.key.participants_allowlist.require},
} if input.group == "key"

decision := {} if input.group == "deposit"

decision := {} if input.group == "withdrawal"

# METADATA
# entrypoint: true
# description: The words of the rules that the host asks about. Read by people, never judged.
explain := words

words["key/no_key_share_signing"].values := data.rules.key.no_key_share_signing.values if "key/no_key_share_signing" in asked

words["key/no_key_share_signing"].message := data.rules.key.no_key_share_signing.message if "key/no_key_share_signing" in asked

words["key/participants_allowlist"].values := data.rules.key.participants_allowlist.values if "key/participants_allowlist" in asked

words["key/participants_allowlist"].message := data.rules.key.participants_allowlist.message if "key/participants_allowlist" in asked

words["message/no_message_signing"].values := data.rules.message.no_message_signing.values if "message/no_message_signing" in asked

words["message/no_message_signing"].message := data.rules.message.no_message_signing.message if "message/no_message_signing" in asked

words["transfer/allowlist_cooling_off"].values := data.rules.transfer.allowlist_cooling_off.values if "transfer/allowlist_cooling_off" in asked

words["transfer/allowlist_cooling_off"].message := data.rules.transfer.allowlist_cooling_off.message if "transfer/allowlist_cooling_off" in asked

words["transfer/amount_cap"].values := data.rules.transfer.amount_cap.values if "transfer/amount_cap" in asked

words["transfer/amount_cap"].message := data.rules.transfer.amount_cap.message if "transfer/amount_cap" in asked

words["transfer/daily_limit"].values := data.rules.transfer.daily_limit.values if "transfer/daily_limit" in asked

words["transfer/daily_limit"].message := data.rules.transfer.daily_limit.message if "transfer/daily_limit" in asked

words["transfer/destination_allowlist"].values := data.rules.transfer.destination_allowlist.values if "transfer/destination_allowlist" in asked

words["transfer/destination_allowlist"].message := data.rules.transfer.destination_allowlist.message if "transfer/destination_allowlist" in asked

words["transfer/evidence"].values := data.rules.transfer.evidence.values if "transfer/evidence" in asked

words["transfer/evidence"].message := data.rules.transfer.evidence.message if "transfer/evidence" in asked

words["transfer/new_destination"].values := data.rules.transfer.new_destination.values if "transfer/new_destination" in asked

words["transfer/new_destination"].message := data.rules.transfer.new_destination.message if "transfer/new_destination" in asked

words["transfer/payment_count"].values := data.rules.transfer.payment_count.values if "transfer/payment_count" in asked

words["transfer/payment_count"].message := data.rules.transfer.payment_count.message if "transfer/payment_count" in asked

words["transfer/repeated_payment"].values := data.rules.transfer.repeated_payment.values if "transfer/repeated_payment" in asked

words["transfer/repeated_payment"].message := data.rules.transfer.repeated_payment.message if "transfer/repeated_payment" in asked

words["transfer/sanctions"].values := data.rules.transfer.sanctions.values if "transfer/sanctions" in asked

words["transfer/sanctions"].message := data.rules.transfer.sanctions.message if "transfer/sanctions" in asked

words["transfer/token_limit"].values := data.rules.transfer.token_limit.values if "transfer/token_limit" in asked

words["transfer/token_limit"].message := data.rules.transfer.token_limit.message if "transfer/token_limit" in asked

words["transfer/transaction_type"].values := data.rules.transfer.transaction_type.values if "transfer/transaction_type" in asked

words["transfer/transaction_type"].message := data.rules.transfer.transaction_type.message if "transfer/transaction_type" in asked

asked := object.get(input, "explain", [])

# METADATA
# entrypoint: true
# description: What the rules ask of history. Asked once, when the release goes live; reads no input.
facts := {
	"transfer": {"daily_limit": data.rules.transfer.daily_limit.facts, "new_destination": data.rules.transfer.new_destination.facts, "payment_count": data.rules.transfer.payment_count.facts, "repeated_payment": data.rules.transfer.repeated_payment.facts, "token_limit": data.rules.transfer.token_limit.facts},
}
