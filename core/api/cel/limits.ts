/** What one evaluation may cost. */
export const perCallLimit = 1_000_000;
/** What the evaluations for one request may cost together. */
export const runtimeCostBudget = 10_000_000;
/** What one expression may cost by its estimate. */
export const staticCostLimit = 10_000_000;
/** What all rules of one CRD version may cost by their estimates. */
export const staticCrdCostLimit = 100_000_000;

/** Longest source, in code points. */
export const maxSourceLength = 100_000;
/** Deepest nesting, of source and syntax tree alike. */
export const maxNesting = 250;
/** Longest regular expression. */
export const maxPatternLength = 10_000;
/** Largest regular expression when its repetitions are written out. */
export const maxPatternSize = 20_000;
/** Largest request body: what bounds sizes that no schema declares. */
export const maxRequestSize = 3 * 1024 * 1024;
