/** @throws {Error} naming where the text came from */
export function parseJson(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${from} is no JSON`, { cause });
  }
}
