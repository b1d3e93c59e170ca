/** Something that is wrong with a source, and where. */
export interface CelIssue {
  /** Without the place, such as `undefined field 'foo'`. */
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in code points. */
  readonly column: number;
}

/** Thrown inside the compiler to give up at the first syntax error. */
export class SyntaxFailure extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** @param offset in UTF-16 code units, as JavaScript counts. */
export function issueAt(source: string, offset: number, message: string): CelIssue {
  const before = source.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { message, line, column: Array.from(before.slice(start)).length + 1 };
}

const isWide = (char: string): boolean => /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u.test(char);

/** As cel-go prints it: `ERROR: <input>:1:5: …`, the line, and a caret below the place. */
function issueText(source: string, { message, line, column }: CelIssue): string {
  const head = `ERROR: <input>:${line}:${column}: ${message}`;
  const text = source.split('\n', line)[line - 1];
  if (text === undefined) return head;
  const before = Array.from(text.replaceAll('\t', ' ')).slice(0, column - 1);
  const mark = `${before.map((char) => (isWide(char) ? '．' : '.')).join('')}^`;
  return `${head}\n | ${text.replaceAll('\t', ' ')}\n | ${mark}`;
}

export const issuesText = (source: string, issues: readonly CelIssue[]): string => issues.map((issue) => issueText(source, issue)).join('\n');
