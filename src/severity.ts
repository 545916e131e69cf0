/** How grave what a rule finds is, the least first: an order, and a closed list. */
export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];
