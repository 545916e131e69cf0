/** What is wrong with a config that each of its keys alone cannot tell. */
import { pushKeysOf } from "../channels/push/keys.ts";
import type { ConfigProblem } from "./error.ts";
import { fetchProblems, isUrl } from "./release.ts";
import type { Config } from "./schema.ts";
import { thresholdProblems } from "./trust.ts";

export function contradictions({
  nodes,
  push,
  admin_tokens,
  listen,
  lists,
  policy,
  ledger,
}: Config): ConfigProblem[] {
  return [
    ...repeatedNames(
      nodes.map(({ name }) => name),
      (index) => `nodes[${index}].name`,
    ),
    ...pushContradictions(nodes, push),
    ...repeatedNames(
      ["local", ...admin_tokens.map(({ name }) => name)],
      (index) => `admin_tokens[${index - 1}].name`,
    ),
    ...listContradictions(lists),
    ...policyContradictions(policy, ledger),
    ...sharedAddresses(listen),
  ];
}

/** @param path - of a name, by its index. */
function repeatedNames(names: readonly string[], path: (index: number) => string): ConfigProblem[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: path(index), message: `the name ${name} twice` }] : [],
  );
}

function pushContradictions(nodes: Config["nodes"], { keys, query }: Config["push"]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  // Who asked is told apart by name alone.
  const pushKeys = new Set(pushKeysOf(keys).map((key) => key.name));
  for (const [index, node] of nodes.entries()) {
    if (pushKeys.has(node.name)) {
      problems.push({ path: `nodes[${index}].name`, message: "the name of a key of push.keys" });
    }
  }
  if (query !== undefined && keys.length === 0) {
    problems.push({ path: "push.query", message: "without push.keys no answer can be believed" });
  }
  return problems;
}

function policyContradictions(policy: Config["policy"], ledger: Config["ledger"]): ConfigProblem[] {
  const { trust, poll, max_age, release, candidate, gate } = policy;
  const problems: ConfigProblem[] = [];
  if (candidate === release) {
    problems.push({ path: "policy.candidate", message: "the place of policy.release" });
  }
  if (gate !== undefined && gate.replay > ledger.retain_inputs) {
    problems.push({ path: "policy.gate.replay", message: "longer than ledger.retain_inputs" });
  }
  // While a gate is at work nobody confirms what is live.
  if (gate !== undefined && max_age <= gate.limit) {
    problems.push({ path: "policy.max_age", message: "not longer than policy.gate.limit" });
  }
  if (typeof trust === "object" && "keys" in trust)
    problems.push(...thresholdProblems("policy.trust", trust));
  problems.push(...fetchProblems(policy));
  if (max_age <= poll) problems.push({ path: "policy.max_age", message: "not longer than policy.poll" });
  return problems;
}

function listContradictions(lists: Config["lists"] = {}): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [list, value] of Object.entries(lists)) {
    const path = `lists.${list}`;
    if (typeof value === "string") {
      // Its own file would be looked for.
      if (isUrl(value))
        problems.push({ path, message: "from a URL only what is signed: trust must be said" });
      continue;
    }
    const { source: release, trust, fetch } = value;
    for (const problem of fetchProblems({ release, trust, fetch })) {
      problems.push({ ...problem, path: problem.path.replace(/^policy/, path) });
    }
    problems.push(...thresholdProblems(`${path}.trust`, trust));
    if (value.max_age <= value.poll) {
      problems.push({ path: `${path}.max_age`, message: `not longer than ${path}.poll` });
    }
  }
  return problems;
}

function sharedAddresses(listen: Config["listen"]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const taken = new Map<string, string>();
  for (const [listener, value] of Object.entries(listen)) {
    if (value === undefined || value.address.port === 0) continue;
    const where = `${value.address.host} ${value.address.port}`;
    const other = taken.get(where);
    if (other !== undefined) {
      problems.push({ path: `listen.${listener}`, message: `the address of listen.${other}` });
    }
    taken.set(where, listener);
  }
  return problems;
}
