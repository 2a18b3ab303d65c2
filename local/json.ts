/** A JSON object. */
export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an object, else an empty object. For optional parts of a template. */
export function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

/** The value if it is a list, an empty list if it is undefined, else a list with this one value. */
export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Templates write numbers as numbers or as text. */
export function numberOr(value: unknown, fallback: number): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : fallback;
}
