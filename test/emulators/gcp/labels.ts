import { conditionNotMet, invalid, type ApiError } from './api-error.ts';

const keyRegex = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const valueRegex = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const ending = 'International characters are allowed.';

/** Labels of a body, which were read as a map of strings. */
export function checkLabels(labels: unknown, field: string): Record<string, string> {
  const entries = Object.entries(labels as Record<string, string>);
  if (entries.length > 64) throw invalid(field, '', `The number of labels ${entries.length} exceeds the limit of 64.`);
  for (const [key, value] of entries) {
    if (!keyRegex.test(key)) throw invalid(field, '', `Label key '${key}' violates format constraints. The key must start with a lowercase character, can only contain lowercase letters, numeric characters, underscores and dashes. The key can be at most 63 characters long. ${ending}`);
    if (!valueRegex.test(value)) throw invalid(field, '', `Label value '${value}' violates format constraints. The value can only contain lowercase letters, numeric characters, underscores and dashes. The value can be at most 63 characters long. ${ending}`);
  }
  return Object.fromEntries(entries);
}

export function staleLabels(): ApiError {
  return conditionNotMet('Labels fingerprint either invalid or resource labels have changed');
}
