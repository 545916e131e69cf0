/** Whom to believe about one list: keys of its own, and only what was signed about this very list. */
import { ListError } from "./list-error.ts";
import { type ListStatement, readListPayload } from "./statement.ts";
import { StatementTrust, type Trusted, type TrustOptions } from "./trust-store.ts";

export type TrustedList = Trusted<ListStatement>;

export class ListTrust extends StatementTrust<ListStatement> {
  /**
   * @param list - its name: one key may sign many lists, and none of them is ever taken for another.
   * @throws TypeError where a threshold can't be reached, or one key would count as two.
   */
  constructor(list: string, options: TrustOptions) {
    super(options, {
      name: "list",
      file: "file",
      read: readListPayload,
      assertMeant: (says) => {
        if (says.list === list) return;
        throw new ListError("list", `the statement is about the list ${says.list}, this is ${list}`);
      },
    });
  }
}
