import { invalid, quoted } from './names.ts';

/** As Go's `strconv.ParseBool` reads it. @throws {ProviderError} Invalid, naming the key */
export function truth(key: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)?$/i.test(text)) return false;
  throw invalid(`parameter ${key} is "true" or "false", not ${quoted(text)}`);
}

/** @throws {ProviderError} Invalid, naming the key */
export function count(key: string, text: string): number {
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw invalid(`parameter ${key} is a whole number above 0, not ${quoted(text)}`);
}

/** A number of bytes or things, as the tools that make file systems take it. @throws {ProviderError} Invalid, naming the key */
export function size(key: string, text: string): string {
  if (/^[1-9][0-9]{0,11}[kKmMgG]?$/.test(text)) return text;
  throw invalid(`parameter ${key} is a number such as 4096, not ${quoted(text)}`);
}
