import type { NameRecord } from '#core/spi/name-server.ts';

/** Equal for records that say the same. Made for each record of a service whenever one of its endpoints changes. */
export function recordText(record: NameRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address;
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return `${record.type} ${record.target}`;
    case 'SRV':
      return `SRV ${record.priority} ${record.weight} ${record.port} ${record.target}`;
    case 'TXT':
      return `TXT ${record.text}`;
  }
}
