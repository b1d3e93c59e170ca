import type { Endpoint, EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { endpointKey, groupKey, type EndpointGroup } from './desired.ts';

export type SliceContent = Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'>;

/** What is to be done so that slices hold what they should. */
export interface Placing {
  readonly create: readonly SliceContent[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Nothing is to be done with these. */
  readonly keep: readonly EndpointSlice[];
}

interface Held {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  isChanged: boolean;
}

/**
 * Puts endpoints into slices with as few writes as possible, since every node hears of each: endpoints stay where they are, new ones go first to slices that
 * must be written anyway, then to the fullest one that has room for all of them, and the rest to new slices.
 *
 * @param most endpoints of a slice
 */
export function place(existing: readonly EndpointSlice[], groups: ReadonlyMap<string, EndpointGroup>, most: number): Placing {
  const create: SliceContent[] = [];
  const update: EndpointSlice[] = [];
  const keep: EndpointSlice[] = [];
  const remove = existing.filter(({ addressType, ports = [] }) => !groups.has(groupKey(addressType, ports)));
  for (const [key, { addressType, ports, endpoints }] of groups) {
    const missing = new Map(endpoints);
    const held = existing.filter((slice) => groupKey(slice.addressType, slice.ports ?? []) === key).map((slice) => holding(slice, missing));
    if (endpoints.size === 0) {
      // Readers tell a service without endpoints from one that nobody has looked at by its empty slice.
      const [first, ...others] = held;
      if (first === undefined) create.push({ addressType, ports: [...ports], endpoints: [] });
      else (first.isChanged ? update : keep).push({ ...first.slice, endpoints: [] });
      remove.push(...others.map(({ slice }) => slice));
      continue;
    }
    fill(held, [...missing.values()], most).forEach((part) => create.push({ addressType, ports: [...ports], endpoints: part }));
    for (const { slice, endpoints: now, isChanged } of held) {
      if (!isChanged) keep.push(slice);
      else if (now.length === 0) remove.push(slice);
      else update.push({ ...slice, endpoints: now });
    }
  }
  return { create, update, remove, keep };
}

/** What the slice has of the endpoints, as they are now; they are missing no more. */
function holding(slice: EndpointSlice, missing: Map<string, Endpoint>): Held {
  let isChanged = false;
  const endpoints = slice.endpoints.flatMap((endpoint) => {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    missing.delete(key);
    if (wanted === undefined || !deepEqual(wanted, endpoint)) isChanged = true;
    return wanted === undefined ? [] : [wanted];
  });
  return { slice, endpoints, isChanged };
}

/** Returns the endpoints of slices that must be made. */
function fill(held: readonly Held[], missing: Endpoint[], most: number): Endpoint[][] {
  for (const { endpoints } of held.filter(({ isChanged }) => isChanged)) endpoints.push(...missing.splice(0, most - endpoints.length));
  const [fullest] = held.filter(({ endpoints }) => endpoints.length + missing.length <= most).toSorted((a, b) => b.endpoints.length - a.endpoints.length);
  if (missing.length > 0 && fullest !== undefined) {
    fullest.endpoints.push(...missing.splice(0));
    fullest.isChanged = true;
  }
  const parts: Endpoint[][] = [];
  while (missing.length > 0) parts.push(missing.splice(0, most));
  return parts;
}
