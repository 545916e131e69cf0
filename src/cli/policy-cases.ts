/** The cases of a source folder, run in the engine that its release would be served by. */
import { activateRelease } from "../policy/activate.ts";
import { ANSWERS_NOBODY } from "../policy/prover.ts";
import { readRelease } from "../policy/read-release.ts";
import { type CaseResult, resultText, runSelfTests } from "../proof/self-tests.ts";

const EVALUATION_MS = 2_000;

/**
 * Runs the cases that an archive carries, whatever the guard would say of it.
 *
 * @throws ReleaseError where its engine can't start, or is too slow.
 */
export async function runCases(archive: Uint8Array): Promise<readonly CaseResult[]> {
  const release = await readRelease(archive);
  const live = await activateRelease(release, {
    source: "policy test",
    prover: ANSWERS_NOBODY,
    evaluationMs: EVALUATION_MS,
  });
  try {
    return await runSelfTests(live, release.cases);
  } finally {
    await live.engine.close();
  }
}

/** For people: a line for each case that failed. */
export function failedCases(results: readonly CaseResult[]): readonly string[] {
  return results.filter(({ ok }) => !ok).map(resultText);
}

/** For scripts: as they stand in `policy test --json`. */
export function caseObjects(results: readonly CaseResult[]) {
  return results.map(({ test: { title, place, expect }, ok, outcome, reasons, problem }) => ({
    title,
    place,
    ok,
    expected: expect,
    outcome,
    codes: reasons.map(({ code }) => code),
    ...(problem === undefined ? {} : { problem }),
  }));
}
