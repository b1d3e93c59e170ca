/** The longest name of a manager, in bytes. */
export const longestManagerName = 128;

const plain = /^[ -~]*$/;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** What in a name cannot be printed, in upstream's words. */
export function unprintableIn(name: string): string[] {
  if (plain.test(name)) return [];
  const problems: string[] = [];
  let position = 0;
  for (const character of name.slice(0, longestManagerName)) {
    if (!printable.test(character)) problems.push(`invalid character ${codePoint(character)} (at position ${position})`);
    position += Buffer.byteLength(character);
  }
  return problems;
}

const codePoint = (character: string): string => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The manager of one who names none: the program of the User-Agent, without what cannot be printed. */
export function managerOfAgent(agent: string): string {
  let name = '';
  for (const character of agent.split('/', 1)[0] ?? '') {
    if (!printable.test(character)) continue;
    if (Buffer.byteLength(name) + Buffer.byteLength(character) > longestManagerName) break;
    name += character;
  }
  return name;
}
