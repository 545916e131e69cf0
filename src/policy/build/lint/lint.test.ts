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

function requirement(body: string, ...before: readonly string[]): string {
  return [...before, `require["X_X"] if {\n\t${body}\n}`].join("\n\n");
}

const AMOUNT = "import data.lib.amount";
const DOC = "import data.lib.doc";
const TX = "import input.transaction as tx";

const CASES: Readonly<Partial<Record<LintName, Spelled>>> = {
  "every-not-some": {
    fires: {
      some: requirement(`some d in ${DESTINATIONS}\n\tdata.allow[d.address]`),
      "some with a key": requirement(`some _, total in input.transaction.totals\n\ttotal.units == "1"`),
      wildcard: requirement(`data.allow[${DESTINATIONS}[_].address]`),
      "a variable as a step": requirement(`some i\n\t${DESTINATIONS}[i].address == data.names[i]`),
      "an import": requirement("some d in tx.destinations\n\tdata.allow[d.address]", TX),
      "an alias": requirement(`ds := ${DESTINATIONS}\n\tsome d in ds\n\tdata.allow[d.address]`),
      "a rule of lib": requirement("some d in doc.places\n\tdoc.listed(d)", DOC),
      "a helper": requirement("ok", `ok if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`),
      "a helper of a helper": requirement(
        "ok",
        "ok if fine",
        `fine if data.allow[${DESTINATIONS}[_].address]`,
      ),
      "a function": requirement(
        `any(${DESTINATIONS})`,
        "any(ds) if {\n\tsome d in ds\n\tdata.allow[d.address]\n}",
      ),
      "a value": requirement('chosen == "0xaa"', `chosen := ${DESTINATIONS}[_].address`),
      "a value by some": requirement('chosen == "0xaa"', `chosen := d.address if some d in ${DESTINATIONS}`),
      "in, of what was collected": requirement(`"0xaa" in {d.address | some d in ${DESTINATIONS}}`),
      "a look-up in what was collected": requirement(
        'all["0xaa"]',
        `all contains d.address if some d in ${DESTINATIONS}`,
      ),
      "some of what was collected": requirement(
        "some a in all\n\tdata.allow[a]",
        `all contains d.address if some d in ${DESTINATIONS}`,
      ),
      "a set of true": requirement(`{true | some d in ${DESTINATIONS}; data.allow[d.address]} == {true}`),
      "a partial rule of true": requirement(
        "ok[true]",
        `ok contains true if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`,
      ),
      "every of something else": requirement(
        `every x in [1] {\n\t\tsome d in ${DESTINATIONS}\n\t\tdata.allow[d.address]\n\t\tx == 1\n\t}`,
      ),
      "every of the same": requirement(
        `${EACH} {\n\t\tsome e in ${DESTINATIONS}\n\t\tdata.allow[e.address]\n\t\td.address\n\t}`,
      ),
      "a part of the element": requirement(
        'every e in input.evidence.effects {\n\t\tsome a in e.arguments\n\t\ta.type == "address"\n\t}',
      ),
      "every of a list that is written out": requirement(
        `every table in {"a", "b"} {\n\t\tsome d in ${DESTINATIONS}\n\t\tdata.allow[table][d.address]\n\t}`,
      ),
      "bound by a difference alone": requirement(
        `${EACH} {\n\t\tsome e in input.evidence.effects\n\t\te.to != d.address\n\t}`,
      ),
      "a rule that an every asks": requirement(
        `${EACH} {\n\t\td.address\n\t\tok\n\t}`,
        `ok if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`,
      ),
      approve: `approve["Y_Y"] if {\n\tsome d in ${DESTINATIONS}\n\tdata.allow[d.address]\n}`,
    },
    passes: {
      every: requirement(`${EACH} {\n\t\tdata.allow[d.address]\n\t}`),
      "what belongs to the element": requirement(
        `${EACH} {\n\t\tsome e in input.evidence.effects\n\t\te.to == d.address\n\t}`,
      ),
      "by a variable": requirement(
        `${EACH} {\n\t\taddress := d.address\n\t\tsome e in input.evidence.effects\n\t\tto := e.to\n\t\tto == address\n\t}`,
      ),
      "by a function": requirement(
        `${EACH} {\n\t\tpaid(d.address)\n\t}`,
        "paid(address) if {\n\tsome e in input.evidence.effects\n\te.to == address\n}",
      ),
      "in what was collected": requirement(
        `${EACH} {\n\t\td.address in paid\n\t}`,
        "paid contains e.to if some e in input.evidence.effects",
      ),
      "every that is wanted": requirement(
        'every node in {"n1", "n2"} {\n\t\tnode in {p.node | some p in input.key.participants}\n\t}',
      ),
      "what is collected": requirement(
        'all == {"0xaa"}',
        `all contains d.address if some d in ${DESTINATIONS}`,
      ),
      "what is collected of parts": requirement(
        'all == {"0xaa"}',
        "all contains a.value if {\n\tsome e in input.evidence.effects\n\tsome a in e.arguments\n}",
      ),
      "some of the data": requirement("some name in data.names\n\tname == input.initiator.id"),
      "in a list that is written out": requirement('input.transaction.chain in {"ETH", "BSC"}'),
      "of the places of a loop": requirement(
        "every i, e in input.evidence.effects {\n\t\tinput.transaction.destinations[i].address == e.to\n\t}",
      ),
    },
  },
  "not-own-rule": {
    fires: {
      "a rule": requirement("not bad", "bad if input.transaction.internal"),
      "a function": requirement(`${EACH} {\n\t\tnot hit(d)\n\t}`, "hit(d) if data.blocked[d.address]"),
      "a rule of lib": requirement("not doc.risky", DOC),
      "its whole name": requirement("not data.lib.doc.risky"),
      "one's own whole name": requirement(
        "not data.rules.transfer.own_whole.bad",
        "bad if input.transaction.internal",
      ),
      "an import of one's own": requirement(
        "not me.bad",
        "import data.rules.transfer.own_import as me",
        "bad if input.transaction.internal",
      ),
      "a set": requirement(`not "0xaa" in bad`, "bad contains a if some a, _ in data.blocked"),
      "a look-up in a set": requirement(`not bad["0xaa"]`, "bad contains a if some a, _ in data.blocked"),
      "in a list": requirement("not [bad][0]", "bad if input.transaction.internal"),
      compared: requirement("not cap == 5", `cap := data.caps[input.transaction.chain]`),
      "a key": requirement("not data.blocked[key]", "key := data.caps[input.transaction.chain]"),
      "in every": requirement(
        `${EACH} {\n\t\tnot bad\n\t\td.address\n\t}`,
        "bad if input.transaction.internal",
      ),
      "in a comprehension": requirement(
        `count([d | some d in ${DESTINATIONS}; not hit(d)]) == count(${DESTINATIONS})`,
        "hit(d) if data.blocked[d.address]",
      ),
      twice: requirement("not good", "good if not bad", "bad if input.transaction.internal"),
      "a default": requirement("not bad", "default bad := false", "bad if input.transaction.internal"),
    },
    passes: {
      "a table": requirement(`${EACH} {\n\t\tnot data.blocked[d.address]\n\t}`),
      "a list": requirement(`${EACH} {\n\t\tnot input.lists.sanctions[d.address]\n\t}`),
      "a member": 'require["X_X"] if not input.transaction.contract',
      "an alias of a list": requirement(
        `${EACH} {\n\t\tnot sanctions[d.address]\n\t}`,
        "sanctions := input.lists.sanctions",
      ),
      "a constant": requirement("not bad[input.transaction.chain]", 'bad := {"TRON"}'),
      "a call that is compared": requirement(
        "not amount.int(input.transaction.total_usd_micros) > 5",
        AMOUNT,
      ),
      "a variable": requirement(`${EACH} {\n\t\ta := d.address\n\t\tnot data.blocked[a]\n\t}`),
      "a parameter": requirement(`${EACH} {\n\t\tclean(d.address)\n\t}`, "clean(a) if not data.blocked[a]"),
    },
  },
  "partial-under-not": {
    fires: {
      "an entry of the document": requirement(
        'not input.transaction.totals[input.transaction.token].units == "9"',
      ),
      cidr: requirement("not net.cidr_contains(data.cidr, input.initiator.id)"),
      json: requirement('not json.unmarshal(input.transaction.message) == "x"'),
      "json by a variable": requirement(
        "not json.unmarshal(text).spender",
        "text := input.transaction.message",
      ),
      base64: requirement('not base64.decode(input.transaction.message) == "x"'),
      "a part of a call": requirement('not split(input.initiator.id, "@")[1] == "evil.example"'),
      "an entry that is compared": requirement(
        "not input.transaction.total_usd_micros == data.caps[input.transaction.token]",
      ),
      "an entry, the other way round": requirement(
        "not data.caps[input.transaction.token] == input.transaction.total_usd_micros",
      ),
    },
    passes: {
      "an entry by its own key": requirement(
        'every token, _ in input.transaction.totals {\n\t\tnot input.transaction.totals[token].units == "9"\n\t}',
      ),
      "an entry of a list": requirement(
        `${EACH} {\n\t\tnot input.lists.labels[d.address].kind == "bad"\n\t}`,
      ),
      allowed: requirement("net.cidr_contains(data.cidr, input.initiator.id)"),
      different: requirement("input.transaction.total_usd_micros != data.caps[input.transaction.token]"),
      "a literal": requirement('not input.initiator.id == "eve"'),
      text: requirement('not contains(input.transaction.description, "urgent")'),
    },
  },
  "index-constant": {
    fires: {
      first: requirement(`data.allow[${DESTINATIONS}[0].address]`),
      "an alias": requirement(`ds := ${DESTINATIONS}\n\tdata.allow[ds[0].address]`),
      "an import": requirement("data.allow[tx.destinations[0].address]", TX),
      "a rule of lib": requirement("data.allow[doc.places[0].address]", DOC),
      "a number by name": requirement(`data.allow[${DESTINATIONS}[first].address]`, "first := 0"),
      "a number in a variable": requirement(`i := 0\n\tdata.allow[${DESTINATIONS}[i].address]`),
      "the last": requirement(`data.allow[${DESTINATIONS}[count(${DESTINATIONS}) - 1].address]`),
      "a range": requirement(
        `every i in numbers.range(0, 0) {\n\t\tdata.allow[${DESTINATIONS}[i].address]\n\t}`,
      ),
      "a parameter": requirement(`ok(${DESTINATIONS}, 0)`, "ok(ds, i) if data.allow[ds[i].address]"),
      "object.get": requirement(`first := object.get(${DESTINATIONS}, 0, {})\n\tdata.allow[first.address]`),
      "object.get with a path": requirement(
        'data.allow[object.get(input, ["transaction", "destinations", 0, "address"], "")]',
      ),
      slice: requirement(`every d in array.slice(${DESTINATIONS}, 0, 1) {\n\t\tdata.allow[d.address]\n\t}`),
      "some with a number": requirement(`some 0, d in ${DESTINATIONS}\n\tdata.allow[d.address]`),
      collected: requirement(`data.allow[[d.address | some d in ${DESTINATIONS}][0]]`),
      sorted: requirement(`data.allow[sort([d.address | some d in ${DESTINATIONS}])[0]]`),
      "a pattern": requirement(`[first, _] = ${DESTINATIONS}\n\tdata.allow[first.address]`),
      "a pattern of an alias": requirement(
        "[first, _] := ds\n\tdata.allow[first.address]",
        `ds := ${DESTINATIONS}`,
      ),
      "a pattern of what is collected": requirement(
        `[first, _] := [d | some d in ${DESTINATIONS}]\n\tdata.allow[first.address]`,
      ),
      "a pattern of a function": requirement(
        `ok(${DESTINATIONS})`,
        "ok([first, _]) if data.allow[first.address]",
      ),
      "a pattern, handed on": requirement(
        `[first, _] = ${DESTINATIONS}\n\tok(first)`,
        "ok(d) if data.allow[d.address]",
      ),
      "the place of a loop": requirement(
        `every d in [d | some i, d in ${DESTINATIONS}; i == 0] {\n\t\tdata.allow[d.address]\n\t}`,
      ),
      "the place of every": requirement(
        `every i, d in ${DESTINATIONS} {\n\t\tok(i, d)\n\t}`,
        "ok(i, _) if i > 0",
        "ok(0, d) if data.allow[d.address]",
      ),
    },
    passes: {
      "of a pair": requirement(`${EACH} {\n\t\tpair := [d.address, d.memo]\n\t\tdata.allow[pair[0]]\n\t}`),
      "of a list that is written out": requirement('["ETH", "BSC"][0] == input.transaction.chain'),
      "of the data": requirement("data.names[0] == input.initiator.id"),
      "the only one": requirement(`[d] := ${DESTINATIONS}\n\tdata.allow[d.address]`),
      "a pattern of a pair": requirement(
        `${EACH} {\n\t\t[a, m] := [d.address, d.memo]\n\t\tdata.allow[a].label == m\n\t}`,
      ),
      "two places": requirement(
        `every i, d in ${DESTINATIONS} {\n\t\tevery j, e in ${DESTINATIONS} {\n\t\t\tsame(i, j, d, e)\n\t\t}\n\t}`,
        "same(i, j, d, e) if {\n\ti != j\n\td.address != e.address\n}",
        "same(i, i, _, _)",
      ),
      "of a text": requirement('split(input.initiator.id, "@")[1] == "corp.example"'),
    },
  },
  "compare-amounts": {
    fires: {
      texts: requirement('input.transaction.total_usd_micros <= "5"'),
      "a variable": requirement("total := input.transaction.total_usd_micros\n\ttotal <= 5"),
      "a rule": requirement("total <= 5", "total := input.transaction.total_usd_micros"),
      "a parameter": requirement("within(input.transaction.total_usd_micros)", "within(x) if x <= 5"),
      "what a function gives back": requirement(`${EACH} {\n\t\tdoc.paid(d) <= 5\n\t}`, DOC),
      "data, though a number now": requirement("count(input.transaction.destinations) >= data.least"),
      "data by a variable": requirement(
        "some t in data.tiers\n\tn := t.n\n\tcount(input.transaction.destinations) >= n",
      ),
      "object.get": requirement('object.get(data.caps, input.transaction.token, "") < 5'),
      "a list": requirement("[1, input.transaction.nonce] < [1, 5]"),
      "made of a text": requirement('trim(input.transaction.nonce, "0") < "5"'),
      max: requirement("max([input.transaction.total_usd_micros, data.caps.ETH]) == data.caps.ETH"),
      "min of a set": requirement('min({d.address | some d in input.transaction.destinations}) == "0xaa"'),
      under_not: requirement("not input.transaction.total_usd_micros > data.caps.ETH"),
      dates: requirement('input.now.date >= "2026-01-01"'),
    },
    passes: {
      amounts: requirement(
        "amount.int(input.transaction.total_usd_micros) <= amount.int(data.caps.ETH)",
        AMOUNT,
      ),
      "numbers of the document": requirement("input.now.hour >= 8\n\tinput.now.hour < 18"),
      "what is counted": requirement(`count(${DESTINATIONS}) <= 3`),
      sums: requirement(
        "amount.int(input.transaction.total_usd_micros) + 1 <= cap",
        AMOUNT,
        "cap := amount.int(data.caps.ETH) - 1",
      ),
      "max of numbers": requirement("max([1, count(input.evidence.effects)]) <= 3"),
    },
  },
  "compare-types": {
    fires: {
      number: requirement("input.transaction.nonce != 0"),
      "the other way round": requirement("0 != input.transaction.nonce"),
      "by a rule": requirement("input.transaction.nonce != none", "none := 0"),
      "in a set": requirement("not input.transaction.nonce in {0, 1}"),
      "of a set": requirement("not refused[input.transaction.nonce]", "refused := {0, 1}"),
      truth: requirement('input.transaction.internal != "true"'),
      "an amount and its text": requirement(
        "amount.int(input.transaction.nonce) != input.transaction.nonce",
        AMOUNT,
      ),
      "list and set": requirement(`[d.address | some d in ${DESTINATIONS}] != {"0xaa"}`),
      "in both sets": requirement("{input.transaction.nonce} & {0, 1} == set()"),
      "taken from a set": requirement("{input.transaction.nonce} - {0, 1} == {input.transaction.nonce}"),
    },
    passes: {
      text: requirement('input.transaction.nonce != "0"'),
      truth: requirement("input.transaction.internal == false"),
      set: requirement(`{d.address | some d in ${DESTINATIONS}} == {"0xaa"}`),
      "both sets": requirement(`count({d.address | some d in ${DESTINATIONS}} - {"0xaa"}) == 1`),
      "an entry of a list": requirement('input.lists.labels["0xaa"].kind == 5'),
    },
  },
  "default-only-false": {
    fires: {
      amount: requirement(
        "amount.int(cap) > 5",
        AMOUNT,
        'default cap := "999"',
        "cap := data.caps[input.transaction.token]",
      ),
      true: requirement("clean", "default clean := true", "clean := false if input.transaction.internal"),
      "a function": requirement("cap(1) == 5", "default cap(_) := 5", "cap(x) := 6 if x == 2"),
      "false, compared": requirement(
        "bad == false",
        "default bad := false",
        "bad if input.transaction.internal",
      ),
      "false, the other way round": requirement(
        "true != bad",
        "default bad := false",
        "bad if input.transaction.internal",
      ),
      "false, in a set": requirement(
        "bad in {false}",
        "default bad := false",
        "bad if input.transaction.internal",
      ),
      "false, as a value": requirement(
        "b := bad\n\tb == false",
        "default bad := false",
        "bad if input.transaction.internal",
      ),
      "false, collected": requirement(
        "{bad} == {false}",
        "default bad := false",
        "bad if input.transaction.internal",
      ),
      "false, given": requirement(
        "f(bad)",
        "default bad := false",
        "bad if input.transaction.internal",
        "f(false)",
      ),
      "object.get of what was parsed": requirement(
        'object.get(json.unmarshal(input.transaction.message), "spender", "") == ""',
      ),
      "object.get with an amount": requirement(
        'amount.int(input.transaction.total_usd_micros) >= amount.int(object.get(data.caps, input.transaction.token, "0"))',
        AMOUNT,
      ),
    },
    passes: {
      false: requirement("good", "default good := false", "good if input.transaction.sweep"),
      "object.get with a text": requirement('object.get(data.caps, input.transaction.token, "") == "5"'),
    },
  },
  "else-without-condition": {
    fires: {
      value: requirement("cap == 5", "cap := 5 if {\n\tinput.transaction.sweep\n} else := 9"),
      last: requirement(
        "cap == 5",
        "cap := 5 if {\n\tinput.transaction.sweep\n} else := 7 if {\n\tinput.transaction.internal == true\n} else := 9",
      ),
      "a function": requirement("cap(1) == 5", "cap(x) := 5 if {\n\tx == 1\n} else := 9"),
      "a member that is always there": requirement(
        "cap == 5",
        "cap := 5 if {\n\tinput.transaction.sweep\n} else := 9 if input.transaction.chain",
      ),
      true: requirement("cap == 5", "cap := 5 if {\n\tinput.transaction.sweep\n} else := 9 if true"),
    },
    passes: {
      condition: requirement(
        "cap == 5",
        'cap := 5 if {\n\tinput.transaction.sweep\n} else := 9 if input.transaction.chain == "ETH"',
      ),
      bodies: requirement(
        "cap == 5",
        "cap := 5 if input.transaction.sweep == true",
        "cap := 9 if input.transaction.sweep == false",
      ),
    },
  },
  "all-or-nothing": {
    fires: {
      "in other words": requirement(
        "count(over) in {0}",
        `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tbad(d)\n}`,
        "bad(d) if data.blocked[d.address]",
      ),
      "as a key": requirement(
        "{0}[count(over)]",
        `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tbad(d)\n}`,
        "bad(d) if data.blocked[d.address]",
      ),
      "in the body of an every": requirement(
        "count(over) == 0",
        `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tevery name in data.names {\n\t\tbad(d, name)\n\t}\n}`,
        "bad(d, name) if data.blocked[d.address].why == name",
      ),
      "an entry of the document": requirement(
        `count([d | some d in ${DESTINATIONS}; input.transaction.totals[d.amount.token].units == "9"]) == 0`,
      ),
      "a sum": requirement(`sum([amount.int(d.amount.units) | some d in ${DESTINATIONS}]) <= 5`, AMOUNT),
      "a sum by a rule": requirement(
        "paid <= 5",
        AMOUNT,
        `paid := sum(amounts)`,
        `amounts := [amount.int(d.amount.units) | some d in ${DESTINATIONS}]`,
      ),
      "none over": requirement(
        `count([d | some d in ${DESTINATIONS}; amount.int(d.amount.units) > 5]) == 0`,
        AMOUNT,
      ),
      "none in a partial rule": requirement(
        "count(over) == 0",
        AMOUNT,
        `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tamount.int(d.amount.units) > 5\n}`,
      ),
      "an empty set": requirement(
        "over == set()",
        `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tbad(d)\n}`,
        "bad(d) if data.blocked[d.address]",
      ),
      "a number of them": requirement(
        "n := count(over)\n\tn < 1",
        `over contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tbad(d)\n}`,
        "bad(d) if data.blocked[d.address]",
      ),
      "the rest": requirement(
        `{d.address | some d in ${DESTINATIONS}; bad(d)} - {"0xaa"} == set()`,
        "bad(d) if data.blocked[d.address]",
      ),
      every: requirement(
        `every name in [name_of(d) | some d in ${DESTINATIONS}] {\n\t\tnot data.blocked[name]\n\t}`,
        "name_of(d) := data.allow[d.address].label",
      ),
      "every of a rule that may not be": requirement(
        'every row in rows {\n\t\trow == "0xaa"\n\t}',
        `rows := [d.address | some d in listed]`,
        `listed := ${DESTINATIONS} if input.transaction.sweep`,
      ),
      "an entry that is compared": requirement(
        `count([d | some d in ${DESTINATIONS}; d.memo == data.allow[d.address].label]) == 0`,
      ),
      "under not": requirement(
        `over := {d.address | some d in ${DESTINATIONS}; bad(d)}\n\tnot "0xaa" in over`,
        "bad(d) if data.blocked[d.address]",
      ),
      "object.get": requirement(
        'object.get(flags, "over", false) == false',
        `flags["over"] := true if bad`,
        "bad if input.transaction.internal",
      ),
      points: requirement(
        "sum([each | some each in points]) < 50",
        AMOUNT,
        'points["large"] := 60 if amount.int(input.transaction.total_usd_micros) > 5',
      ),
      "as text": requirement(
        `concat("", {d.address | some d in ${DESTINATIONS}; bad(d)}) == ""`,
        "bad(d) if data.blocked[d.address]",
      ),
      "counted against what may lack, too": requirement(
        `rows := [amount.int(u) | some u in units]\n\tcount(rows) == count(units)\n\tsum(rows) < 5`,
        AMOUNT,
        `units := [d.amount.units | some d in ${DESTINATIONS}; amount.int(d.amount.units) > 0]`,
      ),
    },
    passes: {
      total: requirement(`amount.total([d.amount.units | some d in ${DESTINATIONS}]) <= 5`, AMOUNT),
      counted: requirement(
        `rows := [amount.int(d.amount.units) | some d in ${DESTINATIONS}]\n\tcount(rows) == count(${DESTINATIONS})\n\tsum(rows) < 5`,
        AMOUNT,
      ),
      "all of them": requirement(
        `count([d | some d in ${DESTINATIONS}; good(d)]) == count(${DESTINATIONS})`,
        "good(d) if data.allow[d.address]",
      ),
      "enough of them": requirement(
        `count({p.node | some p in input.key.participants; good(p)}) >= input.key.threshold`,
        "good(p) if data.allow[p.node]",
      ),
      "none in a table": requirement(
        "count(unlisted) == 0",
        `unlisted contains d.address if {\n\tsome d in ${DESTINATIONS}\n\tnot data.allow[d.address]\n}`,
      ),
      "what is known to be there": requirement(
        `{ok | some d in ${DESTINATIONS}; ok := d.address in data.names} == {true}`,
      ),
    },
  },
  "collects-nothing": {
    fires: {
      comprehension: requirement('count([1 | input.transaction.chain == "TRON"]) == 0'),
      "a set": requirement("{true | over} == set()", "over if input.transaction.internal"),
      "a partial rule": requirement("count(bad) == 0", 'bad contains "x" if input.transaction.internal'),
      "a closed list": requirement('count([1 | input.evidence.status == "mismatch"]) == 0'),
    },
    passes: {
      "what is there": requirement('seen == {"x"}', "seen contains input.transaction.chain"),
      "a loop": requirement(`{d.address | some d in ${DESTINATIONS}} == {"0xaa"}`),
    },
  },
  "amount-int": {
    fires: {
      to_number: requirement("to_number(input.transaction.nonce) < 5"),
      "in a helper": requirement("small(input.transaction.nonce)", "small(x) if to_number(x) < 5"),
    },
    passes: { int: requirement("amount.int(input.transaction.nonce) < 5", AMOUNT) },
  },
  "amount-units": {
    fires: {
      text: requirement("amount.int(input.transaction.fee.text) < 5", AMOUNT),
      "a variable": requirement(
        `${EACH} {\n\t\tpaid := d.amount\n\t\tamount.int(paid.text) < 5\n\t}`,
        AMOUNT,
      ),
      total: requirement(`amount.total([d.amount.text | some d in ${DESTINATIONS}]) < 5`, AMOUNT),
      "its whole name": requirement("data.lib.amount.int(input.transaction.fee.rate) < 5"),
    },
    passes: { units: requirement("amount.int(input.transaction.fee.units) < 5", AMOUNT) },
  },
  "sum-of-set": {
    fires: {
      comprehension: requirement(
        `sum({amount.int(d.amount.units) | some d in ${DESTINATIONS}}) <= 5`,
        AMOUNT,
      ),
      total: requirement(`amount.total({d.amount.units | some d in ${DESTINATIONS}}) <= 5`, AMOUNT),
      rule: requirement(
        "sum(paid) <= 5",
        AMOUNT,
        `paid contains amount.int(d.amount.units) if some d in ${DESTINATIONS}`,
      ),
    },
    passes: { list: requirement(`amount.total([d.amount.units | some d in ${DESTINATIONS}]) <= 5`, AMOUNT) },
  },
  "pattern-literal": {
    fires: {
      data: requirement("regex.match(data.pattern, input.initiator.id)"),
      "made of data": requirement('regex.match(concat("", ["^", data.pattern, "$"]), input.initiator.id)'),
      template: requirement('regex.match($"^{input.transaction.chain}$", input.initiator.id)'),
      document: requirement('regex.match(input.initiator.type, "x")'),
      "a glob of the document": requirement('glob.match(input.initiator.id, ["."], "x")'),
    },
    passes: {
      literal: requirement("regex.match(`^a$`, input.initiator.id)"),
      "a name": requirement("regex.match(pattern, input.initiator.id)", "pattern := `^a$`"),
      "a glob of the data": requirement('glob.match(data.names[_], ["."], input.initiator.id)'),
    },
  },
  "pattern-anchored": {
    fires: {
      none: requirement("regex.match(`[a-z]+@corp.example`, input.initiator.id)"),
      "no end": requirement("regex.match(`^[a-z]+`, input.initiator.id)"),
      "an escaped end": requirement("regex.match(`^a\\$`, input.initiator.id)"),
      "one alternative": requirement("regex.match(`^a|b$`, input.initiator.id)"),
      lines: requirement("regex.match(`(?m)^a$`, input.initiator.id)"),
      "a name": requirement("regex.match(pattern, input.initiator.id)", "pattern := `a`"),
      "in a class": requirement("regex.match(`^a[$`, input.initiator.id)".replace("[$", "[|$]")),
      "a dot": requirement("regex.match(`^[a-z]+@corp.example$`, input.initiator.id)"),
      "a dot after a class": requirement("regex.match(`^[a-z]+.example$`, input.initiator.id)"),
      "found, and counted": requirement(
        "count(regex.find_all_string_submatch_n(`@corp`, input.initiator.id, -1)) > 0",
      ),
    },
    passes: {
      whole: requirement("regex.match(`^[a-z]+@corp\\.example$`, input.initiator.id)"),
      alternatives: requirement("regex.match(`^(a|b)$`, input.initiator.id)"),
      "each alternative": requirement("regex.match(`^a$|^b$`, input.initiator.id)"),
      flags: requirement("regex.match(`(?i)^a$`, input.initiator.id)"),
      "the other anchors": requirement("regex.match(`\\A[a|b]\\z`, input.initiator.id)"),
      "dots that repeat, or are in a class": requirement(
        "regex.match(`^.*[a.b]\\.x.+y$`, input.initiator.id)",
      ),
      "what is found": requirement(
        'every found in regex.find_all_string_submatch_n(`a`, input.initiator.id, -1) {\n\t\tfound == ["a"]\n\t}',
      ),
      "under not": requirement("not regex.match(`^bot-`, input.initiator.id)"),
    },
  },
  "pattern-valid": {
    fires: {
      "under not": requirement("not regex.match(`^(bot-`, input.initiator.id)"),
      "a name": requirement("not regex.match(pattern, input.initiator.id)", "pattern := `[`"),
      lookahead: requirement("not regex.match(`^(?!a)`, input.initiator.id)"),
    },
    passes: { valid: requirement("not regex.match(`^(bot-)`, input.initiator.id)") },
  },
  "glob-delimiters": {
    fires: {
      empty: requirement('not glob.match("bot-*", [], input.initiator.id)'),
      "a name": requirement('not glob.match("bot-*", none, input.initiator.id)', "none := []"),
      data: requirement('not glob.match("bot-*", data.names, input.initiator.id)'),
      "some, under not": requirement('not glob.match("bot-*", ["."], input.initiator.id)'),
    },
    passes: {
      some: requirement('glob.match("ops-*", ["@"], input.initiator.id)'),
      "none, under not": requirement('not glob.match("bot-*", null, input.initiator.id)'),
    },
  },
  "needle-from-input": {
    fires: {
      contains: requirement("contains(data.chains, input.transaction.chain)"),
      "a literal": requirement('contains("ETH,BSC", input.transaction.chain)'),
      "a variable": requirement("c := input.transaction.chain\n\tcontains(data.chains, c)"),
      lower: requirement("contains(data.chains, lower(input.transaction.chain))"),
      "an import": requirement("startswith(data.chains, tx.chain)", TX),
      "a key": requirement(
        "some token, _ in input.transaction.totals\n\tcontains(data.chains, token)\n\ttoken == token",
      ),
      endswith: requirement("endswith(data.chains, input.transaction.chain)"),
      split: requirement("count(split(data.chains, input.transaction.chain)) > 1"),
      replace: requirement('replace(data.chains, input.transaction.chain, "") != data.chains'),
      indexof: requirement("indexof(data.chains, input.transaction.chain) >= 0"),
    },
    passes: {
      prefix: requirement('startswith(input.initiator.id, "ops-")'),
      "of the data": requirement("some name in data.names\n\tstartswith(input.initiator.id, name)"),
      whole: requirement('input.transaction.chain in split(data.chains, ",")'),
    },
  },
  "closed-list-positive": {
    fires: {
      "!=": requirement('input.evidence.status != "mismatch"'),
      "not ==": requirement('not input.evidence.status == "mismatch"'),
      "not in": requirement('not input.evidence.status in {"mismatch"}'),
      "a variable": requirement('s := input.evidence.status\n\ts != "mismatch"'),
      "a rule of lib": requirement('doc.status != "mismatch"', DOC),
      "a member of the element": requirement(
        'every e in input.evidence.effects {\n\t\te.type != "approve"\n\t}',
      ),
      "a parameter": requirement("other(input.evidence.status)", 'other(s) if s != "mismatch"'),
      lower: requirement('lower(input.evidence.status) != "mismatch"'),
      template: requirement('$"{input.evidence.status}" != "mismatch"'),
      "not of a table": requirement("not bad[input.evidence.status]", 'bad := {"mismatch"}'),
      "not of an object": requirement('not {"mismatch": true}[input.evidence.status]'),
      "a truth value": requirement('bad := input.evidence.status == "mismatch"\n\tnot bad'),
      "== false": requirement('bad := input.evidence.status == "mismatch"\n\tbad == false'),
      "a difference": requirement('count({input.evidence.status} - {"mismatch"}) == 1'),
      "object.get": requirement('object.get({"mismatch": false}, input.evidence.status, true)'),
      text: requirement('not startswith(input.evidence.status, "mis")'),
      "a part of it": requirement('startswith(input.evidence.status, "ver")'),
      weekend: requirement('not input.now.weekday in {"sat", "sun"}'),
    },
    passes: {
      "==": requirement('input.evidence.status == "verified"'),
      in: requirement('input.evidence.status in {"verified", "unsupported"}'),
      "is it there": 'require["X_X"] if not input.deposit.previously',
      table: requirement('{"verified": true}[input.evidence.status]'),
      "another member": requirement('input.transaction.chain != "TRON"'),
    },
  },
  "template-part": {
    fires: {
      rule: requirement('$"{bad}" != "true"', "bad if input.transaction.internal"),
      call: requirement('$"{amount.int(input.transaction.nonce)}" != "5"', AMOUNT),
      data: requirement('$"{data.caps[input.transaction.token]}" != "5"'),
    },
    passes: { member: requirement('$"{input.transaction.chain}/{input.transaction.token}" == "ETH/ETH"') },
  },
  "name-the-member": {
    fires: {
      object: requirement("input.transaction.fee == input.deposit.fee"),
      "an entry of a list, sorted": requirement("sort([x | some x in input.lists.labels]) == []"),
      "an entry of a list, as text": requirement('json.marshal(input.lists.labels["0xaa"]) == "x"'),
    },
    passes: { "an entry of a list": requirement('input.lists.labels["0xaa"].kind == "good"') },
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
  const rego = `${requirement('input.channel == "tss.v2"')}\n\n${WORDS}`;
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

test("rules that ask one another are told, not followed for ever", async () => {
  const rego = requirement(
    "every x in one {\n\t\tx == 1\n\t}",
    "one := [x | some x in two]",
    "two := three",
    "three := two",
  );
  const { problems } = await analyseSource(
    await policySource({ "rules/transfer/a/rule.rego": ruleText(rego) }),
  );
  expect(problems.map(({ message }) => message).join("\n")).toMatch(/it calls itself/);
});

test("what only the words of a rule use is free", () => {
  expect(words.lint).toEqual([]);
});
