# METADATA
# description: Written by `policy build` from the rules. It collects; the host decides.
package countersign

# METADATA
# entrypoint: true
# scope: document
# description: The verdicts of the document's group. Nothing else of a rule is evaluated.
decision := {
	"amount_cap": {"require": data.rules.transfer.amount_cap.require},
	"destination_allowlist": {"require": data.rules.transfer.destination_allowlist.require},
	"evidence": {"require": data.rules.transfer.evidence.require},
	"ordinary_transfer": {"approve": data.rules.transfer.ordinary_transfer.approve},
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

words["transfer/amount_cap"].values := data.rules.transfer.amount_cap.values if "transfer/amount_cap" in asked

words["transfer/amount_cap"].message := data.rules.transfer.amount_cap.message if "transfer/amount_cap" in asked

words["transfer/destination_allowlist"].values := data.rules.transfer.destination_allowlist.values if "transfer/destination_allowlist" in asked

words["transfer/destination_allowlist"].message := data.rules.transfer.destination_allowlist.message if "transfer/destination_allowlist" in asked

words["transfer/evidence"].values := data.rules.transfer.evidence.values if "transfer/evidence" in asked

words["transfer/evidence"].message := data.rules.transfer.evidence.message if "transfer/evidence" in asked

words["transfer/transaction_type"].values := data.rules.transfer.transaction_type.values if "transfer/transaction_type" in asked

words["transfer/transaction_type"].message := data.rules.transfer.transaction_type.message if "transfer/transaction_type" in asked

asked := object.get(input, "explain", [])

# METADATA
# entrypoint: true
# description: What the rules ask of history. Asked once, when the release goes live; reads no input.
facts := {}
