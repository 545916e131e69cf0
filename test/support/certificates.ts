import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Paths of PEM files. */
interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** The authority's certificate, PEM file. */
  readonly ca: string;
  /** A certificate of it for 127.0.0.1, ::1 and localhost. */
  issue(name: string): Certificate;
}

/** A throw-away certificate authority in a folder of its own, made by the openssl command. */
export function createAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), "certificates-"));
  const file = (name: string): string => join(directory, name);
  const openssl = (...options: string[]): void => {
    execFileSync("openssl", options, { cwd: directory, stdio: "pipe" });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=test ca",
  );
  return {
    ca: file("ca.pem"),
    issue(name) {
      writeFileSync(file(`${name}.ext`), "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost\n");
      openssl(
        "req",
        "-new",
        ...newKey,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        `/CN=${name}`,
      );
      openssl(
        ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
        ...["-days", "2", "-extfile", `${name}.ext`, "-out", `${name}.pem`],
      );
      return { cert: file(`${name}.pem`), key: file(`${name}.key`) };
    },
  };
}
