/**
 * Each check against the ways around it that a rule may be spelled in, and against what is right and looks like it. The
 * samples of docs/lint.md, one pair for each check, are in test/lint-docs.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policySource, removePolicySources, ruleText } from "../../../../test/support/policy-source.ts";
import { analyseSource } from "../build.ts";
import type { LintName } from "./checks.ts";

const DESTINATIONS = "input.transaction.destinations";
const EACH = `every d in ${DESTINATIONS}`;

const DATA = {
  allow: { "0xaa": { label: "a" } },
  blocked: { "0xdd": { why: "x" } },
  caps: { ETH: "5" },
  chains: "ETH,BSC",
  cidr: "10.0.0.0/8",
  least: 2,
  names: ["a"],
  pattern: "^a$",
  tiers: [{ from: "0", n: 1 }],
};

/** What rules of these tests share. */
const LIB = `package lib.doc

risky if input.transaction.internal

places := ${DESTINATIONS}

listed(d) if data.allow[d.address]

paid(d) := d.amount.usd_micros

status := input.evidence.status
`;

interface Spelled {
  readonly fires: Readonly<Record<string, string>>;
  readonly passes: Readonly<Record<string, string>>;
}

function require(body: string, ...before: readonly string[]): string {
  return [...before, `require["X_X"] if {\n\t${body}\n}`].join("\n\n");
}

const AMOUNT = "import data.lib.amount";
const DOC = "import data.lib.doc";
const TX = "import input.transaction as tx";

const CASES: Readonly<Partial<Record<LintName, Spelled>>> = {
  "every-not-some": {
    fires: {
      some: require(`some d in ${DESTINATIONS}\n\tdata.allow[d.address]`),
      "some with a key": require(`some _, total in input.transaction.totals\n\ttotal.units == "1"`),
      wildcard: require(`data.allow[${DESTINATIONS}[_].address]`),
      "a variable as a step": require(`some i\n\t${DESTINATIONS}[i].address == data.names[i]`),
      "an import": require("some d in tx.destinations\n\tdata.allow[d.address]", TX),
      "an alias": require(`ds := ${DESTINATIONS}\n\tsome d in ds\n\tdata.allow[d.address]`),
      "a rule of lib": require("some d in doc.places\n\tdoc.listed(d)", DOC),
      "a helper": require("ok", `ok if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`),
      "a helper of a helper": require("ok", "ok if fine", `fine if data.allow[${DESTINATIONS}[_].address]`),
      "a function": require(`any(${DESTINATIONS})`, "any(ds) if {\n\tsome d in ds\n\tdata.allow[d.address]\n}"),
      "a value": require('chosen == "0xaa"', `chosen := ${DESTINATIONS}[_].address`),
      "a value by some": require('chosen == "0xaa"', `chosen := d.address if some d in ${DESTINATIONS}`),
      "in, of what was collected": require(`"0xaa" in {d.address | some d in ${DESTINATIONS}}`),
      "a look-up in what was collected": require('all["0xaa"]', `all contains d.address if some d in ${DESTINATIONS}`),
      "some of what was collected": require("some a in all\n\tdata.allow[a]", `all contains d.address if some d in ${DESTINATIONS}`),
      "a set of true": require(`{true | some d in ${DESTINATIONS}; data.allow[d.address]} == {true}`),
      "a partial rule of true": require("ok[true]", `ok contains true if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`),
      "every of something else": require(
        `every x in [1] {\n\t\tsome d in ${DESTINATIONS}\n\t\tdata.allow[d.address]\n\t\tx == 1\n\t}`,
      ),
      "every of the same": require(
        `${EACH} {\n\t\tsome e in ${DESTINATIONS}\n\t\tdata.allow[e.address]\n\t\td.address\n\t}`,
      ),
      "a part of the element": require('every e in input.evidence.effects {\n\t\tsome a in e.arguments\n\t\ta.type == "address"\n\t}'),
      "every of a list that is written out": require(
        `every table in {"a", "b"} {\n\t\tsome d in ${DESTINATIONS}\n\t\tdata.allow[table][d.address]\n\t}`,
      ),
      "bound by a difference alone": require(
        `${EACH} {\n\t\tsome e in input.evidence.effects\n\t\te.to != d.address\n\t}`,
      ),
      "a rule that an every asks": require(`${EACH} {\n\t\td.address\n\t\tok\n\t}`, `ok if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`),
      approve: `approve["Y_Y"] if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`,
    },
    passes: {
      every: require(`${EACH} {\n\t\tdata.allow[d.address]\n\t}`),
      "what belongs to the element": require(
        `${EACH} {\n\t\tsome e in input.evidence.effects\n\t\te.to == d.address\n\t}`,
      ),
      "by a variable": require(
        `${EACH} {\n\t\taddress := d.address\n\t\tsome e in input.evidence.effects\n\t\tto := e.to\n\t\tto == address\n\t}`,
      ),
      "by a function": require(`${EACH} {\n\t\tpaid(d.address)\n\t}`, "paid(address) if {\n\tsome e in input.evidence.effects\n\te.to == address\n}"),
      "in what was collected": require(`${EACH} {\n\t\td.address in paid\n\t}`, "paid contains e.to if some e in input.evidence.effects"),
      "every that is wanted": require('every node in {"n1", "n2"} {\n\t\tnode in {p.node | some p in input.key.participants}\n\t}'),
      "what is collected": require('all == {"0xaa"}', `all contains d.address if some d in ${DESTINATIONS}`),
      "what is collected of parts": require('all == {"0xaa"}', "all contains a.value if {\n\tsome e in input.evidence.effects\n\tsome a in e.arguments\n}"),
      "some of the data": require("some name in data.names\n\tname == input.initiator.id"),
      "in a list that is written out": require('input.transaction.chain in {"ETH", "BSC"}'),
      "of the places of a loop": require("every i, e in input.evidence.effects {\n\t\tinput.transaction.destinations[i].address == e.to\n\t}"),
    },
  },
  "not-own-rule": {
    fires: {
      "a rule": require("not bad", "bad if input.transaction.internal"),
      "a function": require(`${EACH} {\n\t\tnot hit(d)\n\t}`, "hit(d) if data.blocked[d.address]"),
      "a rule of lib": require("not doc.risky", DOC),
      "its whole name": require("not data.lib.doc.risky"),
      "one's own whole name": require("not data.rules.transfer.own_whole.bad", "bad if input.transaction.internal"),
      "an import of one's own": require("not me.bad", "import data.rules.transfer.own_import as me", "bad if input.transaction.internal"),
      "a set": require(`not "0xaa" in bad`, "bad contains a if some a, _ in data.blocked"),
      "a look-up in a set": require(`not bad["0xaa"]`, "bad contains a if some a, _ in data.blocked"),
      "in a list": require("not [bad][0]", "bad if input.transaction.internal"),
      compared: require("not cap == 5", `cap := data.caps[input.transaction.chain]`),
      "a key": require("not data.blocked[key]", "key := data.caps[input.transaction.chain]"),
      "in every": require(`${EACH} {\n\t\tnot bad\n\t\td.address\n\t}`, "bad if input.transaction.internal"),
      "in a comprehension": require(`count([d | some d in ${DESTINATIONS}; not hit(d)]) == count(${DESTINATIONS})`, "hit(d) if data.blocked[d.address]"),
      twice: require("not good", "good if not bad", "bad if input.transaction.internal"),
      "a default": require("not bad", "default bad := false", "bad if input.transaction.internal"),
    },
    passes: {
      "a table": require(`${EACH} {\n\t\tnot data.blocked[d.address]\n\t}`),
      "a list": require(`${EACH} {\n\t\tnot input.lists.sanctions[d.address]\n\t}`),
      "a member": 'require["X_X"] if not input.transaction.contract',
      "an alias of a list": require(`${EACH} {\n\t\tnot sanctions[d.address]\n\t}`, "sanctions := input.lists.sanctions"),
      "a constant": require("not bad[input.transaction.chain]", 'bad := {"TRON"}'),
      "a call that is compared": require("not amount.int(input.transaction.total_usd_micros) > 5", AMOUNT),
      "a variable": require(`${EACH} {\n\t\ta := d.address\n\t\tnot data.blocked[a]\n\t}`),
      "a parameter": require(`${EACH} {\n\t\tclean(d.address)\n\t}`, "clean(a) if not data.blocked[a]"),
    },
  },
  "partial-under-not": {
    fires: {
      cidr: require("not net.cidr_contains(data.cidr, input.initiator.id)"),
      json: require('not json.unmarshal(input.transaction.message) == "x"'),
      "json by a variable": require("not json.unmarshal(text).spender", "text := input.transaction.message"),
      base64: require('not base64.decode(input.transaction.message) == "x"'),
      "a part of a call": require('not split(input.initiator.id, "@")[1] == "evil.example"'),
      "an entry that is compared": require("not input.transaction.total_usd_micros == data.caps[input.transaction.token]"),
      "an entry, the other way round": require("not data.caps[input.transaction.token] == input.transaction.total_usd_micros"),
    },
    passes: {
      allowed: require("net.cidr_contains(data.cidr, input.initiator.id)"),
      different: require("input.transaction.total_usd_micros != data.caps[input.transaction.token]"),
      "a literal": require('not input.initiator.id == "eve"'),
      text: require('not contains(input.transaction.description, "urgent")'),
    },
  },
  "index-constant": {
    fires: {
      first: require(`data.allow[${DESTINATIONS}[0].address]`),
      "an alias": require(`ds := ${DESTINATIONS}\n\tdata.allow[ds[0].address]`),
      "an import": require("data.allow[tx.destinations[0].address]", TX),
      "a rule of lib": require("data.allow[doc.places[0].address]", DOC),
      "a number by name": require(`data.allow[${DESTINATIONS}[first].address]`, "first := 0"),
      "a number in a variable": require(`i := 0\n\tdata.allow[${DESTINATIONS}[i].address]`),
      "the last": require(`data.allow[${DESTINATIONS}[count(${DESTINATIONS}) - 1].address]`),
      "a range": require(`every i in numbers.range(0, 0) {\n\t\tdata.allow[${DESTINATIONS}[i].address]\n\t}`),
      "a parameter": require(`ok(${DESTINATIONS}, 0)`, "ok(ds, i) if data.allow[ds[i].address]"),
      "object.get": require(`first := object.get(${DESTINATIONS}, 0, {})\n\tdata.allow[first.address]`),
      "object.get with a path": require('data.allow[object.get(input, ["transaction", "destinations", 0, "address"], "")]'),
      slice: require(`every d in array.slice(${DESTINATIONS}, 0, 1) {\n\t\tdata.allow[d.address]\n\t}`),
      "some with a number": require(`some 0, d in ${DESTINATIONS}\n\tdata.allow[d.address]`),
      collected: require(`data.allow[[d.address | some d in ${DESTINATIONS}][0]]`),
      sorted: require(`data.allow[sort([d.address | some d in ${DESTINATIONS}])[0]]`),
      "a pattern": require(`[first, _] = ${DESTINATIONS}\n\tdata.allow[first.address]`),
      "a pattern of an alias": require("[first, _] := ds\n\tdata.allow[first.address]", `ds := ${DESTINATIONS}`),
      "a pattern of what is collected": require(
        `[first, _] := [d | some d in ${DESTINATIONS}]\n\tdata.allow[first.address]`,
      ),
      "a pattern of a function": require(`ok(${DESTINATIONS})`, "ok([first, _]) if data.allow[first.address]"),
      "a pattern, handed on": require(`[first, _] = ${DESTINATIONS}\n\tok(first)`, "ok(d) if data.allow[d.address]"),
      "the place of a loop": require(
        `every d in [d | some i, d in ${DESTINATIONS}; i == 0] {\n\t\tdata.allow[d.address]\n\t}`,
      ),
      "the place of every": require(`every i, d in ${DESTINATIONS} {\n\t\tok(i, d)\n\t}`, "ok(i, _) if i > 0", "ok(0, d) if data.allow[d.address]"),
    },
    passes: {
      "of a pair": require(`${EACH} {\n\t\tpair := [d.address, d.memo]\n\t\tdata.allow[pair[0]]\n\t}`),
      "of a list that is written out": require('["ETH", "BSC"][0] == input.transaction.chain'),
      "of the data": require("data.names[0] == input.initiator.id"),
      "the only one": require(`[d] := ${DESTINATIONS}\n\tdata.allow[d.address]`),
      "a pattern of a pair": require(
        `${EACH} {\n\t\t[a, m] := [d.address, d.memo]\n\t\tdata.allow[a].label == m\n\t}`,
      ),
      "two places": require(`every i, d in ${DESTINATIONS} {\n\t\tevery j, e in ${DESTINATIONS} {\n\t\t\tsame(i, j, d, e)\n\t\t}\n\t}`, "same(i, j, d, e) if {\n\ti != j\n\td.address != e.address\n}", "same(i, i, _, _)"),
      "of a text": require('split(input.initiator.id, "@")[1] == "corp.example"'),
    },
  },
  "compare-amounts": {
    fires: {
      texts: require('input.transaction.total_usd_micros <= "5"'),
      "a variable": require("total := input.transaction.total_usd_micros\n\ttotal <= 5"),
      "a rule": require("total <= 5", "total := input.transaction.total_usd_micros"),
      "a parameter": require("within(input.transaction.total_usd_micros)", "within(x) if x <= 5"),
      "what a function gives back": require(`${EACH} {\n\t\tdoc.paid(d) <= 5\n\t}`, DOC),
      "data, though a number now": require("count(input.transaction.destinations) >= data.least"),
      "data by a variable": require("some t in data.tiers\n\tn := t.n\n\tcount(input.transaction.destinations) >= n"),
      "object.get": require('object.get(data.caps, input.transaction.token, "") < 5'),
      "a list": require("[1, input.transaction.nonce] < [1, 5]"),
      "made of a text": require('trim(input.transaction.nonce, "0") < "5"'),
      max: require("max([input.transaction.total_usd_micros, data.caps.ETH]) == data.caps.ETH"),
      "min of a set": require('min({d.address | some d in input.transaction.destinations}) == "0xaa"'),
      under_not: require("not input.transaction.total_usd_micros > data.caps.ETH"),
      dates: require('input.now.date >= "2026-01-01"'),
    },
    passes: {
      amounts: require("amount.int(input.transaction.total_usd_micros) <= amount.int(data.caps.ETH)", AMOUNT),
      "numbers of the document": require("input.now.hour >= 8\n\tinput.now.hour < 18"),
      "what is counted": require(`count(${DESTINATIONS}) <= 3`),
      sums: require("amount.int(input.transaction.total_usd_micros) + 1 <= cap", AMOUNT, "cap := amount.int(data.caps.ETH) - 1"),
      "max of numbers": require("max([1, count(input.evidence.effects)]) <= 3"),
    },
  },
  "compare-types": {
    fires: {
      number: require("input.transaction.nonce != 0"),
      "the other way round": require("0 != input.transaction.nonce"),
      "by a rule": require("input.transaction.nonce != none", "none := 0"),
      "in a set": require("not input.transaction.nonce in {0, 1}"),
      "of a set": require("not refused[input.transaction.nonce]", "refused := {0, 1}"),
      truth: require('input.transaction.internal != "true"'),
      "an amount and its text": require("amount.int(input.transaction.nonce) != input.transaction.nonce", AMOUNT),
      "list and set": require(`[d.address | some d in ${DESTINATIONS}] != {"0xaa"}`),
      "in both sets": require("{input.transaction.nonce} & {0, 1} == set()"),
      "taken from a set": require("{input.transaction.nonce} - {0, 1} == {input.transaction.nonce}"),
    },
    passes: {
      text: require('input.transaction.nonce != "0"'),
      truth: require("input.transaction.internal == false"),
      set: require(`{d.address | some d in ${DESTINATIONS}} == {"0xaa"}`),
      "both sets": require(`count({d.address | some d in ${DESTINATIONS}} - {"0xaa"}) == 1`),
      "an entry of a list": require('input.lists.labels["0xaa"].kind == 5'),
    },
  },
  "default-only-false": {
    fires: {
      amount: require("amount.int(cap) > 5", AMOUNT, 'default cap := "999"', "cap := data.caps[input.transaction.token]"),
      true: require("clean", "default clean := true", "clean := false if input.transaction.internal"),
      "a function": require("cap(1) == 5", "default cap(_) := 5", "cap(x) := 6 if x == 2"),
      "false, compared": require("bad == false", "default bad := false", "bad if input.transaction.internal"),
      "false, the other way round": require("true != bad", "default bad := false", "bad if input.transaction.internal"),
      "false, in a set": require("bad in {false}", "default bad := false", "bad if input.transaction.internal"),
      "false, as a value": require("b := bad\n\tb == false", "default bad := false", "bad if input.transaction.internal"),
      "false, collected": require("{bad} == {false}", "default bad := false", "bad if input.transaction.internal"),
      "false, given": require("f(bad)", "default bad := false", "bad if input.transaction.internal", "f(false)"),
      "object.get of what was parsed": require('object.get(json.unmarshal(input.transaction.message), "spender", "") == ""'),
      "object.get with an amount": require('amount.int(input.transaction.total_usd_micros) >= amount.int(object.get(data.caps, input.transaction.token, "0"))', AMOUNT),
    },
    passes: {
      false: require("good", "default good := false", "good if input.transaction.sweep"),
      "object.get with a text": require('object.get(data.caps, input.transaction.token, "") == "5"'),
    },
  },
  "else-without-condition": {
    fires: {
      value: require("cap == 5", "cap := 5 if {\n\tinput.transaction.sweep\n} else := 9"),
      last: require("cap == 5", "cap := 5 if {\n\tinput.transaction.sweep\n} else := 7 if {\n\tinput.transaction.internal == true\n} else := 9"),
      "a function": require("cap(1) == 5", "cap(x) := 5 if {\n\tx == 1\n} else := 9"),
      "a member that is always there": require("cap == 5", "cap := 5 if {\n\tinput.transaction.sweep\n} else := 9 if input.transaction.chain"),
      true: require("cap == 5", "cap := 5 if {\n\tinput.transaction.sweep\n} else := 9 if true"),
    },
    passes: {
      condition: require("cap == 5", 'cap := 5 if {\n\tinput.transaction.sweep\n} else := 9 if input.transaction.chain == "ETH"'),
      bodies: require("cap == 5", "cap := 5 if input.transaction.sweep == true", "cap := 9 if input.transaction.sweep == false"),
    },
  },
  "all-or-nothing": {
    fires: {
      "a sum": require(`sum([amount.int(d.amount.units) | some d in ${DESTINATIONS}]) <= 5`, AMOUNT),
      "a sum by a rule": require("paid <= 5", AMOUNT, `paid := sum(amounts)`, `amounts := [amount.int(d.amount.units) | some d in ${DESTINATIONS}]`),
      "none over": require(`count([d | some d in ${DESTINATIONS}; amount.int(d.amount.units) > 5]) == 0`, AMOUNT),
      "none in a partial rule": require("count(over) == 0", AMOUNT, `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tamount.int(d.amount.units) > 5\n}`),
      "an empty set": require("over == set()", `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tbad(d)\n}`, "bad(d) if data.blocked[d.address]"),
      "a number of them": require("n := count(over)\n\tn < 1", `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tbad(d)\n}`, "bad(d) if data.blocked[d.address]"),
      "the rest": require(`{d.address | some d in ${DESTINATIONS}; bad(d)} - {"0xaa"} == set()`, "bad(d) if data.blocked[d.address]"),
      every: require(`every name in [name_of(d) | some d in ${DESTINATIONS}] {\n\t\tnot data.blocked[name]\n\t}`, "name_of(d) := data.allow[d.address].label"),
      "every of a rule that may not be": require('every row in rows {\n\t\trow == "0xaa"\n\t}', `rows := [d.address | some d in listed]`, `listed := ${DESTINATIONS} if input.transaction.sweep`),
      "an entry that is compared": require(
        `count([d | some d in ${DESTINATIONS}; d.memo == data.allow[d.address].label]) == 0`,
      ),
      "under not": require(`over := {d.address | some d in ${DESTINATIONS}; bad(d)}\n\tnot "0xaa" in over`, "bad(d) if data.blocked[d.address]"),
      "object.get": require('object.get(flags, "over", false) == false', `flags["over"] := true if bad`, "bad if input.transaction.internal"),
      points: require("sum([each | some each in points]) < 50", AMOUNT, 'points["large"] := 60 if amount.int(input.transaction.total_usd_micros) > 5'),
      "as text": require(`concat("", {d.address | some d in ${DESTINATIONS}; bad(d)}) == ""`, "bad(d) if data.blocked[d.address]"),
      "counted against what may lack, too": require(`rows := [amount.int(u) | some u in units]\n\tcount(rows) == count(units)\n\tsum(rows) < 5`, AMOUNT, `units := [d.amount.units | some d in ${DESTINATIONS}; amount.int(d.amount.units) > 0]`),
    },
    passes: {
      total: require(`amount.total([d.amount.units | some d in ${DESTINATIONS}]) <= 5`, AMOUNT),
      counted: require(`rows := [amount.int(d.amount.units) | some d in ${DESTINATIONS}]\n\tcount(rows) == count(${DESTINATIONS})\n\tsum(rows) < 5`, AMOUNT),
      "all of them": require(`count([d | some d in ${DESTINATIONS}; good(d)]) == count(${DESTINATIONS})`, "good(d) if data.allow[d.address]"),
      "enough of them": require(`count({p.node | some p in input.key.participants; good(p)}) >= input.key.threshold`, "good(p) if data.allow[p.node]"),
      "none in a table": require("count(unlisted) == 0", `unlisted contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tnot data.allow[d.address]\n}`),
      "what is known to be there": require(
        `{ok | some d in ${DESTINATIONS}; ok := d.address in data.names} == {true}`,
      ),
    },
  },
  "collects-nothing": {
    fires: {
      comprehension: require('count([1 | input.transaction.chain == "TRON"]) == 0'),
      "a set": require("{true | over} == set()", "over if input.transaction.internal"),
      "a partial rule": require("count(bad) == 0", 'bad contains "x" if input.transaction.internal'),
      "a closed list": require('count([1 | input.evidence.status == "mismatch"]) == 0'),
    },
    passes: {
      "what is there": require('seen == {"x"}', "seen contains input.transaction.chain"),
      "a loop": require(`{d.address | some d in ${DESTINATIONS}} == {"0xaa"}`),
    },
  },
  "amount-int": {
    fires: {
      to_number: require("to_number(input.transaction.nonce) < 5"),
      "in a helper": require("small(input.transaction.nonce)", "small(x) if to_number(x) < 5"),
    },
    passes: { int: require("amount.int(input.transaction.nonce) < 5", AMOUNT) },
  },
  "amount-units": {
    fires: {
      text: require("amount.int(input.transaction.fee.text) < 5", AMOUNT),
      "a variable": require(`${EACH} {\n\t\tpaid := d.amount\n\t\tamount.int(paid.text) < 5\n\t}`, AMOUNT),
      total: require(`amount.total([d.amount.text | some d in ${DESTINATIONS}]) < 5`, AMOUNT),
      "its whole name": require("data.lib.amount.int(input.transaction.fee.rate) < 5"),
    },
    passes: { units: require("amount.int(input.transaction.fee.units) < 5", AMOUNT) },
  },
  "sum-of-set": {
    fires: {
      comprehension: require(`sum({amount.int(d.amount.units) | some d in ${DESTINATIONS}}) <= 5`, AMOUNT),
      total: require(`amount.total({d.amount.units | some d in ${DESTINATIONS}}) <= 5`, AMOUNT),
      rule: require("sum(paid) <= 5", AMOUNT, `paid contains amount.int(d.amount.units) if some d in ${DESTINATIONS}`),
    },
    passes: { list: require(`amount.total([d.amount.units | some d in ${DESTINATIONS}]) <= 5`, AMOUNT) },
  },
  "pattern-literal": {
    fires: {
      data: require("regex.match(data.pattern, input.initiator.id)"),
      "made of data": require('regex.match(concat("", ["^", data.pattern, "$"]), input.initiator.id)'),
      template: require('regex.match($"^{input.transaction.chain}$", input.initiator.id)'),
      document: require('regex.match(input.initiator.type, "x")'),
      "a glob of the document": require('glob.match(input.initiator.id, ["."], "x")'),
    },
    passes: {
      literal: require("regex.match(`^a$`, input.initiator.id)"),
      "a name": require("regex.match(pattern, input.initiator.id)", "pattern := `^a$`"),
      "a glob of the data": require('glob.match(data.names[_], ["."], input.initiator.id)'),
    },
  },
  "pattern-anchored": {
    fires: {
      none: require("regex.match(`[a-z]+@corp.example`, input.initiator.id)"),
      "no end": require("regex.match(`^[a-z]+`, input.initiator.id)"),
      "an escaped end": require("regex.match(`^a\\$`, input.initiator.id)"),
      "one alternative": require("regex.match(`^a|b$`, input.initiator.id)"),
      lines: require("regex.match(`(?m)^a$`, input.initiator.id)"),
      "a name": require("regex.match(pattern, input.initiator.id)", "pattern := `a`"),
      "in a class": require("regex.match(`^a[$`, input.initiator.id)".replace("[$", "[|$]")),
      "a dot": require("regex.match(`^[a-z]+@corp.example$`, input.initiator.id)"),
      "a dot after a class": require("regex.match(`^[a-z]+.example$`, input.initiator.id)"),
      "found, and counted": require("count(regex.find_all_string_submatch_n(`@corp`, input.initiator.id, -1)) > 0"),
    },
    passes: {
      whole: require("regex.match(`^[a-z]+@corp\\.example$`, input.initiator.id)"),
      alternatives: require("regex.match(`^(a|b)$`, input.initiator.id)"),
      "each alternative": require("regex.match(`^a$|^b$`, input.initiator.id)"),
      flags: require("regex.match(`(?i)^a$`, input.initiator.id)"),
      "the other anchors": require("regex.match(`\\A[a|b]\\z`, input.initiator.id)"),
      "dots that repeat, or are in a class": require("regex.match(`^.*[a.b]\\.x.+y$`, input.initiator.id)"),
      "what is found": require('every found in regex.find_all_string_submatch_n(`a`, input.initiator.id, -1) {\n\t\tfound == ["a"]\n\t}'),
      "under not": require("not regex.match(`^bot-`, input.initiator.id)"),
    },
  },
  "pattern-valid": {
    fires: {
      "under not": require("not regex.match(`^(bot-`, input.initiator.id)"),
      "a name": require("not regex.match(pattern, input.initiator.id)", "pattern := `[`"),
      lookahead: require("not regex.match(`^(?!a)`, input.initiator.id)"),
    },
    passes: { valid: require("not regex.match(`^(bot-)`, input.initiator.id)") },
  },
  "glob-delimiters": {
    fires: {
      empty: require('not glob.match("bot-*", [], input.initiator.id)'),
      "a name": require('not glob.match("bot-*", none, input.initiator.id)', "none := []"),
      data: require('not glob.match("bot-*", data.names, input.initiator.id)'),
      "some, under not": require('not glob.match("bot-*", ["."], input.initiator.id)'),
    },
    passes: {
      some: require('glob.match("ops-*", ["@"], input.initiator.id)'),
      "none, under not": require('not glob.match("bot-*", null, input.initiator.id)'),
    },
  },
  "needle-from-input": {
    fires: {
      contains: require("contains(data.chains, input.transaction.chain)"),
      "a literal": require('contains("ETH,BSC", input.transaction.chain)'),
      "a variable": require("c := input.transaction.chain\n\tcontains(data.chains, c)"),
      lower: require("contains(data.chains, lower(input.transaction.chain))"),
      "an import": require("startswith(data.chains, tx.chain)", TX),
      "a key": require("some token, _ in input.transaction.totals\n\tcontains(data.chains, token)\n\ttoken == token"),
      endswith: require("endswith(data.chains, input.transaction.chain)"),
      split: require("count(split(data.chains, input.transaction.chain)) > 1"),
      replace: require('replace(data.chains, input.transaction.chain, "") != data.chains'),
      indexof: require("indexof(data.chains, input.transaction.chain) >= 0"),
    },
    passes: {
      prefix: require('startswith(input.initiator.id, "ops-")'),
      "of the data": require("some name in data.names\n\tstartswith(input.initiator.id, name)"),
      whole: require('input.transaction.chain in split(data.chains, ",")'),
    },
  },
  "closed-list-positive": {
    fires: {
      "!=": require('input.evidence.status != "mismatch"'),
      "not ==": require('not input.evidence.status == "mismatch"'),
      "not in": require('not input.evidence.status in {"mismatch"}'),
      "a variable": require('s := input.evidence.status\n\ts != "mismatch"'),
      "a rule of lib": require('doc.status != "mismatch"', DOC),
      "a member of the element": require('every e in input.evidence.effects {\n\t\te.type != "approve"\n\t}'),
      "a parameter": require("other(input.evidence.status)", 'other(s) if s != "mismatch"'),
      lower: require('lower(input.evidence.status) != "mismatch"'),
      template: require('$"{input.evidence.status}" != "mismatch"'),
      "not of a table": require("not bad[input.evidence.status]", 'bad := {"mismatch"}'),
      "not of an object": require('not {"mismatch": true}[input.evidence.status]'),
      "a truth value": require('bad := input.evidence.status == "mismatch"\n\tnot bad'),
      "== false": require('bad := input.evidence.status == "mismatch"\n\tbad == false'),
      "a difference": require('count({input.evidence.status} - {"mismatch"}) == 1'),
      "object.get": require('object.get({"mismatch": false}, input.evidence.status, true)'),
      text: require('not startswith(input.evidence.status, "mis")'),
      "a part of it": require('startswith(input.evidence.status, "ver")'),
      weekend: require('not input.now.weekday in {"sat", "sun"}'),
    },
    passes: {
      "==": require('input.evidence.status == "verified"'),
      in: require('input.evidence.status in {"verified", "unsupported"}'),
      "is it there": 'require["X_X"] if not input.deposit.previously',
      table: require('{"verified": true}[input.evidence.status]'),
      "another member": require('input.transaction.chain != "TRON"'),
    },
  },
  "template-part": {
    fires: {
      rule: require('$"{bad}" != "true"', "bad if input.transaction.internal"),
      call: require('$"{amount.int(input.transaction.nonce)}" != "5"', AMOUNT),
      data: require('$"{data.caps[input.transaction.token]}" != "5"'),
    },
    passes: { member: require('$"{input.transaction.chain}/{input.transaction.token}" == "ETH/ETH"') },
  },
  "name-the-member": {
    fires: {
      object: require("input.transaction.fee == input.deposit.fee"),
      "an entry of a list, sorted": require("sort([x | some x in input.lists.labels]) == []"),
      "an entry of a list, as text": require('json.marshal(input.lists.labels["0xaa"]) == "x"'),
    },
    passes: { "an entry of a list": require('input.lists.labels["0xaa"].kind == "good"') },
  },
};

/** What stands in a rule and is never asked for a verdict. */
const WORDS = `bad if {
	some d in ${DESTINATIONS}
	to_number(d.amount.units) <= data.least
}

values["bad"] := {d.address | some d in ${DESTINATIONS}; not bad}

default word := "good"

word := "bad" if bad

message["X_X"] := $"{word}: {data.caps[input.transaction.token]}"`;

interface Spelling {
  readonly check: LintName;
  readonly what: string;
  readonly isWrong: boolean;
  readonly file: string;
  readonly text: string;
}

function spellings(): Spelling[] {
  return Object.entries(CASES).flatMap(([check, { fires, passes }]) =>
    [fires, passes].flatMap((texts, side) =>
      Object.entries(texts).map(([what, rego]): Spelling => {
        const name = nameOf(check, what, side);
        const custom = rego.startsWith("approve")
          ? ["approves: [Y_Y]"]
          : ["requires: {X_X: deny}", ...(rego.includes("transaction.contract") ? [OPTIONAL] : [])];
        const text = ruleText(rego, { name: `transfer/${name}`, custom });
        return {
          check: check as LintName,
          what,
          isWrong: side === 0,
          file: `rules/transfer/${name}/rule.rego`,
          text,
        };
      }),
    ),
  );
}

const OPTIONAL = "optional: [transaction.contract]";

function nameOf(check: string, what: string, side: number): string {
  if (what === "one's own whole name") return "own_whole";
  if (what === "an import of one's own") return "own_import";
  return `${check}_${what}_${side}`.toLowerCase().replace(/[^a-z0-9]+/g, "_");
}

const ALL = spellings();
let found: Awaited<ReturnType<typeof analyseSource>>;
let words: typeof found;

beforeAll(async () => {
  const files = Object.fromEntries(ALL.map(({ file, text }) => [file, text]));
  const dir = await policySource({ ...files, "lib/doc.rego": LIB, "data.json": JSON.stringify(DATA) });
  found = await analyseSource(dir);
  const rego = `${require('input.channel == "tss.v2"')}\n\n${WORDS}`;
  words = await analyseSource(
    await policySource({
      "rules/transfer/a/rule.rego": ruleText(rego),
      "data.json": JSON.stringify(DATA),
    }),
  );
}, 120_000);

afterAll(removePolicySources);

function checksOf(file: string): string[] {
  const problems = [...found.problems, ...found.lint].filter((problem) => problem.file === file);
  return [...new Set(problems.map(({ message }) => message.split(": ", 1)[0] ?? ""))];
}

for (const check of Object.keys(CASES)) {
  describe(check, () => {
    for (const { what, isWrong, file } of ALL.filter((each) => each.check === check)) {
      test(`${isWrong ? "refuses" : "lets pass"}: ${what}`, () => {
        const names = checksOf(file);
        if (isWrong) expect(names).toContain(check);
        else expect(names).toEqual([]);
      });
    }
  });
}

test("what only the words of a rule use is free", () => {
  expect(words.lint).toEqual([]);
});
