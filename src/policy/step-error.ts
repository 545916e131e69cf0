/** Of a text: it goes to a disk, too, and names what somebody else wrote, however long that is. */
const MAX_MESSAGE = 16_384;

/**
 * Why a candidate was not taken, with the step of its way that refused it: each way has a closed list of them. The text
 * goes to the log, `/v1/status` and `check`.
 */
export abstract class StepError<Step extends string> extends Error {
  readonly step: Step;

  constructor(step: Step, message: string, cause?: unknown) {
    super(message.slice(0, MAX_MESSAGE), cause === undefined ? undefined : { cause });
    this.step = step;
  }
}
