/** `check`: what a config allows, and is weak. */
import type { Config } from "../config.ts";
import type { Finding } from "./finding.ts";

export function checkWeak(config: Config): Finding[] {
  const findings: Finding[] = [];
  const { organizations, vaults, wallets } = config.scope;
  const warn = (path: string, message: string): void => {
    findings.push({ severity: "warning", path, message });
  };
  if (organizations === undefined && vaults === undefined && wallets === undefined) {
    warn("scope", "open: requests of any organization, vault and wallet are judged");
  }
  for (const [name, list] of Object.entries(config.scope)) {
    if (list?.length === 0) warn(`scope.${name}`, "empty: it admits none, so everything is refused");
  }
  if (config.policy.trust === "unsigned") {
    warn(
      "policy.trust",
      "unsigned: whoever can write the release, or runs the host that it comes from, makes the policy",
    );
  }
  for (const listener of ["nodes", "push", "admin"] as const) {
    const listen = config.listen[listener];
    if (listen?.allow?.length === 0) warn(`listen.${listener}.allow`, "empty: nobody may connect");
  }
  findings.push(...checkPush(config));
  const { admin } = config.listen;
  const loopback = /^(127\.|::1$|localhost$)/.test(admin.address.host);
  if (!loopback && admin.tls === undefined) {
    warn("listen.admin", "reachable from other machines without TLS: its tokens travel in the clear");
  }
  return findings;
}

/** Keys and a listener go together; and what Cobo asks names nothing that a scope could be seen by. */
function checkPush({ listen, push, scope }: Config): Finding[] {
  const severity = "warning";
  if (listen.push === undefined) {
    if (push.keys.length === 0) return [];
    return [{ severity, path: "push.keys", message: "without listen.push: no push message ever arrives" }];
  }
  if (push.keys.length === 0) {
    return [{ severity, path: "listen.push", message: "without push.keys: every push message gets 401" }];
  }
  const findings: Finding[] = [];
  if (listen.push.allow === undefined) {
    const message =
      "absent: whoever was ever shown a message of Cobo's, for whichever customer, can post it here";
    findings.push({ severity, path: "listen.push.allow", message });
  }
  if (push.keys.includes("prod") && push.keys.includes("dev")) {
    const message = "both environments of Cobo: what happens in the one without your wallets counts, too";
    findings.push({ severity, path: "push.keys", message });
  }
  const lists = Object.entries(scope).flatMap(([name, list]) => (list === undefined ? [] : [name]));
  if (lists.length > 0) {
    const message = `${lists.join(", ")}: a withdrawal confirmation names none of these, so every one is denied`;
    findings.push({ severity, path: "scope", message });
  }
  return findings;
}
