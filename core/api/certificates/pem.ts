/** A block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly type: string;
  /** It has lines such as `Proc-Type: …` before its content. */
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

const begin = /^-----BEGIN ([^-]+)-----$/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The blocks of a text, in order. What is no whole block is passed over, as Go does. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly type: string; readonly content: string[]; hasHeaders: boolean } | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const type = line.length < 100 ? begin.exec(line)?.[1] : undefined;
    if (type !== undefined) open = { type, content: [], hasHeaders: false };
    else if (open !== undefined && line === `-----END ${open.type}-----`) {
      const content = open.content.join('');
      if (base64.test(content)) blocks.push({ type: open.type, hasHeaders: open.hasHeaders, bytes: Buffer.from(content, 'base64') });
      open = undefined;
    } else if (open !== undefined && line.includes(':')) open.hasHeaders = true;
    else open?.content.push(line);
  }
  return blocks;
}
