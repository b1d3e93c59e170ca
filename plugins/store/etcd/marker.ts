import { ProviderError } from '#core/spi/errors.ts';
import type { Layout } from './layout.ts';
import type { Members } from './members.ts';

/** Says whose the keys below it are, and how they are laid out. */
const format = { format: 'keelson', version: 1 };
const markerText = JSON.stringify(format);

const target = { modRevision: 2, value: 3 };

/**
 * Makes sure that the prefix is Keelson's: marks it when it is empty.
 * @throws {ProviderError} Invalid when something else is there
 */
export async function claimPrefix(members: Members, layout: Layout): Promise<void> {
  for (;;) {
    const { responses = [] } = await members.call('Txn', {
      success: [{ requestRange: { key: layout.marker } }, { requestRange: { ...layout.everything, keysOnly: true, limit: 1 } }],
    }, { repeatable: true });
    const marker = responses[0]?.responseRange?.kvs?.[0];
    if (marker) return checkMarker(layout, marker.value ?? '');
    const foreign = responses[1]?.responseRange?.kvs?.[0];
    if (foreign) throw new ProviderError('Invalid', `etcd holds keys below ${layout.outer} that Keelson did not write, such as ${JSON.stringify(foreign.key)}; give it a prefix of its own`);
    // Nothing happens when somebody came in between; the next look tells who.
    await members.call('Txn', {
      compare: [{ ...layout.everything, target: target.modRevision, modRevision: 0 }],
      success: [{ requestPut: { key: layout.marker, value: markerText } }],
    }, { repeatable: true });
  }
}

/** Writes the marker as it is, so that something happens which a watch on the prefix sees; the revision of that. */
export async function touchMarker(members: Members, layout: Layout): Promise<number> {
  const { succeeded, header } = await members.call('Txn', {
    compare: [{ key: layout.marker, target: target.value, value: markerText }],
    success: [{ requestPut: { key: layout.marker, value: markerText } }],
  }, { repeatable: true });
  if (!succeeded) throw new ProviderError('Invalid', `${JSON.stringify(layout.marker)} in etcd is not this release's marker any more`);
  return header?.revision ?? 0;
}

function checkMarker(layout: Layout, text: string): void {
  const found = parse(text);
  if (found?.format !== format.format || typeof found.version !== 'number') throw new ProviderError('Invalid', `the keys below ${layout.outer} in etcd are another program's: ${JSON.stringify(layout.marker)} is ${JSON.stringify(text.slice(0, 100))}`);
  if (found.version > format.version) {
    throw new ProviderError('Invalid', `the keys below ${layout.outer} in etcd were written by a newer release: their layout has version ${found.version}, this release knows versions up to ${format.version}`);
  }
}

function parse(text: string): { format?: unknown; version?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
