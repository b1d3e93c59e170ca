export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

const longestObject = 1024;
/** What a terminal's size is in the kernel. */
const most = 0xffff;

/** Reads `{"Width": 80, "Height": 25}` objects from pieces of any length. What is none of them is passed over. */
export class TerminalSizes {
  readonly #changed: (size: TerminalSize) => void;
  #text = '';

  constructor(changed: (size: TerminalSize) => void) {
    this.#changed = changed;
  }

  take(chunk: Buffer): void {
    for (const part of chunk.toString('latin1').split(/(?<=\})/)) {
      // Nothing that is longer could still become a size.
      this.#text = (this.#text + part).slice(0, longestObject);
      if (!part.endsWith('}')) continue;
      const size = sizeIn(this.#text);
      this.#text = '';
      if (size !== undefined) this.#changed(size);
    }
  }
}

function sizeIn(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    return isSide(width) && isSide(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}

const isSide = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
