/** What a rule may write as `input.lists.NAME`. */
export const LIST_NAME = /^[a-z][a-z0-9_]{0,63}$/;
