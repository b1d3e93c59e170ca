import type { ServiceIdentifier } from 'inversify';

/**
 * A typed key of the container. It shares its name with the interface it stands for.
 * `Symbol.for` lets two installed copies of this package agree on a token.
 */
export const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`keelson/${name}`);
