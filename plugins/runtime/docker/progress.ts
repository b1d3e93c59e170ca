import { isObject } from '#core/api/value.ts';

/** One step of a pull or an import. */
export interface Progress {
  readonly status: string;
  /** That went wrong. */
  readonly error?: string;
}

/** JSON values, one a line, of a stream that may be cut anywhere. Lines that are longer than a mebibyte, or no JSON, are an error. */
export async function* jsonLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<unknown> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > 1024 * 1024) throw new Error('the container engine sent a line that is too long');
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}

export async function* progressOf(stream: NodeJS.ReadableStream): AsyncGenerator<Progress> {
  for await (const value of jsonLines(stream)) {
    if (!isObject(value)) continue;
    const { status, error } = value;
    yield { status: typeof status === 'string' ? status : '', ...(typeof error === 'string' ? { error } : {}) };
  }
}
