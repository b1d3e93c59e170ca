/**
 * Writes protobuf messages from their last byte to their first: the length of a message, which stands before it, is then known in time.
 * Whoever writes therefore begins with the last field.
 */
export class BackwardWriter {
  private buffer = Buffer.allocUnsafe(512);
  /** Where the first byte written so far is. */
  private at = this.buffer.length;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.buffer.length - this.at;
  }

  /** What was written; begins anew. */
  take(): Buffer {
    const bytes = Buffer.from(this.buffer.subarray(this.at));
    this.at = this.buffer.length;
    return bytes;
  }

  bool(field: number, value: boolean): void {
    this.varint(value ? 1 : 0);
    this.tag(field, 0);
  }

  int(field: number, value: number): void {
    this.varint(value);
    this.tag(field, 0);
  }

  double(field: number, value: number): void {
    this.reserve(8);
    this.buffer.writeDoubleLE(value, this.at);
    this.tag(field, 1);
  }

  string(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.reserve(length);
    this.buffer.write(value, this.at);
    this.varint(length);
    this.tag(field, 2);
  }

  /** Makes all that was written since `length` was `since` one message in `field`. */
  message(field: number, since: number): void {
    this.opening(field, this.length - since);
  }

  /** The beginning of a message whose `length` bytes are written elsewhere. */
  opening(field: number, length: number): void {
    this.varint(length);
    this.tag(field, 2);
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  private varint(value: number): void {
    const bytes: number[] = [];
    let rest = Number.isSafeInteger(value) && value >= 0 ? value : BigInt.asUintN(64, BigInt(Math.trunc(value)));
    if (typeof rest === 'bigint') {
      for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    } else {
      for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    }
    bytes.push(Number(rest));
    this.reserve(bytes.length);
    bytes.forEach((byte, i) => {
      this.buffer[this.at + i] = byte;
    });
  }

  private reserve(count: number): void {
    if (count > this.at) {
      const { length } = this;
      const larger = Buffer.allocUnsafe(2 * this.buffer.length + count);
      this.buffer.copy(larger, larger.length - length, this.at);
      this.buffer = larger;
      this.at = larger.length - length;
    }
    this.at -= count;
  }
}
