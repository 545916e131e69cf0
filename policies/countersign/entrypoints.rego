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
	"approvals": {"require": data.rules.transfer.approvals.require},
	"confirmation_limits": {"require": data.rules.transfer.confirmation_limits.require},
	"confirmed_withdrawal": {"approve": data.rules.transfer.confirmed_withdrawal.approve},
	"contract_call": {"approve": data.rules.transfer.contract_call.approve},
	"contract_methods": {"require": data.rules.transfer.contract_methods.require},
	"daily_limit": {"require": data.rules.transfer.daily_limit.require},
	"destination_allowlist": {"require": data.rules.transfer.destination_allowlist.require},
	"evidence": {"require": data.rules.transfer.evidence.require},
	"fee_cap": {"require": data.rules.transfer.fee_cap.require},
	"flagged_funds": {"require": data.rules.transfer.flagged_funds.require},
	"flagged_recipient": {"require": data.rules.transfer.flagged_recipient.require},
	"key": {"require": data.rules.transfer.key.require},
	"new_destination": {"require": data.rules.transfer.new_destination.require},
	"no_admin": {"require": data.rules.transfer.no_admin.require},
	"no_authorization_list": {"require": data.rules.transfer.no_authorization_list.require},
	"no_calldata_on_transfer": {"require": data.rules.transfer.no_calldata_on_transfer.require},
	"no_delegatecall": {"require": data.rules.transfer.no_delegatecall.require},
	"no_deploy": {"require": data.rules.transfer.no_deploy.require},
	"no_unknown_effects": {"require": data.rules.transfer.no_unknown_effects.require},
	"ordinary_transfer": {"approve": data.rules.transfer.ordinary_transfer.approve},
	"own_funds": {"require": data.rules.transfer.own_funds.require},
	"payment_count": {"require": data.rules.transfer.payment_count.require},
	"repeated_payment": {"require": data.rules.transfer.repeated_payment.require},
	"replacement": {"require": data.rules.transfer.replacement.require},
	"sanctions": {"require": data.rules.transfer.sanctions.require},
	"spender_allowlist": {"require": data.rules.transfer.spender_allowlist.require},
	"token_known": {"require": data.rules.transfer.token_known.require},
	"token_limit": {"require": data.rules.transfer.token_limit.require},
	"transaction_type": {"require": data.rules.transfer.transaction_type.require},
} if input.group == "transfer"

decision := {
	"allowlist_cooling_off": {"require": data.rules.message.allowlist_cooling_off.require},
	"amount_cap": {"require": data.rules.message.amount_cap.require},
	"approvals": {"require": data.rules.message.approvals.require},
	"contract_methods": {"require": data.rules.message.contract_methods.require},
	"daily_limit": {"require": data.rules.message.daily_limit.require},
	"destination_allowlist": {"require": data.rules.message.destination_allowlist.require},
	"evidence": {"require": data.rules.message.evidence.require},
	"fee_cap": {"require": data.rules.message.fee_cap.require},
	"flagged_funds": {"require": data.rules.message.flagged_funds.require},
	"flagged_recipient": {"require": data.rules.message.flagged_recipient.require},
	"key": {"require": data.rules.message.key.require},
	"listed_text": {"approve": data.rules.message.listed_text.approve},
	"listed_typed_data": {"approve": data.rules.message.listed_typed_data.approve},
	"message_texts": {"require": data.rules.message.message_texts.require},
	"no_admin": {"require": data.rules.message.no_admin.require},
	"no_delegatecall": {"require": data.rules.message.no_delegatecall.require},
	"no_deploy": {"require": data.rules.message.no_deploy.require},
	"no_unknown_effects": {"require": data.rules.message.no_unknown_effects.require},
	"own_funds": {"require": data.rules.message.own_funds.require},
	"sanctions": {"require": data.rules.message.sanctions.require},
	"spender_allowlist": {"require": data.rules.message.spender_allowlist.require},
	"token_known": {"require": data.rules.message.token_known.require},
	"token_limit": {"require": data.rules.message.token_limit.require},
	"typed_data_domains": {"require": data.rules.message.typed_data_domains.require},
} if input.group == "message"

decision := {
	"key_ceremony": {"approve": data.rules.key.key_ceremony.approve},
	"no_key_share_signing": {"require": data.rules.key.no_key_share_signing.require},
	"participants_allowlist": {"require": data.rules.key.participants_allowlist.require},
} if input.group == "key"

decision := {
	"address_ours": {"require": data.rules.deposit.address_ours.require},
	"decimals": {"require": data.rules.deposit.decimals.require},
	"denied_source": {"require": data.rules.deposit.denied_source.require},
	"dust": {"require": data.rules.deposit.dust.require},
	"internal": {"require": data.rules.deposit.internal.require},
	"look_alike": {"require": data.rules.deposit.look_alike.require},
	"memo": {"require": data.rules.deposit.memo.require},
	"nft": {"require": data.rules.deposit.nft.require},
	"reorganized": {"require": data.rules.deposit.reorganized.require},
	"sanctions": {"require": data.rules.deposit.sanctions.require},
	"source_stated": {"require": data.rules.deposit.source_stated.require},
	"structuring": {"require": data.rules.deposit.structuring.require},
	"threshold": {"require": data.rules.deposit.threshold.require},
	"token_known": {"require": data.rules.deposit.token_known.require},
	"usual": {"require": data.rules.deposit.usual.require},
} if input.group == "deposit"

decision := {
	"destination_allowlist": {"require": data.rules.withdrawal.destination_allowlist.require},
	"fee_cap": {"require": data.rules.withdrawal.fee_cap.require},
	"made_inside": {"require": data.rules.withdrawal.made_inside.require},
	"sanctions": {"require": data.rules.withdrawal.sanctions.require},
	"succeeded": {"require": data.rules.withdrawal.succeeded.require},
} if input.group == "withdrawal"

# METADATA
# entrypoint: true
# description: The words of the rules that the host asks about. Read by people, never judged.
explain := words

words["deposit/address_ours"].values := data.rules.deposit.address_ours.values if "deposit/address_ours" in asked

words["deposit/address_ours"].message := data.rules.deposit.address_ours.message if "deposit/address_ours" in asked

words["deposit/decimals"].values := data.rules.deposit.decimals.values if "deposit/decimals" in asked

words["deposit/decimals"].message := data.rules.deposit.decimals.message if "deposit/decimals" in asked

words["deposit/denied_source"].values := data.rules.deposit.denied_source.values if "deposit/denied_source" in asked

words["deposit/denied_source"].message := data.rules.deposit.denied_source.message if "deposit/denied_source" in asked

words["deposit/dust"].values := data.rules.deposit.dust.values if "deposit/dust" in asked

words["deposit/dust"].message := data.rules.deposit.dust.message if "deposit/dust" in asked

words["deposit/internal"].values := data.rules.deposit.internal.values if "deposit/internal" in asked

words["deposit/internal"].message := data.rules.deposit.internal.message if "deposit/internal" in asked

words["deposit/look_alike"].values := data.rules.deposit.look_alike.values if "deposit/look_alike" in asked

words["deposit/look_alike"].message := data.rules.deposit.look_alike.message if "deposit/look_alike" in asked

words["deposit/memo"].values := data.rules.deposit.memo.values if "deposit/memo" in asked

words["deposit/memo"].message := data.rules.deposit.memo.message if "deposit/memo" in asked

words["deposit/nft"].values := data.rules.deposit.nft.values if "deposit/nft" in asked

words["deposit/nft"].message := data.rules.deposit.nft.message if "deposit/nft" in asked

words["deposit/reorganized"].values := data.rules.deposit.reorganized.values if "deposit/reorganized" in asked

words["deposit/reorganized"].message := data.rules.deposit.reorganized.message if "deposit/reorganized" in asked

words["deposit/sanctions"].values := data.rules.deposit.sanctions.values if "deposit/sanctions" in asked

words["deposit/sanctions"].message := data.rules.deposit.sanctions.message if "deposit/sanctions" in asked

words["deposit/source_stated"].message := data.rules.deposit.source_stated.message if "deposit/source_stated" in asked

words["deposit/structuring"].values := data.rules.deposit.structuring.values if "deposit/structuring" in asked

words["deposit/structuring"].message := data.rules.deposit.structuring.message if "deposit/structuring" in asked

words["deposit/threshold"].values := data.rules.deposit.threshold.values if "deposit/threshold" in asked

words["deposit/threshold"].message := data.rules.deposit.threshold.message if "deposit/threshold" in asked

words["deposit/token_known"].values := data.rules.deposit.token_known.values if "deposit/token_known" in asked

words["deposit/token_known"].message := data.rules.deposit.token_known.message if "deposit/token_known" in asked

words["deposit/usual"].values := data.rules.deposit.usual.values if "deposit/usual" in asked

words["deposit/usual"].message := data.rules.deposit.usual.message if "deposit/usual" in asked

words["key/no_key_share_signing"].values := data.rules.key.no_key_share_signing.values if "key/no_key_share_signing" in asked

words["key/no_key_share_signing"].message := data.rules.key.no_key_share_signing.message if "key/no_key_share_signing" in asked

words["key/participants_allowlist"].values := data.rules.key.participants_allowlist.values if "key/participants_allowlist" in asked

words["key/participants_allowlist"].message := data.rules.key.participants_allowlist.message if "key/participants_allowlist" in asked

words["message/allowlist_cooling_off"].values := data.rules.message.allowlist_cooling_off.values if "message/allowlist_cooling_off" in asked

words["message/allowlist_cooling_off"].message := data.rules.message.allowlist_cooling_off.message if "message/allowlist_cooling_off" in asked

words["message/amount_cap"].values := data.rules.message.amount_cap.values if "message/amount_cap" in asked

words["message/amount_cap"].message := data.rules.message.amount_cap.message if "message/amount_cap" in asked

words["message/approvals"].values := data.rules.message.approvals.values if "message/approvals" in asked

words["message/approvals"].message := data.rules.message.approvals.message if "message/approvals" in asked

words["message/contract_methods"].values := data.rules.message.contract_methods.values if "message/contract_methods" in asked

words["message/contract_methods"].message := data.rules.message.contract_methods.message if "message/contract_methods" in asked

words["message/daily_limit"].values := data.rules.message.daily_limit.values if "message/daily_limit" in asked

words["message/daily_limit"].message := data.rules.message.daily_limit.message if "message/daily_limit" in asked

words["message/destination_allowlist"].values := data.rules.message.destination_allowlist.values if "message/destination_allowlist" in asked

words["message/destination_allowlist"].message := data.rules.message.destination_allowlist.message if "message/destination_allowlist" in asked

words["message/evidence"].values := data.rules.message.evidence.values if "message/evidence" in asked

words["message/evidence"].message := data.rules.message.evidence.message if "message/evidence" in asked

words["message/fee_cap"].values := data.rules.message.fee_cap.values if "message/fee_cap" in asked

words["message/fee_cap"].message := data.rules.message.fee_cap.message if "message/fee_cap" in asked

words["message/flagged_funds"].values := data.rules.message.flagged_funds.values if "message/flagged_funds" in asked

words["message/flagged_funds"].message := data.rules.message.flagged_funds.message if "message/flagged_funds" in asked

words["message/flagged_recipient"].values := data.rules.message.flagged_recipient.values if "message/flagged_recipient" in asked

words["message/flagged_recipient"].message := data.rules.message.flagged_recipient.message if "message/flagged_recipient" in asked

words["message/key"].values := data.rules.message.key.values if "message/key" in asked

words["message/key"].message := data.rules.message.key.message if "message/key" in asked

words["message/message_texts"].values := data.rules.message.message_texts.values if "message/message_texts" in asked

words["message/message_texts"].message := data.rules.message.message_texts.message if "message/message_texts" in asked

words["message/no_admin"].values := data.rules.message.no_admin.values if "message/no_admin" in asked

words["message/no_admin"].message := data.rules.message.no_admin.message if "message/no_admin" in asked

words["message/no_delegatecall"].values := data.rules.message.no_delegatecall.values if "message/no_delegatecall" in asked

words["message/no_delegatecall"].message := data.rules.message.no_delegatecall.message if "message/no_delegatecall" in asked

words["message/no_deploy"].values := data.rules.message.no_deploy.values if "message/no_deploy" in asked

words["message/no_deploy"].message := data.rules.message.no_deploy.message if "message/no_deploy" in asked

words["message/no_unknown_effects"].values := data.rules.message.no_unknown_effects.values if "message/no_unknown_effects" in asked

words["message/no_unknown_effects"].message := data.rules.message.no_unknown_effects.message if "message/no_unknown_effects" in asked

words["message/own_funds"].values := data.rules.message.own_funds.values if "message/own_funds" in asked

words["message/own_funds"].message := data.rules.message.own_funds.message if "message/own_funds" in asked

words["message/sanctions"].values := data.rules.message.sanctions.values if "message/sanctions" in asked

words["message/sanctions"].message := data.rules.message.sanctions.message if "message/sanctions" in asked

words["message/spender_allowlist"].values := data.rules.message.spender_allowlist.values if "message/spender_allowlist" in asked

words["message/spender_allowlist"].message := data.rules.message.spender_allowlist.message if "message/spender_allowlist" in asked

words["message/token_known"].values := data.rules.message.token_known.values if "message/token_known" in asked

words["message/token_known"].message := data.rules.message.token_known.message if "message/token_known" in asked

words["message/token_limit"].values := data.rules.message.token_limit.values if "message/token_limit" in asked

words["message/token_limit"].message := data.rules.message.token_limit.message if "message/token_limit" in asked

words["message/typed_data_domains"].values := data.rules.message.typed_data_domains.values if "message/typed_data_domains" in asked

words["message/typed_data_domains"].message := data.rules.message.typed_data_domains.message if "message/typed_data_domains" in asked

words["transfer/allowlist_cooling_off"].values := data.rules.transfer.allowlist_cooling_off.values if "transfer/allowlist_cooling_off" in asked

words["transfer/allowlist_cooling_off"].message := data.rules.transfer.allowlist_cooling_off.message if "transfer/allowlist_cooling_off" in asked

words["transfer/amount_cap"].values := data.rules.transfer.amount_cap.values if "transfer/amount_cap" in asked

words["transfer/amount_cap"].message := data.rules.transfer.amount_cap.message if "transfer/amount_cap" in asked

words["transfer/approvals"].values := data.rules.transfer.approvals.values if "transfer/approvals" in asked

words["transfer/approvals"].message := data.rules.transfer.approvals.message if "transfer/approvals" in asked

words["transfer/confirmation_limits"].values := data.rules.transfer.confirmation_limits.values if "transfer/confirmation_limits" in asked

words["transfer/confirmation_limits"].message := data.rules.transfer.confirmation_limits.message if "transfer/confirmation_limits" in asked

words["transfer/contract_methods"].values := data.rules.transfer.contract_methods.values if "transfer/contract_methods" in asked

words["transfer/contract_methods"].message := data.rules.transfer.contract_methods.message if "transfer/contract_methods" in asked

words["transfer/daily_limit"].values := data.rules.transfer.daily_limit.values if "transfer/daily_limit" in asked

words["transfer/daily_limit"].message := data.rules.transfer.daily_limit.message if "transfer/daily_limit" in asked

words["transfer/destination_allowlist"].values := data.rules.transfer.destination_allowlist.values if "transfer/destination_allowlist" in asked

words["transfer/destination_allowlist"].message := data.rules.transfer.destination_allowlist.message if "transfer/destination_allowlist" in asked

words["transfer/evidence"].values := data.rules.transfer.evidence.values if "transfer/evidence" in asked

words["transfer/evidence"].message := data.rules.transfer.evidence.message if "transfer/evidence" in asked

words["transfer/fee_cap"].values := data.rules.transfer.fee_cap.values if "transfer/fee_cap" in asked

words["transfer/fee_cap"].message := data.rules.transfer.fee_cap.message if "transfer/fee_cap" in asked

words["transfer/flagged_funds"].values := data.rules.transfer.flagged_funds.values if "transfer/flagged_funds" in asked

words["transfer/flagged_funds"].message := data.rules.transfer.flagged_funds.message if "transfer/flagged_funds" in asked

words["transfer/flagged_recipient"].values := data.rules.transfer.flagged_recipient.values if "transfer/flagged_recipient" in asked

words["transfer/flagged_recipient"].message := data.rules.transfer.flagged_recipient.message if "transfer/flagged_recipient" in asked

words["transfer/key"].values := data.rules.transfer.key.values if "transfer/key" in asked

words["transfer/key"].message := data.rules.transfer.key.message if "transfer/key" in asked

words["transfer/new_destination"].values := data.rules.transfer.new_destination.values if "transfer/new_destination" in asked

words["transfer/new_destination"].message := data.rules.transfer.new_destination.message if "transfer/new_destination" in asked

words["transfer/no_admin"].values := data.rules.transfer.no_admin.values if "transfer/no_admin" in asked

words["transfer/no_admin"].message := data.rules.transfer.no_admin.message if "transfer/no_admin" in asked

words["transfer/no_authorization_list"].values := data.rules.transfer.no_authorization_list.values if "transfer/no_authorization_list" in asked

words["transfer/no_authorization_list"].message := data.rules.transfer.no_authorization_list.message if "transfer/no_authorization_list" in asked

words["transfer/no_calldata_on_transfer"].values := data.rules.transfer.no_calldata_on_transfer.values if "transfer/no_calldata_on_transfer" in asked

words["transfer/no_calldata_on_transfer"].message := data.rules.transfer.no_calldata_on_transfer.message if "transfer/no_calldata_on_transfer" in asked

words["transfer/no_delegatecall"].values := data.rules.transfer.no_delegatecall.values if "transfer/no_delegatecall" in asked

words["transfer/no_delegatecall"].message := data.rules.transfer.no_delegatecall.message if "transfer/no_delegatecall" in asked

words["transfer/no_deploy"].values := data.rules.transfer.no_deploy.values if "transfer/no_deploy" in asked

words["transfer/no_deploy"].message := data.rules.transfer.no_deploy.message if "transfer/no_deploy" in asked

words["transfer/no_unknown_effects"].values := data.rules.transfer.no_unknown_effects.values if "transfer/no_unknown_effects" in asked

words["transfer/no_unknown_effects"].message := data.rules.transfer.no_unknown_effects.message if "transfer/no_unknown_effects" in asked

words["transfer/own_funds"].values := data.rules.transfer.own_funds.values if "transfer/own_funds" in asked

words["transfer/own_funds"].message := data.rules.transfer.own_funds.message if "transfer/own_funds" in asked

words["transfer/payment_count"].values := data.rules.transfer.payment_count.values if "transfer/payment_count" in asked

words["transfer/payment_count"].message := data.rules.transfer.payment_count.message if "transfer/payment_count" in asked

words["transfer/repeated_payment"].values := data.rules.transfer.repeated_payment.values if "transfer/repeated_payment" in asked

words["transfer/repeated_payment"].message := data.rules.transfer.repeated_payment.message if "transfer/repeated_payment" in asked

words["transfer/replacement"].values := data.rules.transfer.replacement.values if "transfer/replacement" in asked

words["transfer/replacement"].message := data.rules.transfer.replacement.message if "transfer/replacement" in asked

words["transfer/sanctions"].values := data.rules.transfer.sanctions.values if "transfer/sanctions" in asked

words["transfer/sanctions"].message := data.rules.transfer.sanctions.message if "transfer/sanctions" in asked

words["transfer/spender_allowlist"].values := data.rules.transfer.spender_allowlist.values if "transfer/spender_allowlist" in asked

words["transfer/spender_allowlist"].message := data.rules.transfer.spender_allowlist.message if "transfer/spender_allowlist" in asked

words["transfer/token_known"].values := data.rules.transfer.token_known.values if "transfer/token_known" in asked

words["transfer/token_known"].message := data.rules.transfer.token_known.message if "transfer/token_known" in asked

words["transfer/token_limit"].values := data.rules.transfer.token_limit.values if "transfer/token_limit" in asked

words["transfer/token_limit"].message := data.rules.transfer.token_limit.message if "transfer/token_limit" in asked

words["transfer/transaction_type"].values := data.rules.transfer.transaction_type.values if "transfer/transaction_type" in asked

words["transfer/transaction_type"].message := data.rules.transfer.transaction_type.message if "transfer/transaction_type" in asked

words["withdrawal/destination_allowlist"].values := data.rules.withdrawal.destination_allowlist.values if "withdrawal/destination_allowlist" in asked

words["withdrawal/destination_allowlist"].message := data.rules.withdrawal.destination_allowlist.message if "withdrawal/destination_allowlist" in asked

words["withdrawal/fee_cap"].values := data.rules.withdrawal.fee_cap.values if "withdrawal/fee_cap" in asked

words["withdrawal/fee_cap"].message := data.rules.withdrawal.fee_cap.message if "withdrawal/fee_cap" in asked

words["withdrawal/made_inside"].values := data.rules.withdrawal.made_inside.values if "withdrawal/made_inside" in asked

words["withdrawal/made_inside"].message := data.rules.withdrawal.made_inside.message if "withdrawal/made_inside" in asked

words["withdrawal/sanctions"].values := data.rules.withdrawal.sanctions.values if "withdrawal/sanctions" in asked

words["withdrawal/sanctions"].message := data.rules.withdrawal.sanctions.message if "withdrawal/sanctions" in asked

words["withdrawal/succeeded"].values := data.rules.withdrawal.succeeded.values if "withdrawal/succeeded" in asked

words["withdrawal/succeeded"].message := data.rules.withdrawal.succeeded.message if "withdrawal/succeeded" in asked

asked := object.get(input, "explain", [])

# METADATA
# entrypoint: true
# description: What the rules ask of history. Asked once, when the release goes live; reads no input.
facts := {
	"transfer": {"confirmation_limits": data.rules.transfer.confirmation_limits.facts, "daily_limit": data.rules.transfer.daily_limit.facts, "flagged_funds": data.rules.transfer.flagged_funds.facts, "flagged_recipient": data.rules.transfer.flagged_recipient.facts, "new_destination": data.rules.transfer.new_destination.facts, "payment_count": data.rules.transfer.payment_count.facts, "repeated_payment": data.rules.transfer.repeated_payment.facts, "replacement": data.rules.transfer.replacement.facts, "token_limit": data.rules.transfer.token_limit.facts},
	"message": {"daily_limit": data.rules.message.daily_limit.facts, "flagged_funds": data.rules.message.flagged_funds.facts, "flagged_recipient": data.rules.message.flagged_recipient.facts, "token_limit": data.rules.message.token_limit.facts},
	"deposit": {"structuring": data.rules.deposit.structuring.facts, "usual": data.rules.deposit.usual.facts},
}
