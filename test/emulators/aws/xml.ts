export type XmlValue = string | number | boolean | Date | undefined | readonly XmlValue[] | XmlObject;
export interface XmlObject {
  readonly [element: string]: XmlValue;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? character)
  // What XML 1.0 cannot hold at all.
  // oxlint-disable-next-line no-control-regex
  .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '?');

/** @param item the element of each entry of a list: `item` for EC2, `member` for ELB */
export function writeXml(value: XmlObject, item: string): string {
  return Object.entries(value).map(([name, content]) => writeElement(name, content, item)).join('');
}

function writeElement(name: string, value: XmlValue, item: string): string {
  if (value === undefined) return '';
  const content = Array.isArray(value) ? value.map((entry: XmlValue) => writeElement(item, entry, item)).join('') : writeContent(value as Exclude<XmlValue, readonly XmlValue[]>, item);
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

function writeContent(value: Exclude<XmlValue, readonly XmlValue[]>, item: string): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return writeXml(value, item);
  return escapeXml(String(value));
}
