import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policySource, removePolicySources, ruleText } from "../../../test/support/policy-source.ts";
import { analyseSource } from "./build.ts";

interface Case {
  readonly rego: string;
  readonly custom?: readonly string[];
  /** Reads of its one code; or what the problem says. */
  readonly reads?: readonly string[];
  readonly refused?: RegExp;
  readonly data?: readonly string[];
}

const DATA = {
  allow: { ETH: { "0xaa": { label: "a" } } },
  blocked: { "0xdd": { why: "x" } },
  list: ["0xaa"],
  tiers: [{ from: "0", n: 1 }],
  caps: { ETH: "5" },
  hours: [true, false],
  wrapped: { list: ["0xaa"] },
  lists: { ETH: ["0xaa"] },
};

const LIB = `package lib.doc

import data.lib.amount

risky if input.transaction.internal

chain_of(document) := document.transaction.chain

paid(destination) := amount.int(destination.amount.units)
`;

const DESTINATIONS = "input.transaction.destinations";
const OPTIONAL_CONTRACT = ["requires: {X_X: deny}", "optional: [transaction.contract]"];

/** A rule that asks for the flags of the sources, and reads two members of each. */
function flagsOf(name: string): string {
  return [
    'facts["flags"] := {"kind": "flags", "by": ["transaction.sources[].address"]}\n',
    'require["X_X"] if {',
    `\tevery answer in input.facts.${name}.flags {`,
    "\t\tevery flag in answer.open {",
    '\t\t\tflag.severity in {"low", flag.amount.usd_micros}',
    "\t\t}\n\t}\n}",
  ].join("\n");
}

/** The table "What `opa deps` reports" of the rule contract, row by row, and what the follower makes of it. */
const CASES: Readonly<Record<string, Case>> = {
  // Row 1: full paths.
  direct: { rego: `require["X_X"] if input.transaction.chain == "ETH"`, reads: ["transaction.chain"] },
  argument_to_lib: {
    rego: `import data.lib.amount\n\nrequire["X_X"] if amount.int(input.transaction.total_usd_micros) < 5`,
    reads: ["transaction.total_usd_micros"],
  },
  function_of_lib_imported: {
    rego: `import data.lib.amount.int as whole\n\nrequire["X_X"] if whole(input.transaction.total_usd_micros) < 5`,
    reads: ["transaction.total_usd_micros"],
  },
  lib_called_in_full: {
    rego: `require["X_X"] if data.lib.amount.int(input.transaction.total_usd_micros) < 5`,
    reads: ["transaction.total_usd_micros"],
  },
  lib_reads_input: {
    rego: `import data.lib.doc\n\nrequire["X_X"] if not doc.risky`,
    reads: ["transaction.internal"],
  },
  import_alias: {
    rego: `import input.transaction as tx\n\nrequire["X_X"] if tx.chain == "ETH"`,
    reads: ["transaction.chain"],
  },
  import_alias_of_a_value: {
    rego: `import input.transaction.chain as chain\n\nrequire["X_X"] if chain == "ETH"`,
    reads: ["transaction.chain"],
  },
  alias_in_a_body: {
    rego: `require["X_X"] if {\n\ttx := input.transaction\n\ttx.chain == "ETH"\n}`,
    reads: ["transaction.chain"],
  },
  alias_after_its_use: {
    rego: `require["X_X"] if {\n\ttx.chain == "ETH"\n\ttx = input.transaction\n}`,
    reads: ["transaction.chain"],
  },
  // Row 2: elements.
  every: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tdata.allow.ETH[d.address]\n\t}\n}`,
    reads: ["transaction.destinations.*.address"],
    data: ["allow", "allow.ETH", "allow.ETH.*"],
  },
  some: {
    rego: `require["X_X"] if {\n\tsome d in ${DESTINATIONS}\n\td.memo == "x"\n}`,
    reads: ["transaction.destinations.*.memo"],
  },
  some_with_key: {
    rego: `require["X_X"] if {\n\tsome token, total in input.transaction.totals\n\ttotal.units == data.caps[token]\n}`,
    reads: ["transaction.totals.*.units"],
    data: ["caps", "caps.*"],
  },
  comprehension: {
    rego: `require["X_X"] if count([a | some d in ${DESTINATIONS}; a := d.address]) == 1`,
    reads: ["transaction.destinations.*.address"],
  },
  object_comprehension: {
    rego: `require["X_X"] if {\n\tby := {d.address: d | some d in ${DESTINATIONS}}\n\tby[_].memo == "x"\n}`,
    reads: ["transaction.destinations.*.address", "transaction.destinations.*.memo"],
  },
  wildcard: {
    rego: `require["X_X"] if ${DESTINATIONS}[_].memo == "x"`,
    reads: ["transaction.destinations.*.memo"],
  },
  variable_index: {
    rego: `require["X_X"] if {\n\tsome i\n\t${DESTINATIONS}[i].address == data.list[i]\n}`,
    reads: ["transaction.destinations.*.address"],
    data: ["list", "list.*"],
  },
  partial_set: {
    rego: `bad contains d.address if some d in ${DESTINATIONS}\n\nrequire["X_X"] if count(bad) == 0`,
    reads: ["transaction.destinations.*.address"],
  },
  partial_set_of_elements: {
    rego: `bad contains d if {\n\tsome d in ${DESTINATIONS}\n\tnot data.blocked[d.address]\n}\n\nrequire["X_X"] if count(bad) == 0`,
    reads: ["transaction.destinations.*.address"],
  },
  partial_object: {
    rego: `by[d.address] := d if some d in ${DESTINATIONS}\n\nrequire["X_X"] if by["0xaa"].memo == "x"`,
    reads: ["transaction.destinations.*.address", "transaction.destinations.*.memo"],
  },
  pattern: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\t[a, m] := [d.address, d.memo]\n\t\ta == m\n\t}\n}`,
    reads: ["transaction.destinations.*.address", "transaction.destinations.*.memo"],
  },
  pairs: {
    rego: `require["X_X"] if {\n\tpairs := [[d, e] | some i, d in ${DESTINATIONS}; e := input.evidence.effects[i]]\n\tevery pair in pairs {\n\t\t[d, e] := pair\n\t\td.address == e.to\n\t}\n}`,
    reads: ["evidence.effects.*.to", "transaction.destinations.*.address"],
  },
  places_of_pairs: {
    rego: `require["X_X"] if {\n\tevery pair in [[d.memo, d] | some d in ${DESTINATIONS}] {\n\t\tdata.allow.ETH[pair[1].address].label == pair[0]\n\t}\n}`,
    reads: ["transaction.destinations.*.address", "transaction.destinations.*.memo"],
  },
  place_by_a_loop: {
    rego: `require["X_X"] if {\n\tevery part in [input.wallet, input.vault] {\n\t\tpart.name == "x"\n\t}\n\tsome i\n\t[input.project, input.organization][i].name == "x"\n}`,
    reads: ["organization.name", "project.name", "vault.name", "wallet.name"],
  },
  pattern_of_another_length: {
    rego: `require["X_X"] if {\n\txs := [input.wallet, input.vault]\n\tnot three(xs)\n}\n\nthree([a, _, _]) if a.name == "x"`,
    reads: ["vault", "wallet"],
  },
  objects_that_hold_others_twice: {
    rego: `x0 := input.transaction.chain\n\n${Array.from({ length: 40 }, (_, at) => `x${at + 1} := {"a": x${at}, "b": x${at}}`).join("\n\n")}\n\nrequire["X_X"] if x40.a.b != "z"`,
    reads: ["transaction.chain"],
  },
  helpers_without_end: {
    rego: `f0(x) := x\n\n${Array.from({ length: 120 }, (_, at) => `f${at + 1}(x) := f${at}(x)`).join("\n\n")}\n\nrequire["X_X"] if f120(input.channel) != "z"`,
    refused:
      /cannot follow rules\.transfer\.helpers_without_end\.f\d+: more than 100 helpers call one another/,
  },
  count_only: {
    rego: `require["X_X"] if count(${DESTINATIONS}) == 1`,
    reads: ["transaction.destinations"],
  },
  nested: {
    rego: `require["X_X"] if {\n\tevery e in input.evidence.effects {\n\t\tsome d in ${DESTINATIONS}\n\t\td.address == e.to\n\t}\n}`,
    reads: ["evidence.effects.*.to", "transaction.destinations.*.address"],
  },
  concatenated: {
    rego: `require["X_X"] if {\n\tevery x in array.concat(${DESTINATIONS}, input.transaction.sources) {\n\t\tx.address == "0xaa"\n\t}\n}`,
    reads: ["transaction.destinations.*.address", "transaction.sources.*.address"],
  },
  // Row 3: a constant index is one element, so each must have it.
  constant_index: {
    rego: `require["X_X"] if ${DESTINATIONS}[0].address == "0xaa"`,
    reads: ["transaction.destinations.*.address"],
  },
  // Row 4: an element as argument.
  element_as_argument: {
    rego: `ok(d) if d.memo == "x"\n\nrequire["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tok(d)\n\t}\n}`,
    reads: ["transaction.destinations.*.memo"],
  },
  element_as_argument_of_lib: {
    rego: `import data.lib.doc\n\nrequire["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tdoc.paid(d) < 5\n\t}\n}`,
    reads: ["transaction.destinations.*.amount.units"],
  },
  result_argument: {
    rego: `paid(d) := d.amount\n\nrequire["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tpaid(d, p)\n\t\tp.units == "1"\n\t}\n}`,
    reads: ["transaction.destinations.*.amount.units"],
  },
  // Row 5: lists.
  alias_rule: {
    rego: `lists := input.lists\n\nrequire["X_X"] if not lists.sanctions[input.initiator.id]`,
    reads: ["initiator.id", "lists.sanctions.*"],
  },
  lists_as_argument: {
    rego: `hit(lists, a) if lists.sanctions[a]\n\nrequire["X_X"] if not hit(input.lists, input.initiator.id)`,
    reads: ["initiator.id", "lists.sanctions.*"],
  },
  list_name_as_argument: {
    rego: `hit(list, a) if input.lists[list][a]\n\nrequire["X_X"] if not hit("sanctions", input.initiator.id)`,
    reads: ["initiator.id", "lists.sanctions.*"],
  },
  list_names_in_a_loop: {
    rego: `require["X_X"] if {\n\tevery list in ["sanctions", "scam"] {\n\t\tnot input.lists[list][input.initiator.id]\n\t}\n}`,
    reads: ["initiator.id", "lists.sanctions.*", "lists.scam.*"],
  },
  whole_list: { rego: `require["X_X"] if count(input.lists.sanctions) == 0`, reads: ["lists.sanctions"] },
  any_list: {
    rego: `require["X_X"] if not input.lists[_][input.initiator.id]`,
    refused: /variable step into input\.lists/,
  },
  all_lists: { rego: `require["X_X"] if input.lists == {}`, refused: /name the member/ },
  // Row 6: the document itself.
  object_get_by_path: {
    rego: `require["X_X"] if object.get(input, ["transaction", "fee", "usd_micros"], "0") == "0"`,
    reads: ["transaction.fee.usd_micros"],
  },
  document_as_argument: {
    rego: `import data.lib.doc\n\nrequire["X_X"] if doc.chain_of(input) == "ETH"`,
    reads: ["transaction.chain"],
  },
  section_by_constant: {
    rego: `require["X_X"] if {\n\tevery s in ["transaction", "wallet"] {\n\t\tnot data.blocked[input[s].id]\n\t}\n}`,
    reads: ["transaction.id", "wallet.id"],
  },
  section_by_variable: {
    rego: `require["X_X"] if {\n\tsome s\n\tinput[s].id == "x"\n}`,
    refused: /variable step into input/,
  },
  section_by_input: {
    rego: `require["X_X"] if input[input.channel].id == "x"`,
    refused: /variable step into input/,
  },
  // Row 7: objects.
  object_get: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tobject.get(d, "memo", "") == ""\n\t}\n}`,
    reads: ["transaction.destinations.*.memo"],
  },
  object_get_of_an_object: {
    rego: `require["X_X"] if {\n\tfee := object.get(input.transaction, "fee", {})\n\tnot fee.units == "1"\n}`,
    reads: ["transaction.fee.units"],
  },
  object_get_by_variable: {
    rego: `require["X_X"] if object.get(input.transaction, input.channel, "") == ""`,
    refused: /name the member/,
  },
  object_get_of_data_by_variable: {
    rego: `require["X_X"] if object.get(data.caps, input.transaction.token, "0") == "5"`,
    reads: ["transaction.token"],
    data: ["caps"],
  },
  object_get_by_variable_path: {
    rego: `require["X_X"] if object.get(input, ["transaction", input.channel], "") == ""`,
    refused: /variable step into input\.transaction: name the member/,
  },
  walk: {
    rego: `require["X_X"] if {\n\twalk(input.transaction, [_, v])\n\tv == 1\n}`,
    refused: /name the member/,
  },
  object_get_by_path_in_a_rule: {
    rego: `path := ["transaction", "fee", "usd_micros"]\n\nrequire["X_X"] if object.get(input, path, "0") == "0"`,
    reads: ["transaction.fee.usd_micros"],
  },
  object_get_by_path_made_elsewhere: {
    rego: `path := [k | some k in ["transaction", "chain"]]\n\nrequire["X_X"] if object.get(input, path, "0") == "0"`,
    refused: /path that is made elsewhere: write it out/,
  },
  object_get_of_data_by_path: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tobject.get(data.allow, [input.transaction.chain, d.address, "label"], "") == "a"\n\t}\n}`,
    reads: ["transaction.chain", "transaction.destinations.*.address"],
    data: ["allow"],
  },
  object_get_of_data_by_path_of_another_shape: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tpath := [input.transaction.chain, d.address]\n\t\tnot object.get(data.lists, path, false)\n\t}\n}`,
    refused: /data\.lists\.ETH is an array, but the rule looks a key up in it/,
  },
  union_of_data: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot object.union(data.lists, data.allow)[input.transaction.chain][d.address]\n\t}\n}`,
    refused: /data\.lists\.ETH is an array, but the rule looks a key up in it/,
  },
  union_of_a_list: {
    rego: `require["X_X"] if not object.union_n([data.list, data.blocked])[input.initiator.id]`,
    refused: /data\.list is an array, but the rule looks a key up in it/,
  },
  entry_of_a_list_by_copy: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot json.filter(input.lists.labels, [d.address])[d.address].kind == "bad"\n\t\tentry := object.union(input.lists.scam[d.address], {})\n\t\tnot entry.since == "bad"\n\t}\n}`,
    reads: ["lists.labels.*.kind", "lists.scam.*.since", "transaction.destinations.*.address"],
  },
  object_union: {
    rego: `require["X_X"] if object.union({}, input.transaction).chain == "ETH"`,
    refused: /name the member/,
  },
  json_filter: {
    rego: `require["X_X"] if json.filter(input.transaction, ["chain"]) == {}`,
    refused: /name the member/,
  },
  marshalled: {
    rego: `require["X_X"] if contains(json.marshal(input.transaction), "x")`,
    refused: /name the member/,
  },
  compared_whole: { rego: `require["X_X"] if input.transaction != {}`, refused: /name the member/ },
  elements_compared_whole: {
    rego: `require["X_X"] if {d | some d in ${DESTINATIONS}} - {x | some x in data.tiers} == set()`,
    refused: /name the member/,
  },
  elements_in_a_list: {
    rego: `require["X_X"] if not {"address": "0xdd"} in ${DESTINATIONS}`,
    refused: /name the member/,
  },
  loop_over_members: {
    rego: `require["X_X"] if {\n\tevery m in input.transaction {\n\t\tm != ""\n\t}\n}`,
    refused: /name the member/,
  },
  keys_of_an_object: {
    rego: `require["X_X"] if object.keys(input.transaction) == set()`,
    refused: /name the member/,
  },
  keys_of_a_table: {
    rego: `require["X_X"] if object.keys(input.transaction.totals) == {"ETH"}`,
    reads: ["transaction.totals"],
  },
  truth_of_an_object: {
    rego: `require["X_X"] if not input.transaction.contract`,
    refused: /name the member/,
  },
  truth_of_an_optional_object: {
    rego: `require["X_X"] if not input.transaction.contract`,
    custom: OPTIONAL_CONTRACT,
    reads: ["transaction.contract"],
  },
  optional_object_compared: {
    rego: `require["X_X"] if input.transaction.contract == {}`,
    custom: OPTIONAL_CONTRACT,
    refused: /name the member/,
  },
  object_pattern: {
    rego: `require["X_X"] if {\n\t{"chain": c} = input.transaction\n\tc == "ETH"\n}`,
    refused: /object pattern/,
  },
  member_by_constant: {
    rego: `require["X_X"] if {\n\tevery f in ["token", "chain"] {\n\t\tinput.transaction[f] == "ETH"\n\t}\n}`,
    reads: ["transaction.chain", "transaction.token"],
  },
  member_by_variable: {
    rego: `require["X_X"] if {\n\tsome f\n\tinput.transaction[f] == "ETH"\n}`,
    refused: /name the member/,
  },
  template: {
    rego: `require["X_X"] if $"{input.transaction.chain}:{input.transaction.token}" == "ETH:ETH"`,
    reads: ["transaction.chain", "transaction.token"],
  },
  // Row 9: what makes true of the unseen still reads.
  default_value: {
    rego: `default fee := 0\n\nfee := to_number(input.transaction.fee.units)\n\nrequire["X_X"] if fee <= 5`,
    reads: ["transaction.fee.units"],
  },
  else_value: {
    rego: `cap := 1 if {\n\tinput.initiator.type == "API"\n} else := 2 if {\n\tinput.initiator.id == "x"\n} else := 3\n\nrequire["X_X"] if cap < 5`,
    reads: ["initiator.id", "initiator.type"],
  },
  negation: {
    rego: `require["X_X"] if not input.evidence.status == "mismatch"`,
    reads: ["evidence.status"],
  },
  double_negation: {
    rego: `stranger if not data.blocked[input.initiator.id]\n\nrequire["X_X"] if not stranger`,
    reads: ["initiator.id"],
    data: ["blocked", "blocked.*"],
  },
  lookup_in_a_literal: {
    rego: `require["X_X"] if {"API": 1, "Web": 2}[input.initiator.type] == 1`,
    reads: ["initiator.type"],
  },
  parsed_json: {
    rego: `require["X_X"] if json.unmarshal(input.transaction.message).spender == "0xok"`,
    reads: ["transaction.message"],
  },
  split_text: {
    rego: `require["X_X"] if {\n\tevery part in split(input.initiator.id, "@") {\n\t\tpart != ""\n\t}\n}`,
    reads: ["initiator.id"],
  },
  raw_is_free: {
    rego: `require["X_X"] if input.raw.request_detail.extra[0].x == 1`,
    reads: ["raw.request_detail.extra.*.x"],
  },
  original_looked_at_whole: {
    rego: `require["X_X"] if {\n\tdetail := input.raw.request_detail\n\tdetail.memo == "x"\n\tnot contains(json.marshal(detail), "bad")\n}`,
    reads: ["raw.request_detail", "raw.request_detail.memo"],
  },
  original_by_a_made_key: {
    rego: `require["X_X"] if not input.raw.extra[concat("", ["me", "mo"])] == "bad"`,
    refused: /variable step into input\.raw\.extra, which has no schema/,
  },
  original_by_a_key_from_data: {
    rego: `require["X_X"] if {\n\tevery k in data.list {\n\t\tnot input.raw.extra[k] == "bad"\n\t}\n}`,
    refused: /variable step into input\.raw\.extra, which has no schema/,
  },
  original_by_a_path_in_a_variable: {
    rego: `path := ["memo"]\n\nrequire["X_X"] if object.get(input.raw.extra, path, "ok") != "bad"`,
    reads: ["raw.extra.memo"],
  },
  original_by_loops_and_numbers: {
    rego: `require["X_X"] if {\n\tsome i\n\tinput.raw.extra[i].x == 1\n\tevery k, v in input.raw.more {\n\t\tinput.raw.more[k] == v\n\t}\n\tinput.raw.list[i + 1] == "x"\n}`,
    reads: ["raw.extra.*.x", "raw.list.*", "raw.more.*"],
  },
  original_by_one_key_of_a_loop: {
    rego: `require["X_X"] if count([v | some "memo", v in input.raw.extra; v == "bad"]) == 0`,
    reads: ["raw.extra.memo"],
  },
  entry_of_a_list_by_a_made_key: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot input.lists.labels[d.address][lower("Kind")] == "bad"\n\t}\n}`,
    refused: /variable step into input\.lists\.labels\.\*, which has no schema/,
  },
  entry_of_a_list_by_name: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot input.lists.labels[d.address].kind == "bad"\n\t}\n}`,
    reads: ["lists.labels.*.kind", "transaction.destinations.*.address"],
  },
  variable_with_the_name_of_an_import_of_rego: {
    rego: `import rego.v1\n\nrequire["X_X"] if ${DESTINATIONS}[v1].memo == "x"`,
    reads: ["transaction.destinations.*.memo"],
  },
  unused_codes_do_not_count: {
    rego: `require["X_X"] if input.channel == "tss.v2"\n\nvalues := {"all": input.transaction}`,
    reads: ["channel"],
  },
  // Data.
  data_loop: {
    rego: `require["X_X"] if {\n\tsome t in data.tiers\n\tt.n == input.key.threshold\n}`,
    reads: ["key.threshold"],
    data: ["tiers", "tiers.*", "tiers.*.n"],
  },
  data_default: {
    rego: `require["X_X"] if {\n\tsome t in data.tiers\n\tobject.get(t, "extra", 1) == input.key.threshold\n}`,
    reads: ["key.threshold"],
    data: ["tiers", "tiers.*"],
  },
  data_that_is_not_there: {
    rego: `require["X_X"] if not data.nowhere[input.channel]`,
    refused: /data\.nowhere is not in the data/,
  },
  // A deny-list of another type denies nothing.
  key_in_a_list: {
    rego: `require["X_X"] if not data.list[input.initiator.id]`,
    refused: /data\.list is an array, but the rule looks a key up in it/,
  },
  made_key_in_a_list: {
    rego: `require["X_X"] if not data.list[lower(input.initiator.id)]`,
    refused: /data\.list is an array, but the rule looks a key up in it/,
  },
  key_in_a_list_by_argument: {
    rego: `hit(table, key) if table[key]\n\nrequire["X_X"] if not hit(data.list, input.initiator.id)`,
    refused: /data\.list is an array, but the rule looks a key up in it/,
  },
  key_in_a_list_that_may_lack: {
    rego: `require["X_X"] if not object.get(data.wrapped, "list", {})[input.initiator.id]`,
    refused: /data\.wrapped\.list is an array, but the rule looks a key up in it/,
  },
  member_of_a_list: {
    rego: `require["X_X"] if not data.tiers.ETH == input.channel`,
    refused: /data\.tiers is an array, but the rule looks a key up in it/,
  },
  key_in_a_text: {
    rego: `require["X_X"] if not data.caps.ETH[input.initiator.id]`,
    refused: /data\.caps\.ETH is a string, but the rule looks a key up in it/,
  },
  key_in_entries_that_are_texts: {
    rego: `require["X_X"] if not data.caps[input.transaction.chain][input.initiator.id]`,
    refused: /data\.caps\.ETH is a string, but the rule looks a key up in it/,
  },
  number_in_a_table: {
    rego: `require["X_X"] if not data.caps[input.key.threshold] == "5"`,
    refused: /data\.caps is an object, but the rule takes an element by its number/,
  },
  loop_over_a_text: {
    rego: `require["X_X"] if count([1 | some c in data.caps.ETH; c == input.channel]) == 0`,
    refused: /data\.caps\.ETH is a string, but the rule looks for what lies in it/,
  },
  text_among_the_values_of_a_table: {
    rego: `require["X_X"] if not input.initiator.id in data.blocked`,
    refused: /data\.blocked\.0xdd is an object, but the rule compares it with a text/,
  },
  text_against_a_list: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\td.address != data.list\n\t}\n}`,
    refused: /data\.list is an array, but the rule compares it with a text/,
  },
  text_not_equal_to_a_list: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot d.address == data.list\n\t}\n}`,
    refused: /data\.list is an array, but the rule compares it with a text/,
  },
  text_unified_with_a_list: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot d.address = data.list\n\t}\n}`,
    refused: /data\.list is an array, but the rule compares it with a text/,
  },
  text_against_entries_of_a_table: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tevery b in data.blocked {\n\t\t\td.address != b\n\t\t}\n\t}\n}`,
    refused: /data\.blocked\.0xdd is an object, but the rule compares it with a text/,
  },
  text_in_a_set_of_entries: {
    rego: `bad := {b | some b in data.blocked}\n\nrequire["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot bad[d.address]\n\t}\n}`,
    refused: /data\.blocked\.0xdd is an object, but the rule compares it with a text/,
  },
  text_under_keys_that_are_entries: {
    rego: `bad := {b: true | some b in data.blocked}\n\nrequire["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot bad[d.address]\n\t}\n}`,
    refused: /data\.blocked\.0xdd is an object, but the rule compares it with a text/,
  },
  texts_and_a_set_of_entries: {
    rego: `bad := {b | some b in data.blocked}\n\nrequire["X_X"] if count({d.address | some d in ${DESTINATIONS}} & bad) == 0`,
    refused: /data\.blocked\.0xdd is an object, but the rule compares it with a text/,
  },
  text_of_a_built_in: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tnot startswith(d.address, data.list)\n\t}\n}`,
    refused: /data\.list is an array, but the rule hands it to a built-in that takes a text/,
  },
  text_of_a_built_in_in_a_loop: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tevery b in data.blocked {\n\t\t\tnot startswith(d.address, b)\n\t\t}\n\t}\n}`,
    refused: /data\.blocked\.0xdd is an object, but the rule hands it to a built-in that takes a text/,
  },
  array_of_a_built_in: {
    rego: `require["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tcount([x | some x in array.concat(data.list, data.blocked); x == d.address]) == 0\n\t}\n}`,
    refused: /data\.blocked is an object, but the rule hands it to a built-in that takes an array/,
  },
  number_against_a_text: {
    rego: `require["X_X"] if input.now.hour < data.caps.ETH`,
    refused: /data\.caps\.ETH is a string, but the rule compares it with a number/,
  },
  amount_against_a_text: {
    rego: `import data.lib.amount\n\nrequire["X_X"] if amount.int(input.transaction.total_usd_micros) <= data.caps.ETH`,
    refused:
      /data\.caps\.ETH is a string, but the rule compares it with a number: write numbers, or give both to amount\.int/,
  },
  number_against_texts: {
    rego: `require["X_X"] if not input.now.hour in data.list`,
    refused: /data\.list\.0 is a string, but the rule compares it with a number/,
  },
  truth_against_a_text: {
    rego: `require["X_X"] if input.transaction.internal != data.caps.ETH`,
    refused: /data\.caps\.ETH is a string, but the rule compares it with true or false/,
  },
  function_that_asks_for_the_type: {
    rego: `spelled(x) := x if is_string(x)\n\nspelled(x) := format_int(x, 10) if is_number(x)\n\nspelled(x) := "none" if x == "none"\n\nrequire["X_X"] if {\n\tspelled(data.caps.ETH) == input.channel\n\tevery tier in data.tiers {\n\t\tspelled(tier.n) != input.channel\n\t}\n}`,
    reads: ["channel"],
  },
  data_of_the_right_types: {
    rego: `import data.lib.amount\n\nrequire["X_X"] if {\n\tamount.int(input.transaction.total_usd_micros) <= amount.int(data.caps.ETH)\n\tinput.now.hour < data.tiers[0].n\n\tdata.hours[0] == input.transaction.internal\n\tstartswith(input.initiator.id, data.list[_])\n\tcount({input.initiator.id} & {x | some x in data.list}) == data.tiers[0].n\n}`,
    reads: ["initiator.id", "now.hour", "transaction.internal", "transaction.total_usd_micros"],
  },
  text_in_a_list: {
    rego: `require["X_X"] if not input.initiator.id in data.list`,
    reads: ["initiator.id"],
    data: ["list", "list.*"],
  },
  number_in_a_list: {
    rego: `require["X_X"] if data.hours[input.now.hour]`,
    reads: ["now.hour"],
    data: ["hours", "hours.*"],
  },
  neighbour_in_a_list: {
    rego: `require["X_X"] if {\n\tevery i, t in data.tiers {\n\t\tnot data.tiers[i - 1].n > t.n\n\t}\n\tinput.channel == "tss.v2"\n}`,
    reads: ["channel"],
    data: ["tiers", "tiers.*", "tiers.*.n"],
  },
  data_by_variable: {
    rego: `require["X_X"] if {\n\tsome table\n\tdata[table][input.channel]\n}`,
    refused: /no-cross-rule/,
  },
  // Facts.
  own_fact: {
    rego: `facts["spent"] := {"kind": "sum", "by": ["wallet.id"]}\n\nrequire["X_X"] if input.facts.own_fact.spent == "0"`,
    reads: ["facts.own_fact.spent"],
  },
  own_fact_by_value: {
    rego: `facts["spent"] := {"kind": "sum", "by": ["transaction.destinations[].address"]}\n\nrequire["X_X"] if {\n\tevery d in ${DESTINATIONS} {\n\t\tinput.facts.own_fact_by_value.spent[d.address] == "0"\n\t}\n}`,
    reads: ["facts.own_fact_by_value.spent.*", "transaction.destinations.*.address"],
  },
  flags: {
    rego: `facts["flags"] := {"kind": "flags", "by": []}\n\nrequire["X_X"] if {\n\tevery f in input.facts.flags.flags.open {\n\t\tf.severity == "low"\n\t}\n}`,
    reads: ["facts.flags.flags.open.*.severity"],
  },
  flags_as_a_whole: {
    rego: `facts["flags"] := {"kind": "flags", "by": []}\n\nrequire["X_X"] if not input.facts.flags_as_a_whole.flags == {}`,
    refused: /name the member/,
  },
  another_rules_fact: {
    rego: `require["X_X"] if input.facts.own_fact.spent == "0"`,
    refused: /no fact that this rule declares/,
  },
  undeclared_fact: {
    rego: `facts["spent"] := {"kind": "sum", "by": ["wallet.id"]}\n\nrequire["X_X"] if input.facts.undeclared_fact.paid == "0"`,
    refused: /no fact that this rule declares/,
  },
  fact_that_reads_input: {
    rego: `facts["spent"] := {"kind": "sum", "by": [], "window": input.now.zone}\n\nrequire["X_X"] if input.channel == "tss.v2"`,
    refused: /own-facts/,
  },
  // Metadata.
  optional_that_is_not_read: {
    rego: `require["X_X"] if input.channel == "tss.v2"`,
    custom: OPTIONAL_CONTRACT,
    refused: /`optional` lists transaction\.contract/,
  },
  optional_fact: {
    rego: `facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": []}\n\nrequire["X_X"] if input.facts.optional_fact.spent == "0"`,
    custom: ["requires: {X_X: deny}", "optional: [facts.optional_fact.spent]"],
    refused: /without it nothing is seen/,
  },
  optional_movement: {
    rego: `facts["movement"] := {"kind": "movement"}\n\nrequire["X_X"] if {\n\tevery m in input.facts.optional_movement.movement {\n\t\tm.asset == "ETH"\n\t}\n}`,
    custom: ["requires: {X_X: deny}", "optional: [facts.optional_movement.movement]"],
    reads: ["facts.optional_movement.movement.*.asset"],
  },
  optional_spent_of_a_transfer: {
    rego: `facts["spent"] := {"kind": "sum", "of": "units", "by": ["transaction.totals[].token"]}\n\nrequire["X_X"] if {\n\tevery s in input.facts.optional_spent_of_a_transfer.spent {\n\t\ts == "0"\n\t}\n}`,
    custom: ["requires: {X_X: deny}", "optional: [facts.optional_spent_of_a_transfer.spent]"],
    refused: /without it nothing is seen/,
  },
  optional_flags: {
    rego: flagsOf("optional_flags"),
    custom: ["requires: {X_X: deny}", "optional: [facts.optional_flags.flags]"],
    refused: /without it nothing is seen/,
  },
  optional_severity: {
    rego: flagsOf("optional_severity"),
    custom: ["requires: {X_X: deny}", "optional: [facts.optional_severity.flags.*.open.*.severity]"],
    refused: /without it nothing is seen/,
  },
  optional_worth: {
    rego: flagsOf("optional_worth"),
    custom: ["requires: {X_X: deny}", "optional: [facts.optional_worth.flags.*.open.*.amount]"],
    reads: [
      "facts.optional_worth.flags.*.open.*.amount.usd_micros",
      "facts.optional_worth.flags.*.open.*.severity",
    ],
  },
  optional_wallet: {
    rego: `require["X_X"] if input.wallet.id == input.initiator.id`,
    custom: ["requires: {X_X: deny}", "optional: [wallet, initiator]"],
    reads: ["initiator.id", "wallet.id"],
  },
  optional_vault: {
    rego: `require["X_X"] if input.vault.id == "v"`,
    custom: ["requires: {X_X: deny}", "optional: [vault]"],
    refused: /without it nothing is seen/,
  },
  optional_effects: {
    rego: `require["X_X"] if {\n\tevery e in input.evidence.effects {\n\t\te.type == "fee"\n\t}\n}`,
    custom: ["requires: {X_X: deny}", "optional: [evidence.effects]"],
    reads: ["evidence.effects.*.type"],
  },
  allow_empty_that_is_not_read: {
    rego: `require["X_X"] if input.channel == "tss.v2"`,
    custom: ["requires: {X_X: deny}", "allow_empty: [blocked]"],
    refused: /`allow_empty` lists blocked/,
  },
  misspelt: {
    rego: `require["X_X"] if input.transacton.chain == "ETH"`,
    refused: /has no member "transacton"/,
  },
};

let found: Awaited<ReturnType<typeof analyseSource>>;

beforeAll(async () => {
  const rules = Object.entries(CASES).map(([name, { rego, custom }]) => [
    `rules/transfer/${name}/rule.rego`,
    ruleText(rego, { name: `transfer/${name}`, ...(custom === undefined ? {} : { custom }) }),
  ]);
  const dir = await policySource({
    ...Object.fromEntries(rules),
    "lib/doc.rego": LIB,
    "data.json": JSON.stringify(DATA),
  });
  found = await analyseSource(dir);
});

afterAll(removePolicySources);

describe("followed reads", () => {
  for (const [name, { reads, refused, data }] of Object.entries(CASES)) {
    test(name.replaceAll("_", " "), () => {
      const file = `rules/transfer/${name}/rule.rego`;
      const problems = found.problems
        .filter((problem) => problem.file === file)
        .map(({ message }) => message);
      const rule = found.index.rules.find((each) => each.name === `transfer/${name}`);
      if (refused !== undefined) {
        expect(problems.join("\n")).toMatch(refused);
        return;
      }
      expect(problems).toEqual([]);
      expect(rule?.checks.map((check) => check.reads)).toEqual([reads]);
      if (data !== undefined) expect(rule?.data.map(({ path }) => path)).toEqual(data);
    });
  }

  test("the original is wanted where a rule reads it", () => {
    expect(found.index.reads_raw).toBe(true);
  });
});
