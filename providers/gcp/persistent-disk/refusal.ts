import { ProviderError } from '#core/spi/errors.ts';

export const invalid = (message: string): ProviderError => new ProviderError('Invalid', message);

/** As it stands in a sentence, however long or strange it is. */
export const quoted = (value: string): string => JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);

/** The thing itself is what is not found, and not its project or its zone. */
export const isMissing = (error: unknown, thing: string): boolean => ProviderError.is(error, 'NotFound') && error.message.includes(`/${thing}'`);
