import type { Frame } from './frame.ts';

const surrogates = /[\ud800-\udfff]/;

/** Text by code points, as the language counts. Costs nothing for text without surrogates. */
export class Text {
  readonly length: number;
  private readonly plain: string;
  private readonly points: readonly string[] | undefined;

  constructor(text: string, frame: Frame) {
    frame.toil(text.length >> 5);
    this.plain = text;
    if (surrogates.test(text)) {
      frame.toil(text.length);
      this.points = Array.from(text);
    }
    this.length = this.points?.length ?? text.length;
  }

  slice(from: number, to: number = this.length): string {
    return this.points === undefined ? this.plain.slice(from, to) : this.points.slice(from, to).join('');
  }

  /** The position of a code point in UTF-16 units. */
  unitsAt(index: number): number {
    return this.points === undefined ? index : this.points.slice(0, index).join('').length;
  }

  /** The position of a UTF-16 unit in code points. */
  pointsAt(units: number): number {
    return this.points === undefined ? units : Array.from(this.plain.slice(0, units)).length;
  }
}
